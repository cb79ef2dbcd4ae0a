"""Phases: the category that a decision went by, whether its phase alone held it, and the curve of each standing."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE decision ADD COLUMN handled_as text NOT NULL DEFAULT '',
  ADD COLUMN would_release boolean NOT NULL DEFAULT false;
ALTER TABLE standing ADD COLUMN curve jsonb NOT NULL DEFAULT '[]';
"""

# What was decided before is counted by what it was read as; standings are reckoned once more, for their curves. The
# owner is bound by row-level security, too, while it is forced.
FILL = """
ALTER TABLE decision NO FORCE ROW LEVEL SECURITY;
ALTER TABLE learning NO FORCE ROW LEVEL SECURITY;
UPDATE decision SET handled_as = category WHERE category <> '';
UPDATE learning SET wanted = wanted + 1 WHERE wanted = done;
ALTER TABLE decision FORCE ROW LEVEL SECURITY;
ALTER TABLE learning FORCE ROW LEVEL SECURITY;
"""

# Both counts of the page read the index alone.
INDEX = """
CREATE INDEX decision_of_kind ON decision (tenant_id, handled_as, created_at)
  INCLUDE (id, would_release, disposition, settlement, settled_at) WHERE is_current AND disposition <> 'ignore';
"""


def upgrade() -> None:
    for statements in (COLUMNS, FILL, INDEX):
        op.execute(statements)


def downgrade() -> None:
    op.execute("DROP INDEX decision_of_kind")
    op.execute("ALTER TABLE standing DROP COLUMN curve")
    op.execute("ALTER TABLE decision DROP COLUMN handled_as, DROP COLUMN would_release")
