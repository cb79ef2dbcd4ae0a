"""What a language model was asked and said on the way to a decision, with the verdict on each sentence.

It stands in the decision's own row: it is removed with the mail, and fenced with it.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE decision ADD COLUMN composition jsonb NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    op.execute("ALTER TABLE decision DROP COLUMN composition")
