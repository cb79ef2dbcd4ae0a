"""Refunds and order actions: what a case knows, the ledger, the acts, approvals, links that confirm, policies."""

from alembic import op

from migrations.steps import add_work, drop, own, take_back_work

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE support_case
  ADD COLUMN action text NOT NULL DEFAULT '',
  ADD COLUMN items jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN reason text NOT NULL DEFAULT '',
  ADD COLUMN evidence text[] NOT NULL DEFAULT '{}',
  ADD COLUMN identity text NOT NULL DEFAULT '',
  ADD COLUMN amount_minor bigint,
  ADD COLUMN currency text NOT NULL DEFAULT '',
  ADD COLUMN rule text NOT NULL DEFAULT '',
  ADD COLUMN policy_version integer NOT NULL DEFAULT 0,
  ADD COLUMN words text[] NOT NULL DEFAULT '{}',
  ADD COLUMN doubts text[] NOT NULL DEFAULT '{}',
  ADD COLUMN language text NOT NULL DEFAULT '',
  ADD COLUMN writer text NOT NULL DEFAULT '',
  ADD COLUMN previous_id uuid,
  ADD FOREIGN KEY (tenant_id, previous_id) REFERENCES support_case (tenant_id, id) ON DELETE SET NULL (previous_id);
-- A case is open until nothing follows any more. What a person had was not called open before: the newest of each
-- conversation is, the others have ended.
UPDATE support_case c SET state = 'withdrawn' WHERE c.state IN ('checking', 'person') AND EXISTS (
  SELECT FROM support_case n WHERE n.tenant_id = c.tenant_id AND n.conversation_id = c.conversation_id
    AND n.id <> c.id AND (n.opened_at, n.id) > (c.opened_at, c.id));
UPDATE support_case SET is_open = true, state = 'person' WHERE state IN ('checking', 'person');
CREATE INDEX support_case_of_order ON support_case (tenant_id, order_number) WHERE order_number <> '';
CREATE INDEX support_case_list ON support_case (tenant_id, moved_at DESC, id);

CREATE TABLE case_event (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  case_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  reason text NOT NULL DEFAULT '',
  -- The one move that is no way of the table: the reply that the case rested on did not leave, so it stands as before.
  is_put_back boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, case_id) REFERENCES support_case (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX case_event_of_case ON case_event (tenant_id, case_id, id);

-- A number that was named in vain; `known` where it is somebody else's order, which only members may learn.
CREATE TABLE order_attempt (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  message_id uuid NOT NULL,
  conversation_id uuid,
  number text NOT NULL,
  known boolean NOT NULL,
  sender_address text NOT NULL DEFAULT '',
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX order_attempt_of_sender ON order_attempt (tenant_id, sender_address, id DESC);
CREATE INDEX conversation_of_customer ON conversation (tenant_id, customer_address, last_message_at DESC);
CREATE INDEX shop_order_list ON shop_order (tenant_id, placed_at DESC, number DESC);
CREATE INDEX shop_order_in_status ON shop_order (tenant_id, status, placed_at DESC, number DESC);

CREATE TABLE refund_policy (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  version integer NOT NULL CHECK (version > 0),
  document jsonb NOT NULL,
  written_by uuid,
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, version),
  FOREIGN KEY (tenant_id, written_by) REFERENCES member (tenant_id, id)
);

-- What is done with an order, each at most once: `id` is the key under which the shop does it, for ever.
CREATE TABLE order_act (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  decision_id uuid,
  case_id uuid,
  action text NOT NULL,
  order_number text NOT NULL,
  amount_minor bigint CHECK (amount_minor > 0),
  currency text NOT NULL DEFAULT '',
  items jsonb NOT NULL DEFAULT '[]',
  reason text NOT NULL DEFAULT '',
  approvals_needed integer NOT NULL CHECK (approvals_needed BETWEEN 0 AND 2),
  state text NOT NULL,
  provider_reference text NOT NULL DEFAULT '',
  -- The webhook's address that was asked, where one was: what became of it is asked there and nowhere else.
  sent_to text NOT NULL DEFAULT '',
  attempts integer NOT NULL DEFAULT 0,
  looks integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  sending_at timestamptz,
  done_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  -- What an entry of the ledger has to agree with, and what can be changed no more once it has one.
  UNIQUE (tenant_id, id, order_number, amount_minor, currency),
  FOREIGN KEY (tenant_id, decision_id) REFERENCES decision (tenant_id, id) ON DELETE SET NULL (decision_id),
  FOREIGN KEY (tenant_id, case_id) REFERENCES support_case (tenant_id, id) ON DELETE SET NULL (case_id),
  FOREIGN KEY (tenant_id, order_number) REFERENCES shop_order (tenant_id, number)
);
-- One thing at a time for one case: two people who approve at once make one act between them.
CREATE UNIQUE INDEX order_act_one_of_a_case ON order_act (tenant_id, case_id)
  WHERE state NOT IN ('refused', 'cancelled') AND case_id IS NOT NULL;
CREATE INDEX order_act_due ON order_act (next_at) WHERE state IN ('pending', 'sending', 'uncertain');
CREATE INDEX order_act_of_order ON order_act (tenant_id, order_number, created_at);
CREATE INDEX order_act_of_decision ON order_act (tenant_id, decision_id);
CREATE INDEX order_act_of_any_case ON order_act (tenant_id, case_id);
CREATE INDEX order_act_list ON order_act (tenant_id, created_at DESC, id DESC);
CREATE INDEX order_act_in_state ON order_act (tenant_id, state, created_at DESC, id DESC);

CREATE TABLE act_approval (
  tenant_id uuid NOT NULL,
  act_id uuid NOT NULL,
  member_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, act_id, member_id),
  FOREIGN KEY (tenant_id, act_id) REFERENCES order_act (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)
);

