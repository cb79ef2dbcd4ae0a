"""The spine: tenants, mailboxes, messages, decisions and the outbox, each fenced by row-level security.

Two group roles are made here; `storage.migrate` makes the logins and puts them into these groups.
`mailwright_app` sees one tenant at a time. `mailwright_listener` sees only which tenant has something due.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLES = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mailwright_app') THEN
    CREATE ROLE mailwright_app NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mailwright_listener') THEN
    CREATE ROLE mailwright_listener NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- two databases of one cluster are migrated at once
END $$;
GRANT USAGE ON SCHEMA public TO mailwright_app, mailwright_listener;

-- After a transaction that set it locally the setting is '' rather than NULL: no tenant must mean no rows.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
"""

TABLES = """
CREATE TABLE tenant (
  tenant_id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  answering boolean NOT NULL DEFAULT true,
  policy jsonb NOT NULL DEFAULT '{}',
  knowledge_version text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE member (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  email text NOT NULL CHECK (email = lower(email)),
  name text NOT NULL DEFAULT '',
  password_hash text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'viewer')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, email)
);
CREATE INDEX member_by_email ON member (email);

CREATE TABLE web_session (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE oauth_state (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  key text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key)
);

CREATE TABLE mailbox (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  google_sub text NOT NULL,
  address text NOT NULL CHECK (address = lower(address)),
  status text NOT NULL CHECK (status IN ('active', 'paused', 'needs_reauth', 'disconnected')),
  scopes text[] NOT NULL DEFAULT '{}',
  refresh_sealed bytea,
  access_sealed bytea,
  access_expires_at timestamptz,
  connected_at timestamptz NOT NULL DEFAULT now(),
  connected_by uuid NOT NULL,
  history_id numeric(20),
  sync_state text NOT NULL DEFAULT 'new' CHECK (sync_state IN ('new', 'live', 'resync')),
  sync_page text NOT NULL DEFAULT '',
  sync_history_id numeric(20),
  sync_since timestamptz,
  label_id text NOT NULL DEFAULT '',
  next_sync_at timestamptz NOT NULL DEFAULT now(),
  blocked_until timestamptz,
  last_ok_at timestamptz,
  last_error text NOT NULL DEFAULT '',
  last_sent_at timestamptz,
  last_send_error text NOT NULL DEFAULT '',
  attempts integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, connected_by) REFERENCES member (tenant_id, id),
  CHECK (status <> 'disconnected' OR (refresh_sealed IS NULL AND access_sealed IS NULL))
);
-- Revoking ends a person's whole grant to us: a Google account may be active in one mailbox only, whoever's it is.
CREATE UNIQUE INDEX mailbox_one_active_per_account ON mailbox (google_sub) WHERE status <> 'disconnected';
CREATE INDEX mailbox_due ON mailbox (next_sync_at) WHERE status = 'active';

CREATE TABLE revocation (
  tenant_id uuid NOT NULL,
  mailbox_id uuid NOT NULL,
  refresh_sealed bytea NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, mailbox_id),
  FOREIGN KEY (tenant_id, mailbox_id) REFERENCES mailbox (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE conversation (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  mailbox_id uuid NOT NULL,
  thread_id text NOT NULL,
  subject text NOT NULL DEFAULT '',
  customer_address text NOT NULL DEFAULT '',
  customer_name text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  last_message_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, mailbox_id, thread_id),
  FOREIGN KEY (tenant_id, mailbox_id) REFERENCES mailbox (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE message (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  mailbox_id uuid NOT NULL,
  conversation_id uuid,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  gmail_id text NOT NULL,
  thread_id text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('in', 'out')),
  state text NOT NULL DEFAULT 'discovered'
    CHECK (state IN ('discovered', 'fetched', 'decided', 'unreadable', 'noted', 'gone')),
  sender_address text NOT NULL DEFAULT '',
  sender_name text NOT NULL DEFAULT '',
  subject text NOT NULL DEFAULT '',
  parsed jsonb,
  rfc_message_id text NOT NULL GENERATED ALWAYS AS (left(coalesce(parsed ->> 'rfc_message_id', ''), 250)) STORED,
  size integer NOT NULL DEFAULT 0,
  received_at timestamptz,
  discovered_at timestamptz NOT NULL DEFAULT now(),
  label_due boolean NOT NULL DEFAULT false,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, mailbox_id, gmail_id),
  FOREIGN KEY (tenant_id, mailbox_id) REFERENCES mailbox (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX message_due ON message (state, next_at) WHERE state IN ('discovered', 'fetched');
CREATE INDEX message_open_in_thread ON message (tenant_id, mailbox_id, thread_id, seq)
  WHERE state IN ('discovered', 'fetched');
CREATE INDEX message_of_conversation ON message (tenant_id, conversation_id, received_at);
CREATE INDEX message_of_thread ON message (tenant_id, mailbox_id, thread_id) WHERE direction = 'out';
-- Over a column of its own: under row-level security no index over an expression of the mail's JSON would be used.
CREATE INDEX message_by_rfc_id ON message (tenant_id, rfc_message_id) WHERE rfc_message_id <> '';
CREATE INDEX message_label_due ON message (tenant_id, mailbox_id) WHERE label_due;

CREATE TABLE raw_mail (
  tenant_id uuid NOT NULL,
  message_id uuid NOT NULL,
  raw bytea NOT NULL,
  sha256 bytea NOT NULL,
  PRIMARY KEY (tenant_id, message_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE decision (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  message_id uuid NOT NULL,
  conversation_id uuid,
  is_current boolean NOT NULL DEFAULT true,
  disposition text NOT NULL,
  reason text NOT NULL,
  category text NOT NULL DEFAULT '',
  confidence real NOT NULL DEFAULT 0,
  importance integer NOT NULL DEFAULT 1 CHECK (importance BETWEEN 1 AND 5),
  understanding jsonb NOT NULL DEFAULT '{}',
  citations jsonb NOT NULL DEFAULT '[]',
  checks jsonb NOT NULL DEFAULT '[]',
  case_on_release jsonb,
  case_undo jsonb,
  decided_by text NOT NULL DEFAULT 'machine',
  created_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  settled_by uuid,
  settlement text CHECK (settlement IN ('sent', 'dismissed')),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, settled_by) REFERENCES member (tenant_id, id)
);
CREATE UNIQUE INDEX decision_one_current ON decision (tenant_id, message_id) WHERE is_current;
CREATE INDEX decision_queue ON decision (tenant_id, importance DESC, created_at, id)
  WHERE is_current AND disposition = 'hold' AND settled_at IS NULL;
CREATE INDEX decision_of_conversation ON decision (tenant_id, conversation_id, created_at);

CREATE TABLE outbox (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  decision_id uuid NOT NULL,
  position integer NOT NULL,
  kind text NOT NULL,
  message_id uuid NOT NULL,
  mailbox_id uuid NOT NULL,
  conversation_id uuid,
  thread_id text NOT NULL,
  automatic boolean NOT NULL,
  released_by uuid,
  released_at timestamptz,
  recipient text NOT NULL,
  recipient_name text NOT NULL DEFAULT '',
  subject text NOT NULL,
  text text NOT NULL,
  draft_text text NOT NULL,
  reference text NOT NULL,
  state text NOT NULL,
  mime_sha256 bytea,
  draft_id text,
  sent_gmail_id text,
  pre_history_id numeric(20),
  attempts integer NOT NULL DEFAULT 0,
  looks integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  sending_at timestamptz,
  sent_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, decision_id, position),
  UNIQUE (tenant_id, reference),
  UNIQUE (tenant_id, mailbox_id, draft_id),
  UNIQUE (tenant_id, mailbox_id, sent_gmail_id),
  FOREIGN KEY (tenant_id, decision_id) REFERENCES decision (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, mailbox_id) REFERENCES mailbox (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, released_by) REFERENCES member (tenant_id, id)
);
-- The promise of the product in one line: a message gets at most one reply that nobody approved.
CREATE UNIQUE INDEX outbox_one_automatic_reply ON outbox (tenant_id, message_id)
  WHERE kind = 'reply' AND automatic AND state NOT IN ('held', 'cancelled');
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('pending', 'drafted', 'sending', 'uncertain');
CREATE INDEX outbox_of_decision ON outbox (tenant_id, decision_id);
CREATE INDEX outbox_of_thread ON outbox (tenant_id, mailbox_id, thread_id);
CREATE INDEX outbox_of_recipient ON outbox (tenant_id, recipient, created_at) WHERE automatic;

CREATE TABLE support_case (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  is_open boolean NOT NULL,
  order_number text NOT NULL DEFAULT '',
  asked text[] NOT NULL DEFAULT '{}',
  wrong_numbers text[] NOT NULL DEFAULT '{}',
  version integer NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  moved_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX support_case_one_open ON support_case (tenant_id, conversation_id) WHERE is_open;
CREATE INDEX support_case_of_conversation ON support_case (tenant_id, conversation_id, opened_at);

CREATE TABLE shop_order (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  number text NOT NULL,
  customer_email text NOT NULL CHECK (customer_email = lower(customer_email)),
  customer_name text NOT NULL DEFAULT '',
  status text NOT NULL,
  currency text NOT NULL,
  total_minor bigint NOT NULL CHECK (total_minor >= 0),
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND total_minor),
  placed_at timestamptz NOT NULL,
  delivered_at timestamptz,
  tracking_url text NOT NULL DEFAULT '',
  items jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (tenant_id, number)
);

CREATE TABLE document (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  path text NOT NULL,
  version text NOT NULL,
  is_current boolean NOT NULL DEFAULT true,
  source text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, path, version)
);
CREATE UNIQUE INDEX document_one_current ON document (tenant_id, path) WHERE is_current;

CREATE TABLE reply_counter (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  scope text NOT NULL,
  key text NOT NULL,
  day date NOT NULL,
  n integer NOT NULL,
  PRIMARY KEY (tenant_id, scope, key, day)
);

CREATE TABLE event (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  kind text NOT NULL,
  subject uuid,
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX event_of_subject ON event (tenant_id, subject, id);

-- Attempts to sign in are counted before anyone knows a tenant; the key is a hash of address or network.
CREATE TABLE sign_in_attempt (
  key bytea NOT NULL,
  hour timestamptz NOT NULL,
  n integer NOT NULL,
  PRIMARY KEY (key, hour)
);
"""

