"""What was answered in a day is counted in an index alone: each page of the desk says it, and looked up every reply."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX outbox_sent")
    op.execute("CREATE INDEX outbox_sent ON outbox (tenant_id, kind, automatic, sent_at) WHERE state = 'sent'")


def downgrade() -> None:
    op.execute("DROP INDEX outbox_sent")
    op.execute("CREATE INDEX outbox_sent ON outbox (tenant_id, sent_at) WHERE state = 'sent'")