-- The replies of a decision wait for its order action. `claim_reason` is why a person says that something was done
-- which the ledger does not have.
ALTER TABLE outbox ADD COLUMN act_id uuid, ADD COLUMN claim_reason text NOT NULL DEFAULT '',
  ADD FOREIGN KEY (tenant_id, act_id) REFERENCES order_act (tenant_id, id);
CREATE INDEX outbox_of_act ON outbox (tenant_id, act_id) WHERE act_id IS NOT NULL;

-- Append-only. `promised` takes the money from what is left of the order before the shop is asked; `paid` says that
-- the shop did it; `released` gives it back where it proved that it did not.
CREATE TABLE ledger_entry (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  order_number text NOT NULL,
  key uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('promised', 'paid', 'released')),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  actor text NOT NULL,
  provider_reference text NOT NULL DEFAULT '',
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, key, kind),
  FOREIGN KEY (tenant_id, order_number) REFERENCES shop_order (tenant_id, number),
  -- The key is an order action's, and the money is what that action says.
  FOREIGN KEY (tenant_id, key, order_number, amount_minor, currency)
    REFERENCES order_act (tenant_id, id, order_number, amount_minor, currency)
);
-- A promise ends once: it is paid, or it is given back.
CREATE UNIQUE INDEX ledger_entry_one_end ON ledger_entry (tenant_id, key) WHERE kind IN ('paid', 'released');
CREATE INDEX ledger_entry_of_order ON ledger_entry (tenant_id, order_number, id);
CREATE INDEX ledger_entry_at ON ledger_entry (tenant_id, at, id);

