"""The words of each passage, for the search by words on the pages; NULL where it was cut by an earlier release."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


# No index: row-level security lets none be used for a text search, and one tenant's words are read in a moment.
def upgrade() -> None:
    op.execute("ALTER TABLE passage ADD COLUMN words tsvector")


def downgrade() -> None:
    op.execute("ALTER TABLE passage DROP COLUMN words")