TENANT_TABLES = (
    "tenant",
    "member",
    "web_session",
    "oauth_state",
    "mailbox",
    "revocation",
    "conversation",
    "message",
    "raw_mail",
    "decision",
    "outbox",
    "support_case",
    "shop_order",
    "document",
    "reply_counter",
    "event",
)

# What the listener may see, so that it can tell who has something due: no address, no text, no token.
LISTENER_SEES = {
    "tenant": ("tenant_id",),
    "mailbox": ("tenant_id", "id", "status", "next_sync_at", "blocked_until", "lease_until"),
    "revocation": ("tenant_id", "mailbox_id", "next_at", "lease_until"),
    "message": ("tenant_id", "id", "mailbox_id", "state", "label_due", "next_at", "lease_until"),
    "outbox": ("tenant_id", "id", "mailbox_id", "state", "next_at", "lease_until"),
}

# The condition of each kind of work stands here once. The view asks with the rights of whoever reads it.
DUE = """
CREATE VIEW due WITH (security_invoker = true) AS
  SELECT 'sync' AS kind, tenant_id FROM mailbox
    WHERE status = 'active' AND next_sync_at <= now() AND (lease_until IS NULL OR lease_until < now())
      AND (blocked_until IS NULL OR blocked_until < now())
  UNION ALL
  SELECT 'fetch', r.tenant_id FROM message r JOIN mailbox b ON b.tenant_id = r.tenant_id AND b.id = r.mailbox_id
    WHERE r.state = 'discovered' AND r.next_at <= now() AND (r.lease_until IS NULL OR r.lease_until < now())
      AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
  UNION ALL
  SELECT 'process', tenant_id FROM message
    WHERE state = 'fetched' AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'deliver', r.tenant_id FROM outbox r JOIN mailbox b ON b.tenant_id = r.tenant_id AND b.id = r.mailbox_id
    WHERE r.state IN ('pending', 'drafted', 'sending', 'uncertain') AND r.next_at <= now()
      AND (r.lease_until IS NULL OR r.lease_until < now())
      AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
  UNION ALL
  SELECT 'label', r.tenant_id FROM message r JOIN mailbox b ON b.tenant_id = r.tenant_id AND b.id = r.mailbox_id
    WHERE r.label_due AND r.next_at <= now() AND (r.lease_until IS NULL OR r.lease_until < now())
      AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
  UNION ALL
  SELECT 'revoke', tenant_id FROM revocation
    WHERE next_at <= now() AND (lease_until IS NULL OR lease_until < now());
GRANT SELECT ON due TO mailwright_listener;
"""