-- `shop_order.refunded_minor` is all that was refunded or promised, whoever did it; its CHECK against the total is what
-- makes an over-refund impossible, since concurrent promises of one order wait for one another on its row. It runs
-- after the insert: an insert that ends in ON CONFLICT DO NOTHING must move no money either. What is given back never
-- takes away what the shop said that it had paid by itself, nor what we promised or paid since it said so.
ALTER TABLE shop_order ADD COLUMN shop_refunded_minor bigint NOT NULL DEFAULT 0;
UPDATE shop_order SET shop_refunded_minor = refunded_minor;
CREATE FUNCTION keep_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = 'promised' THEN
    UPDATE shop_order SET refunded_minor = refunded_minor + NEW.amount_minor
      WHERE tenant_id = NEW.tenant_id AND number = NEW.order_number AND currency = NEW.currency;
    IF NOT FOUND THEN RAISE EXCEPTION 'no such order in this currency' USING ERRCODE = 'foreign_key_violation'; END IF;
  ELSIF NOT EXISTS (SELECT FROM ledger_entry
      WHERE tenant_id = NEW.tenant_id AND key = NEW.key AND kind = 'promised') THEN
    RAISE EXCEPTION 'nothing was promised under this key' USING ERRCODE = 'check_violation';
  ELSIF NEW.kind = 'released' THEN
    UPDATE shop_order o SET refunded_minor = greatest(refunded_minor - NEW.amount_minor,
        least(total_minor, shop_refunded_minor + (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_entry p
          WHERE p.tenant_id = o.tenant_id AND p.order_number = o.number AND p.kind = 'promised'
            AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.tenant_id = p.tenant_id AND e.key = p.key
              AND (e.kind = 'released' OR e.kind = 'paid' AND e.at < o.as_of)))))
      WHERE tenant_id = NEW.tenant_id AND number = NEW.order_number;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_ledger AFTER INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION keep_ledger();

-- A link mailed to the address on an order. Its token is signed, and stands nowhere.
CREATE TABLE identity_link (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  case_id uuid NOT NULL,
  message_id uuid NOT NULL,
  order_number text NOT NULL,
  address text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  replaced_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, case_id) REFERENCES support_case (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, order_number) REFERENCES shop_order (tenant_id, number)
);
CREATE UNIQUE INDEX identity_link_one_of_a_case ON identity_link (tenant_id, case_id)
  WHERE used_at IS NULL AND replaced_at IS NULL;
CREATE INDEX identity_link_of_address ON identity_link (tenant_id, address, created_at);

-- Where the shop itself carries out what was approved; without a row the ledger is all there is.
CREATE TABLE shop_webhook (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  url text NOT NULL,
  secret_sealed bytea NOT NULL,
  set_by uuid NOT NULL,
  set_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id),
  FOREIGN KEY (tenant_id, set_by) REFERENCES member (tenant_id, id)
);
"""

TENANT_TABLES = (
    "case_event",
    "order_attempt",
    "refund_policy",
    "order_act",
    "act_approval",
    "ledger_entry",
    "identity_link",
    "shop_webhook",
)

# What is written once and never changed, not even by us.
APPEND_ONLY = ("case_event", "refund_policy", "act_approval", "ledger_entry")

LISTENER_SEES = ("tenant_id", "state", "next_at", "lease_until")

ACTS = """state IN ('pending', 'sending', 'uncertain') AND next_at <= now()
  AND (lease_until IS NULL OR lease_until < now())"""


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM mailwright_app")
    op.execute("REVOKE DELETE ON order_act FROM mailwright_app")
    add_work("act", "order_act", ACTS, LISTENER_SEES)


def downgrade() -> None:
    take_back_work("act")
    op.execute("ALTER TABLE outbox DROP COLUMN act_id, DROP COLUMN claim_reason")
    op.execute("DROP TRIGGER keep_ledger ON ledger_entry")
    op.execute("DROP FUNCTION keep_ledger")
    op.execute("ALTER TABLE shop_order DROP COLUMN shop_refunded_minor")
    drop(TENANT_TABLES)
    op.execute("DROP INDEX conversation_of_customer, support_case_of_order, support_case_list")
    op.execute("DROP INDEX shop_order_list, shop_order_in_status")
    op.execute(
        "ALTER TABLE support_case DROP COLUMN action, DROP COLUMN items, DROP COLUMN reason, DROP COLUMN evidence,"
        " DROP COLUMN identity, DROP COLUMN amount_minor, DROP COLUMN currency, DROP COLUMN rule,"
        " DROP COLUMN policy_version, DROP COLUMN words, DROP COLUMN doubts, DROP COLUMN language, DROP COLUMN writer,"
        " DROP COLUMN previous_id"
    )
    op.execute("UPDATE support_case SET is_open = state IN ('requested', 'order_wanted')")
