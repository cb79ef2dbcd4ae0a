"""What is known beside the documents: incidents of status pages, how old an order is, facts of a decision."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
-- One public status page of a workspace, and when it is read again.
CREATE TABLE status_page (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  url text NOT NULL,
  etag text NOT NULL DEFAULT '',
  page_updated_at timestamptz,
  fetched_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id)
);

-- What the page says; `fetched_at` is when it last said that it is open, `resolved_at` when it said so no more.
CREATE TABLE incident (
  tenant_id uuid NOT NULL,
  external_id text NOT NULL,
  name text NOT NULL,
  status text NOT NULL,
  impact text NOT NULL DEFAULT '',
  components text[] NOT NULL DEFAULT '{}',
  text text NOT NULL DEFAULT '',
  link text NOT NULL DEFAULT '',
  began_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  fetched_at timestamptz NOT NULL,
  resolved_at timestamptz,
  PRIMARY KEY (tenant_id, external_id),
  FOREIGN KEY (tenant_id) REFERENCES status_page (tenant_id) ON DELETE CASCADE
);
CREATE INDEX incident_open ON incident (tenant_id) WHERE resolved_at IS NULL;

-- When the shop last told us of an order: NULL for what came before this column, of which nobody knows.
ALTER TABLE shop_order ADD COLUMN as_of timestamptz, ADD COLUMN status_at timestamptz;

ALTER TABLE decision ADD COLUMN facts jsonb NOT NULL DEFAULT '[]', ADD COLUMN suggestions jsonb NOT NULL DEFAULT '[]';
"""

TENANT_TABLES = ("status_page", "incident")

LISTENER_SEES = ("tenant_id", "next_at", "lease_until")

# One more kind of work; the branches of earlier migrations stay as they are.
INCIDENTS = """
  UNION ALL
  SELECT 'incidents', tenant_id FROM status_page
    WHERE next_at <= now() AND (lease_until IS NULL OR lease_until < now())
"""


def upgrade() -> None:
    op.execute(TABLES)
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_tenant ON {table} TO mailwright_app "
            "USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO mailwright_app")
    op.execute(f"GRANT SELECT ({', '.join(LISTENER_SEES)}) ON status_page TO mailwright_listener")
    op.execute("CREATE POLICY what_is_due ON status_page FOR SELECT TO mailwright_listener USING (true)")
    due = op.get_bind().exec_driver_sql("SELECT pg_get_viewdef('due'::regclass)").scalar_one().rstrip().rstrip(";")
    op.execute(f"CREATE OR REPLACE VIEW due WITH (security_invoker = true) AS {due} {INCIDENTS}")


def downgrade() -> None:
    due = op.get_bind().exec_driver_sql("SELECT pg_get_viewdef('due'::regclass)").scalar_one().rstrip().rstrip(";")
    before, _, branch = due.rpartition("UNION ALL")
    if "'incidents'" not in branch:
        raise RuntimeError("Another kind of work was added to the view after this one: take that back first.")
    op.execute(f"CREATE OR REPLACE VIEW due WITH (security_invoker = true) AS {before}")
    op.execute("ALTER TABLE decision DROP COLUMN facts, DROP COLUMN suggestions")
    op.execute("ALTER TABLE shop_order DROP COLUMN as_of, DROP COLUMN status_at")
    for table in reversed(TENANT_TABLES):
        op.execute(f"DROP TABLE {table}")
