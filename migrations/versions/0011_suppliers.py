"""Suppliers: who they are, and whom to write to for what."""

from alembic import op

from migrations.steps import drop, own

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE supplier (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL,
  language text NOT NULL,
  domains text[] NOT NULL DEFAULT '{}',
  addresses text[] NOT NULL DEFAULT '{}',
  contacts jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX supplier_one_of_a_name ON supplier (tenant_id, lower(name)) WHERE removed_at IS NULL;
"""

TENANT_TABLES = ("supplier",)


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)


def downgrade() -> None:
    drop(TENANT_TABLES)
