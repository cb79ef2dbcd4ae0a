"""What is known beside the documents: incidents of status pages, how old an order is, facts of a decision."""

from alembic import op

from migrations.steps import add_work, drop, own, take_back_work

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

INCIDENTS = "next_at <= now() AND (lease_until IS NULL OR lease_until < now())"


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)
    add_work("incidents", "status_page", INCIDENTS, LISTENER_SEES)


def downgrade() -> None:
    take_back_work("incidents")
    op.execute("ALTER TABLE decision DROP COLUMN facts, DROP COLUMN suggestions")
    op.execute("ALTER TABLE shop_order DROP COLUMN as_of, DROP COLUMN status_at")
    drop(TENANT_TABLES)
