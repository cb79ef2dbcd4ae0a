"""What leaves later than it was released: undone for some seconds, or laid down as a draft in Gmail; what became of it.

`undo` is how a release is taken back exactly; it is gone as soon as a worker takes the reply. `words_changed` is how
many in a hundred words of the machine's draft a person changed, none where there was no draft.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Words are compared as they come, whatever their order: a word that only moved was not changed. 0 is the same text.
MEASURE = r"""
CREATE FUNCTION words_changed(draft text, reply text) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
  WITH before AS (
    SELECT word, count(*) AS n FROM regexp_split_to_table(draft, '\s+') word WHERE word <> '' GROUP BY word
  ), after AS (
    SELECT word, count(*) AS n FROM regexp_split_to_table(reply, '\s+') word WHERE word <> '' GROUP BY word
  ), both_texts AS (
    SELECT coalesce(b.n, 0) AS before, coalesce(a.n, 0) AS after FROM before b FULL JOIN after a USING (word)
  )
  SELECT CASE WHEN draft = reply THEN 0 ELSE greatest(1, coalesce(ceil(100.0
      * greatest(sum(greatest(before - after, 0)), sum(greatest(after - before, 0)))
      / nullif(greatest(sum(before), sum(after)), 0)), 0))::smallint END FROM both_texts
$$;
"""

# A draft of the merchant's own is in none of the states from which anything is sent: no code of ours can send it.
TABLES = """
ALTER TABLE outbox ADD COLUMN undo jsonb, ADD COLUMN as_draft boolean NOT NULL DEFAULT false,
  ADD COLUMN words_changed smallint, ADD COLUMN edit_reason text NOT NULL DEFAULT ''
    CHECK (edit_reason IN ('', 'tone', 'wrong_fact', 'missing_fact', 'wrong_person', 'other')),
  ADD COLUMN edit_note text NOT NULL DEFAULT '',
  ADD CONSTRAINT outbox_draft_is_never_sent CHECK (CASE WHEN as_draft
    THEN state IN ('pending', 'left_as_draft', 'held', 'cancelled', 'failed') ELSE state <> 'left_as_draft' END);
ALTER TABLE decision DROP CONSTRAINT decision_settlement_check,
  ADD CONSTRAINT decision_settlement_check CHECK (settlement IN ('sent', 'dismissed', 'gmail_draft'));
"""

# What people released before this migration. The owner is bound by row-level security, too, while it is forced.
FILL = """
ALTER TABLE outbox NO FORCE ROW LEVEL SECURITY;
UPDATE outbox SET words_changed = words_changed(draft_text, text)
  WHERE kind = 'reply' AND NOT automatic AND released_at IS NOT NULL AND draft_text <> '';
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
"""

BACK = """
ALTER TABLE outbox NO FORCE ROW LEVEL SECURITY;
ALTER TABLE decision NO FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox DROP CONSTRAINT outbox_draft_is_never_sent;
UPDATE outbox SET state = 'cancelled', last_error = 'It was left as a draft in Gmail.'
  WHERE as_draft AND state IN ('pending', 'left_as_draft');
UPDATE decision SET settlement = 'dismissed' WHERE settlement = 'gmail_draft';
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
ALTER TABLE decision FORCE ROW LEVEL SECURITY;
ALTER TABLE decision DROP CONSTRAINT decision_settlement_check,
  ADD CONSTRAINT decision_settlement_check CHECK (settlement IN ('sent', 'dismissed'));
ALTER TABLE outbox DROP COLUMN undo, DROP COLUMN as_draft, DROP COLUMN words_changed, DROP COLUMN edit_reason,
  DROP COLUMN edit_note;
DROP FUNCTION words_changed;
"""


def upgrade() -> None:
    for statements in (MEASURE, TABLES, FILL):
        op.execute(statements)


def downgrade() -> None:
    op.execute(BACK)
