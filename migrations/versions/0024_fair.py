"""A claim costs the same however much its tenant, or another one, has waiting: an index for each that begins with both.

The indexes on `next_at` alone stay: the listener asks them whether anybody has something due.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# In the order in which each claim takes its rows, and what was tried before apart, as it comes alone and last.
INDEXES = """
CREATE INDEX message_fresh_to_fetch ON message (tenant_id, mailbox_id, seq)
  WHERE state = 'discovered' AND attempts <= 1;
CREATE INDEX message_tried_to_fetch ON message (tenant_id, mailbox_id, seq)
  WHERE state = 'discovered' AND attempts > 1;
CREATE INDEX message_fresh_to_decide ON message (tenant_id, seq) WHERE state = 'fetched' AND attempts = 0;
CREATE INDEX message_tried_to_decide ON message (tenant_id, seq) WHERE state = 'fetched' AND attempts > 0;
DROP INDEX message_label_due;
CREATE INDEX message_label_due ON message (tenant_id, mailbox_id, next_at) WHERE label_due;
CREATE INDEX outbox_to_deliver ON outbox (tenant_id, mailbox_id, next_at)
  WHERE state IN ('pending', 'drafted', 'sending', 'uncertain');
CREATE INDEX order_act_to_do ON order_act (tenant_id, next_at) WHERE state IN ('pending', 'sending', 'uncertain');
CREATE INDEX ticket_to_see_to ON ticket (tenant_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX supplier_request_to_remind ON supplier_request (tenant_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX trial_to_read ON trial (tenant_id, attempts, created_at) WHERE state = 'waiting';
"""


def upgrade() -> None:
    op.execute(INDEXES)


def downgrade() -> None:
    op.execute(
        "DROP INDEX trial_to_read, supplier_request_to_remind, ticket_to_see_to, order_act_to_do, outbox_to_deliver,"
        " message_label_due, message_tried_to_decide, message_fresh_to_decide, message_tried_to_fetch,"
        " message_fresh_to_fetch"
    )
    op.execute("CREATE INDEX message_label_due ON message (tenant_id, mailbox_id) WHERE label_due")
