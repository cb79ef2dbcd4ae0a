"""People and records: the chained record of events."""

from alembic import op

from migrations.steps import drop, own

revision = "0015"
down_revision = "0012"
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


def upgrade() -> None:
    _chain()


def downgrade() -> None:
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
