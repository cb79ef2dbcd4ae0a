"""Why what documents are searched with could not be kept on the disk, for the page that says what needs looking at."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE knowledge ADD COLUMN not_kept text NOT NULL DEFAULT '', ADD COLUMN not_kept_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE knowledge DROP COLUMN not_kept, DROP COLUMN not_kept_at")
