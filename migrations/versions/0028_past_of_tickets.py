"""Asked on each mail's way, and found by an index now: a conversation's tickets, and mails confirmed by a link."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ticket_of_conversation ON ticket (tenant_id, conversation_id)")
    op.execute("CREATE INDEX identity_link_used ON identity_link (tenant_id, message_id) WHERE used_at IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX identity_link_used, ticket_of_conversation")
