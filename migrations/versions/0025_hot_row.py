"""The head of each workspace's record is written anew with every event: its dead versions are taken away on the way.

Postgres does so whenever less of a page is free than the fill factor leaves, and by itself when a tenth is: then there
are a hundred of them, and whoever reads the row goes through them.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE event_head SET (fillfactor = 10)")


def downgrade() -> None:
    op.execute("ALTER TABLE event_head RESET (fillfactor)")
