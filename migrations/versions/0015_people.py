"""People and records: the chained record of events, invitations, links for new passwords, second factors."""

from alembic import op

from migrations.steps import drop, own

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CHAIN = """
-- The chain over the events of a tenant: `hash` covers the event and the hash before it. No foreign key to the event,
-- so that a removed event leaves its link behind, which tells of it.
CREATE TABLE event_seal (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  position bigint NOT NULL,
  event_id bigint NOT NULL,
  previous bytea NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (tenant_id, position),
  UNIQUE (tenant_id, event_id)
);

-- The end of each chain, kept apart from it, so that links cut off at the end are missed.
CREATE TABLE event_head (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  position bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (tenant_id)
);

-- Pages of the record: by time, and by who did it.
CREATE INDEX event_by_kind ON event (tenant_id, kind, id);
CREATE INDEX event_by_actor ON event (tenant_id, actor, id);
CREATE INDEX event_by_time ON event (tenant_id, at);
"""

# The form that is hashed: each field with its length in bytes before it, so that no two events give the same bytes.
# storage/audit.py makes the same in Python: whoever verifies does not ask the database for the sums.
DIGEST = """
CREATE FUNCTION event_digest(previous bytea, tenant uuid, place bigint, event_id bigint, happened timestamptz,
    who text, what text, about uuid, more jsonb) RETURNS bytea LANGUAGE sql STABLE
  AS $$
    SELECT sha256(previous || convert_to((
      SELECT string_agg(octet_length(part)::text || ':' || part || ',', '' ORDER BY number)
      FROM unnest(ARRAY['1', tenant::text, place::text, event_id::text,
        to_char(happened AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), who, what, coalesce(about::text, ''),
        more::text]) WITH ORDINALITY AS parts (part, number)), 'UTF8'))
  $$;
"""

# At the end of the transaction and no sooner: the lock on the chain's end is then held for the commit alone, and
# whoever holds it waits for nothing else. It runs as the owner, since the application may not write the chain.
SEAL = """
CREATE FUNCTION seal_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
  DECLARE
    before public.event_head;
    made bytea;
  BEGIN
    SELECT * INTO before FROM public.event_head WHERE tenant_id = NEW.tenant_id FOR UPDATE;
    IF NOT FOUND THEN
      INSERT INTO public.event_head (tenant_id, position, hash) VALUES (NEW.tenant_id, 0, sha256(''))
        ON CONFLICT (tenant_id) DO NOTHING;
      SELECT * INTO STRICT before FROM public.event_head WHERE tenant_id = NEW.tenant_id FOR UPDATE;
    END IF;
    made := public.event_digest(before.hash, NEW.tenant_id, before.position + 1, NEW.id, NEW.at, NEW.actor, NEW.kind,
      NEW.subject, NEW.detail);
    INSERT INTO public.event_seal (tenant_id, position, event_id, previous, hash)
      VALUES (NEW.tenant_id, before.position + 1, NEW.id, before.hash, made);
    UPDATE public.event_head SET position = before.position + 1, hash = made WHERE tenant_id = NEW.tenant_id;
    RETURN NULL;
  END $$;
REVOKE ALL ON FUNCTION seal_event FROM PUBLIC;
"""

# What was recorded before is linked in its order, once.
OLD_EVENTS = """
DO $$
  DECLARE
    one public.event;
    known public.event_head;
    made bytea;
  BEGIN
    FOR one IN SELECT * FROM public.event ORDER BY tenant_id, id LOOP
      IF known.tenant_id IS DISTINCT FROM one.tenant_id THEN
        known := ROW(one.tenant_id, 0, sha256(''));
        INSERT INTO public.event_head SELECT known.*;
      END IF;
      made := public.event_digest(known.hash, one.tenant_id, known.position + 1, one.id, one.at, one.actor, one.kind,
        one.subject, one.detail);
      INSERT INTO public.event_seal VALUES (one.tenant_id, known.position + 1, one.id, known.hash, made);
      known := ROW(one.tenant_id, known.position + 1, made);
      UPDATE public.event_head SET position = known.position, hash = made WHERE tenant_id = one.tenant_id;
    END LOOP;
  END $$;
"""

TRIGGER = """
CREATE CONSTRAINT TRIGGER seal_event AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION seal_event();
"""

CHAIN_TABLES = ("event_seal", "event_head")

