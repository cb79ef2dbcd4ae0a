"""How much of a draft was changed, as the database measures it, and that counting reads an index."""

import pytest
from sqlalchemy import text

from storage import draft_numbers


@pytest.mark.parametrize(
    ("draft", "reply", "changed"),
    [
        ("One two three four five.", "One two three four five.", 0),
        ("One two three four five.", "One two three four six.", 20),
        ("One two three four five.", "One two three four", 20),
        ("One two three four", "One two three four five.", 20),
        ("One two three four five.", "five. four three two One", 1),
        ("One two  three", "One\n\ntwo three", 1),
        ("One two", "Three four five six", 100),
        ("One one one", "one", 67),
        ("One", "", 100),
        ("", "One", 100),
        ("", "  ", 1),
        ("", "", 0),
    ],
)
def test_the_words_that_are_missing_or_new_are_counted_against_the_longer_text(owner, draft, reply, changed):
    values = {"draft": draft, "reply": reply}
    assert owner.execute(text("SELECT words_changed(:draft, :reply)"), values).scalar() == changed


def test_counting_goes_through_the_indexes_under_row_level_security(database, workspace):
    with database.transaction(workspace.id) as db:
        db.execute(text("SET LOCAL enable_seqscan = off"))
        values = {"tenant": workspace.id, "days": draft_numbers.DAYS, "a_little": draft_numbers.A_LITTLE}
        question = text(f"EXPLAIN {draft_numbers._COUNTS.text}")  # the very question that is asked
        plan = "\n".join(db.execute(question, values).scalars())
    assert "Seq Scan" not in plan
    assert "decision_settled" in plan
    assert "settled_at > " in plan.split("Index Cond")[1].split("\n")[0]
    assert "outbox" in plan
