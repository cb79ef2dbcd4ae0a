"""Nothing is lost, shown: when each mail came, and what the daily comparisons with Gmail found."""

from alembic import op

from migrations.steps import drop, own

revision = "0020"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = """
-- Since when Gmail has a mail, or since when we know of it where that is not known yet: the day it belongs to.
ALTER TABLE message ADD COLUMN came_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(received_at, discovered_at))
  STORED;
CREATE INDEX message_by_day ON message (tenant_id, mailbox_id, came_at, id) WHERE direction = 'in';

-- One comparison of a mailbox with Gmail a day: `at_gmail` mails were listed there, `here` of them were known;
-- `missing` were not, though Gmail should have told of them, and were taken in with this row.
CREATE TABLE reconciliation (
  tenant_id uuid NOT NULL,
  mailbox_id uuid NOT NULL,
  day date NOT NULL,
  at_gmail integer NOT NULL CHECK (at_gmail >= 0),
  here integer NOT NULL CHECK (here >= 0),
  missing integer NOT NULL CHECK (missing >= 0),
  looked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, mailbox_id, day),
  FOREIGN KEY (tenant_id, mailbox_id) REFERENCES mailbox (tenant_id, id) ON DELETE CASCADE
);
"""

TENANT_TABLES = ("reconciliation",)


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)


def downgrade() -> None:
    drop(TENANT_TABLES)
    op.execute("DROP INDEX message_by_day")
    op.execute("ALTER TABLE message DROP COLUMN came_at")