PEOPLE = """
-- `verified_at` is since when we know that the address is theirs; without it no Google account of the same address is
-- taken for theirs. An empty hash is no password: such a member signs in with Google alone.
ALTER TABLE member ADD COLUMN deactivated_at timestamptz, ADD COLUMN verified_at timestamptz,
  ADD COLUMN google_sub text CHECK (google_sub <> '');
CREATE UNIQUE INDEX member_one_google_account ON member (tenant_id, google_sub);
CREATE INDEX member_by_google_account ON member (google_sub) WHERE google_sub IS NOT NULL;
-- Who was there before was let in by the owner of the machine.
UPDATE member SET verified_at = created_at;

ALTER TABLE web_session ADD COLUMN agent text NOT NULL DEFAULT '', ADD COLUMN network text NOT NULL DEFAULT '';
CREATE INDEX web_session_of_member ON web_session (tenant_id, member_id, seen_at);

ALTER TABLE tenant ADD COLUMN second_factor_required boolean NOT NULL DEFAULT false,
  ADD COLUMN retention_days integer CHECK (retention_days > 0);

CREATE TABLE invitation (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  token_hash bytea NOT NULL,
  email text NOT NULL CHECK (email = lower(email)),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'viewer')),
  invited_by uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, invited_by) REFERENCES member (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX invitation_one_open ON invitation (tenant_id, email) WHERE used_at IS NULL AND revoked_at IS NULL;

CREATE TABLE password_reset (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  token_hash bytea NOT NULL,
  member_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  by_mail boolean NOT NULL,
  PRIMARY KEY (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE
);

-- The secret is sealed for its member. It counts once it is confirmed; `last_step` is the newest code's, which is taken
-- once.
CREATE TABLE second_factor (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  member_id uuid NOT NULL,
  secret_sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz,
  last_step bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, member_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE recovery_code (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  member_id uuid NOT NULL,
  code_hash bytea NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (tenant_id, member_id, code_hash),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE
);

CREATE OR REPLACE FUNCTION members_for_sign_in(wanted text)
  RETURNS TABLE (tenant_id uuid, member_id uuid, password_hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT m.tenant_id, m.id, m.password_hash FROM public.member m
    WHERE m.email = lower(wanted) AND m.deactivated_at IS NULL ORDER BY m.created_at
  $$;
-- Whom a Google account may sign in as: who linked it, or whose address is known to be theirs and is the account's.
CREATE FUNCTION members_for_google(account text, address text)
  RETURNS TABLE (tenant_id uuid, member_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT m.tenant_id, m.id FROM public.member m
    WHERE m.deactivated_at IS NULL AND (m.google_sub = account
      OR (m.google_sub IS NULL AND m.verified_at IS NOT NULL AND m.email = lower(address)))
    ORDER BY m.google_sub NULLS LAST, m.created_at
  $$;
REVOKE ALL ON FUNCTION members_for_google FROM PUBLIC;
GRANT EXECUTE ON FUNCTION members_for_google TO mailwright_app;
"""

BACK = """
DROP FUNCTION members_for_google;
CREATE OR REPLACE FUNCTION members_for_sign_in(wanted text)
  RETURNS TABLE (tenant_id uuid, member_id uuid, password_hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT m.tenant_id, m.id, m.password_hash FROM public.member m WHERE m.email = lower(wanted) ORDER BY m.created_at
  $$;
DROP INDEX web_session_of_member;
ALTER TABLE web_session DROP COLUMN agent, DROP COLUMN network;
ALTER TABLE tenant DROP COLUMN second_factor_required, DROP COLUMN retention_days;
ALTER TABLE member DROP COLUMN deactivated_at, DROP COLUMN verified_at, DROP COLUMN google_sub;
"""

PEOPLE_TABLES = ("invitation", "password_reset", "second_factor", "recovery_code")


def upgrade() -> None:
    _chain()
    # As above: the owner marks the members that are there.
    op.execute("ALTER TABLE member NO FORCE ROW LEVEL SECURITY")
    op.execute(PEOPLE)
    op.execute("ALTER TABLE member FORCE ROW LEVEL SECURITY")
    own(PEOPLE_TABLES)


def downgrade() -> None:
    op.execute(BACK)
    drop(PEOPLE_TABLES)
    op.execute("DROP TRIGGER seal_event ON event")
    op.execute("DROP FUNCTION seal_event, event_digest")
    op.execute("DROP INDEX event_by_kind, event_by_actor, event_by_time")
    drop(CHAIN_TABLES)


def _chain() -> None:
    for statements in (CHAIN, DIGEST, SEAL):
        op.execute(statements)
    # The owner is bound by the policies, too: let it see the old events while it links them.
    op.execute("ALTER TABLE event NO FORCE ROW LEVEL SECURITY")
    op.execute(OLD_EVENTS)
    op.execute("ALTER TABLE event FORCE ROW LEVEL SECURITY")
    own(CHAIN_TABLES)
    op.execute("REVOKE INSERT, UPDATE, DELETE ON event_seal, event_head FROM mailwright_app")
    for table in CHAIN_TABLES:
        op.execute(f"CREATE POLICY owner_seals ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(TRIGGER)
