"""Nothing is lost, shown: when each mail came, what comparisons with Gmail found; and mail that is only tried."""

from alembic import op

from migrations.steps import add_work, drop, own, take_back_work

revision = "0020"
down_revision = "0019"
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

TRIALS = """
-- A mail that a member tries: nobody sent it, it is no message, and nothing is done about it. `raw` goes as soon as it
-- was read, the row an hour after it was made: `next_at` is when a worker has to look at it, for either.
CREATE TABLE trial (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed')),
  raw bytea,
  result jsonb,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE,
  CHECK ((raw IS NOT NULL) = (state = 'waiting'))
);
CREATE INDEX trial_due ON trial (next_at);
"""

TENANT_TABLES = ("reconciliation", "trial")
SEES = ("tenant_id", "next_at", "lease_until")
DUE = "next_at <= now() AND (lease_until IS NULL OR lease_until < now())"


def upgrade() -> None:
    for statements in (TABLES, TRIALS):
        op.execute(statements)
    own(TENANT_TABLES)
    add_work("trial", "trial", DUE, SEES)


def downgrade() -> None:
    take_back_work("trial")
    drop(TENANT_TABLES)
    op.execute("DROP INDEX message_by_day")
    op.execute("ALTER TABLE message DROP COLUMN came_at")
