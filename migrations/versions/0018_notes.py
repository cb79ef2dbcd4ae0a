"""Notes that members write to each other on a conversation, and who has taken a conversation over."""

from alembic import op

from migrations.steps import drop, own

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = """
-- From `taken_over_at` on the machine sends nothing there by itself, also where the member is there no more.
ALTER TABLE conversation ADD COLUMN taken_over_by uuid, ADD COLUMN taken_over_at timestamptz,
  ADD FOREIGN KEY (tenant_id, taken_over_by) REFERENCES member (tenant_id, id) ON DELETE SET NULL (taken_over_by);

CREATE TABLE note (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  member_id uuid,
  text text NOT NULL CHECK (text <> '' AND length(text) <= 5000),
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE SET NULL (member_id)
);
CREATE INDEX note_of_conversation ON note (tenant_id, conversation_id, written_at);
CREATE INDEX note_by_age ON note (tenant_id, written_at);

-- The page of a conversation names the numbers that were tried in each of its mails.
CREATE INDEX order_attempt_of_message ON order_attempt (tenant_id, message_id);
"""

# What waits because a person has the conversation is of the kind of what the machine does not answer here. The words
# are put into the function as it stands, so that what other migrations made of it stays.
BEFORE, AFTER = "automatic replies'", "automatic replies|has taken this conversation over'"

BACK = """
DROP INDEX order_attempt_of_message;
ALTER TABLE conversation DROP COLUMN taken_over_by, DROP COLUMN taken_over_at;
"""


def upgrade() -> None:
    op.execute(TABLES)
    own(("note",))
    _in_reason_kind(BEFORE, AFTER)


def downgrade() -> None:
    _in_reason_kind(AFTER, BEFORE)
    drop(("note",))
    op.execute(BACK)


def _in_reason_kind(before: str, after: str) -> None:
    found: str = (
        op.get_bind().exec_driver_sql("SELECT pg_get_functiondef('reason_kind(text, text)'::regprocedure)").scalar_one()
    )
    if before not in found:
        raise RuntimeError("The function reason_kind is another one by now: its words are to be put in by hand.")
    op.get_bind().exec_driver_sql(found.replace(before, after))
