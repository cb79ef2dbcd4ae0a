"""Mail to a supplier that needs a person counts as long as its request is open, as a reply does till it is settled."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

FOR_EVER = "d.id IS NULL OR d.is_current AND d.settled_at IS NULL"
WHILE_OPEN = """o.request_id IS NULL AND d.is_current AND d.settled_at IS NULL
      OR EXISTS (SELECT FROM public.supplier_request r WHERE r.tenant_id = o.tenant_id AND r.id = o.request_id
        AND r.answered_at IS NULL AND r.closed_at IS NULL)"""

# The rest of the function stays as it is. Text that is not there is an error: nothing would be changed.
CHANGE = """
DO $change$
DECLARE
  before text := pg_get_functiondef('metrics'::regproc);
BEGIN
  IF strpos(before, $was${was}$was$) = 0 THEN
    RAISE EXCEPTION 'The function metrics does not count what this migration changes.';
  END IF;
  EXECUTE replace(before, $was${was}$was$, $is${now}$is$);
END
$change$
"""


def upgrade() -> None:
    op.execute(CHANGE.format(was=FOR_EVER, now=WHILE_OPEN))


def downgrade() -> None:
    op.execute(CHANGE.format(was=WHILE_OPEN, now=FOR_EVER))
