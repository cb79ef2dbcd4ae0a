"""What belongs to a customer by their address."""

from alembic import op

revision = "0021"
down_revision = "0015"
branch_labels = None
depends_on = None

INDEXES = """
CREATE INDEX shop_order_of_customer ON shop_order (tenant_id, customer_email, placed_at DESC, number DESC);
"""


def upgrade() -> None:
    op.execute(INDEXES)


def downgrade() -> None:
    op.execute("DROP INDEX shop_order_of_customer")
