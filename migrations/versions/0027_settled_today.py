"""What people settled in a day is counted in an index alone, as what was answered is: each page of the desk says it."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_INDEX = """
CREATE INDEX decision_settled ON decision (tenant_id, settled_at, id)
  INCLUDE (category, reason_kind, language, mailbox_id, assignee_id{more}) WHERE is_current AND settled_at IS NOT NULL
"""


def upgrade() -> None:
    op.execute("DROP INDEX decision_settled")
    op.execute(_INDEX.format(more=", settlement, settled_by"))


def downgrade() -> None:
    op.execute("DROP INDEX decision_settled")
    op.execute(_INDEX.format(more=""))