SIGN_IN = """
-- The two questions that are asked before a tenant is known, as narrow as they can be.
CREATE FUNCTION members_for_sign_in(wanted text)
  RETURNS TABLE (tenant_id uuid, member_id uuid, password_hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT m.tenant_id, m.id, m.password_hash FROM public.member m WHERE m.email = lower(wanted) ORDER BY m.created_at
  $$;
CREATE FUNCTION account_is_connected(wanted text)
  RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT EXISTS (SELECT FROM public.mailbox m WHERE m.google_sub = wanted AND m.status <> 'disconnected') $$;
CREATE FUNCTION tenant_by_slug(wanted text)
  RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ SELECT t.tenant_id FROM public.tenant t WHERE t.slug = wanted $$;
"""


def upgrade() -> None:
    for statements in (ROLES, TABLES):
        op.execute(statements)
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_tenant ON {table} TO mailwright_app "
            "USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO mailwright_app")
    op.execute("REVOKE UPDATE, DELETE ON event FROM mailwright_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempt TO mailwright_app")
    for table, columns in LISTENER_SEES.items():
        op.execute(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO mailwright_listener")
        op.execute(f"CREATE POLICY what_is_due ON {table} FOR SELECT TO mailwright_listener USING (true)")
    op.execute(DUE)
    op.execute(SIGN_IN)
    # The functions run as the owner, who is bound by the same policies: let the owner read these two tables.
    for table in ("member", "mailbox", "tenant"):
        op.execute(f"CREATE POLICY owner_looks_up ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("REVOKE ALL ON FUNCTION members_for_sign_in, account_is_connected, tenant_by_slug FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION members_for_sign_in, account_is_connected, tenant_by_slug TO mailwright_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION members_for_sign_in, account_is_connected, tenant_by_slug")
    op.execute("DROP VIEW due")
    for table in ("sign_in_attempt", *reversed(TENANT_TABLES)):
        op.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
    op.execute("DROP FUNCTION current_tenant")
