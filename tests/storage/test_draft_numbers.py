"""How much of a draft was changed, as the database measures it, and that counting reads an index."""

import pytest
from sqlalchemy import text

from storage import draft_numbers
from tests.web.filling import Filler


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


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


# Mail of three years, each decided by a person, with its reply.
MANY = text("""
    WITH mail AS (
        INSERT INTO message (tenant_id, id, mailbox_id, conversation_id, gmail_id, thread_id, direction)
        SELECT tenant_id, gen_random_uuid(), mailbox_id, conversation_id, 'many' || n, 'many' || n, 'in'
        FROM message, generate_series(1, 4000) n WHERE tenant_id = :tenant RETURNING *
    ), decided AS (
        INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, settled_at, settlement)
        SELECT tenant_id, gen_random_uuid(), id, conversation_id, 'hold', 'x',
            now() - CAST(substr(gmail_id, 5) AS integer) * interval '6 hours', 'sent' FROM mail RETURNING *
    )
    INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, thread_id, automatic,
        recipient, subject, text, draft_text, reference, state, words_changed)
    SELECT d.tenant_id, gen_random_uuid(), d.id, 0, 'reply', d.message_id, m.mailbox_id, m.thread_id, false, 'a@b.ex',
        'x', 'x', 'x', d.id, 'sent', 0
    FROM decided d JOIN mail m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
""")


def test_counting_reads_the_decisions_of_thirty_days_through_an_index_under_row_level_security(filler, owner):
    filler.held(filler.mailbox())
    with filler.database.transaction(filler.tenant) as db:
        db.execute(MANY, {"tenant": filler.tenant})
    for statement in ("ANALYZE decision", "ANALYZE outbox"):
        owner.execute(text(statement))
    owner.commit()
    with filler.database.transaction(filler.tenant) as db:
        values = {"tenant": filler.tenant, "days": draft_numbers.DAYS, "a_little": draft_numbers.A_LITTLE}
        question = text("EXPLAIN " + draft_numbers._COUNTS.text)
        plan = "\n".join(db.execute(question, values).scalars())
        [counted] = draft_numbers.counts(db, filler.tenant)
    assert "Seq Scan" not in plan
    assert "using decision_settled" in plan or "on decision_settled" in plan
    assert "settled_at > " in plan
    assert (counted.fate, counted.n) == ("as_written", 119)
