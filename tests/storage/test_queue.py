"""The queue's list: each row once over all pages, by any filter, with counts that agree with what is listed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import Uuid, bindparam, text

from domain.category import Category
from domain.decision import Decision
from domain.errors import BadInput
from domain.message import Address
from storage import assigning, bulk, closing, desk, members, queue, queue_counts, views
from storage.queue import Filter, State
from tests.support.waiting import until
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler

LATER = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


@pytest.fixture
def tom(database, workspace):
    with database.transaction(workspace.id) as db:
        return members.add(db, workspace.id, email="tom@lumen.example", name="Tom", password_hash="x", role="agent")


@pytest.fixture
def filled(filler, tom) -> dict[str, list]:
    """Sixteen mails of two categories, languages and mailboxes, some of them Tom's, some resting, some settled."""
    boxes = [filler.mailbox(f"{name}@lumen.example", name) for name in "ab"]
    held = []
    for number, (box, category, language) in enumerate(
        product(boxes * 2, (Category.QUESTION, Category.REFUND), ("en", "de"))
    ):
        read = replace(UNDERSTANDING, category=category, language=language, importance=1 + number % 3)
        held.append(
            filler.held(
                box, replace(MESSAGE, subject=f"Mail {number}", rfc_message_id=f"<{number}@x>"), understanding=read
            )
        )
    with filler.database.transaction(filler.tenant) as db:
        mine = [one.conversation for one in held[:5]]
        assigning.assign(db, filler.tenant, mine, assignee=tom, member=filler.member)
        assigning.snooze(db, filler.tenant, [held[1].conversation, held[9].conversation], until=LATER, member=tom)
        for one in held[14:]:
            desk.dismiss(db, filler.tenant, one.decision, member=tom)
    return {"held": held, "boxes": boxes}


def listed(filler, asked: Filter, limit: int = 3) -> list:
    """All rows, a few at a time."""
    found, after = [], None
    while True:
        with filler.database.transaction(filler.tenant) as db:
            page = queue.page(db, filler.tenant, asked, after=after, limit=limit)
        found += page
        if len(page) < limit:
            return found
        after = page[-1].decision


def test_every_row_is_listed_once_most_important_first_then_oldest(filler, filled):
    rows = listed(filler, Filter())
    assert len(rows) == len({row.decision for row in rows}) == 12
    assert [row.importance for row in rows] == sorted((row.importance for row in rows), reverse=True)
    by_age = {one.decision: at for at, one in enumerate(filled["held"])}
    assert [(-row.importance, by_age[row.decision]) for row in rows] == sorted(
        (-row.importance, by_age[row.decision]) for row in rows
    )


def test_what_is_settled_is_listed_newest_first_with_who_did_it(filler, filled):
    rows = listed(filler, Filter(state=State.DONE), limit=1)
    assert [(row.settlement, row.settled_by) for row in rows] == [("dismissed", "Tom")] * 2
    assert {row.decision for row in rows} == {one.decision for one in filled["held"][14:]}


def test_each_choice_shows_as_many_rows_as_its_count_says(filler, filled, tom):
    choices = {
        "category": ["", "question", "refund", "other"], "language": ["", "de"],
        "mailbox": [None, filled["boxes"][1]], "assignee": ["", "nobody", str(tom)],
        "state": [State.WAITING, State.SNOOZED],
    }  # fmt: skip
    for values in product(*choices.values()):
        asked = Filter(**dict(zip(choices, values, strict=True)))
        with filler.database.transaction(filler.tenant) as db:
            counts = queue_counts.counts(db, filler.tenant, asked)
        assert counts.total == len(listed(filler, asked)), asked
        assert counts.category.get("refund", 0) == len(listed(filler, replace(asked, category="refund"))), asked
        assert counts.assignee.get("", 0) == len(listed(filler, replace(asked, assignee="nobody"))), asked
        assert counts.state.get("snoozed", 0) == len(listed(filler, replace(asked, state=State.SNOOZED))), asked
    with filler.database.transaction(filler.tenant) as db:
        assert queue_counts.done(db, filler.tenant) == 2
        assert desk.waiting(db, filler.tenant) == desk.today(db, filler.tenant).held == 12


def test_words_are_counted_with_the_other_choices(filler, filled):
    with filler.database.transaction(filler.tenant) as db:
        counts = queue_counts.counts(db, filler.tenant, Filter(words="anna", category="refund"))
        none = queue_counts.counts(db, filler.tenant, Filter(words="%%"))
    assert counts.total == len(listed(filler, Filter(words="anna", category="refund"))) == 6
    assert (none.total, none.known) == (0, True)


def test_a_page_after_a_row_that_was_settled_meanwhile_goes_on_where_it_was(filler, filled):
    rows = listed(filler, Filter())
    with filler.database.transaction(filler.tenant) as db:
        desk.dismiss(db, filler.tenant, rows[3].decision, member=filler.member)
        assert [row.decision for row in queue.page(db, filler.tenant, Filter(), after=rows[3].decision)] == [
            row.decision for row in rows[4:]
        ]


def test_what_rests_comes_back_by_time(filler, filled):
    filler.rows("UPDATE conversation SET snoozed_until = now() - interval '1 second' WHERE tenant_id = :tenant"
                " AND snoozed_until IS NOT NULL RETURNING 1")  # fmt: skip
    assert len(listed(filler, Filter())) == 14
    assert listed(filler, Filter(state=State.SNOOZED)) == []


def test_what_rests_comes_back_at_once_when_the_customer_writes_again(filler):
    box = filler.mailbox()
    held = filler.held(box, thread="t")
    with filler.database.transaction(filler.tenant) as db:
        assert assigning.snooze(db, filler.tenant, [held.conversation], until=LATER, member=filler.member)
    assert listed(filler, Filter()) == []
    filler.store(box, MESSAGE, thread="t", direction="out", state="noted")
    assert listed(filler, Filter()) == []
    filler.store(box, MESSAGE, thread="t")
    assert [row.decision for row in listed(filler, Filter())] == [held.decision]


def test_a_new_mail_of_a_conversation_is_its_assignees_too(filler, tom):
    box = filler.mailbox()
    first = filler.held(box, thread="t")
    with filler.database.transaction(filler.tenant) as db:
        assert assigning.assign(db, filler.tenant, [first.conversation], assignee=tom, member=tom)
        assert assigning.assign(db, filler.tenant, [first.conversation], assignee=tom, member=tom) == []
    filler.held(box, thread="t")
    assert [row.assignee for row in listed(filler, Filter(assignee=str(tom)))] == ["Tom", "Tom"]
    with filler.database.transaction(filler.tenant) as db:
        assigning.assign(db, filler.tenant, [first.conversation], assignee=None, member=tom)
    assert len(listed(filler, Filter(assignee="nobody"))) == 2


def test_nobody_is_given_what_they_cannot_answer(filler, database):
    held = filler.held(filler.mailbox())
    with database.transaction(filler.tenant) as db:
        viewer = members.add(db, filler.tenant, email="v@lumen.example", name="V", password_hash="x", role="viewer")
        with pytest.raises(BadInput):
            assigning.assign(db, filler.tenant, [held.conversation], assignee=viewer, member=filler.member)


def test_a_reply_that_could_not_leave_waits_again_for_its_assignee_and_rests_no_more(filler, tom):
    held = filler.held(filler.mailbox())
    with filler.database.transaction(filler.tenant) as db:
        assigning.assign(db, filler.tenant, [held.conversation], assignee=tom, member=tom)
        assigning.snooze(db, filler.tenant, [held.conversation], until=LATER, member=tom)
        assert desk.send(db, filler.tenant, held.decision, member=tom, text_to_send="Yes.", reference="ABC234")
    filler.rows("UPDATE decision SET settled_at = NULL, settlement = NULL, reason = 'It could not be sent.'"
                " WHERE tenant_id = :tenant RETURNING 1")  # fmt: skip
    assert [row.assignee for row in listed(filler, Filter(kind="trouble"))] == ["Tom"]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("The writer asks for a person.", "person"),
        ("It contains a threat (legal): a person decides.", "threat"),
        ("Not enough checked mail yet to answer questions by itself: 3 of 45.", "unsure"),
        ("It is not clear what it is about (61% question).", "unsure"),
        ("The sender may be forged.", "sender"),
        ("Answering by itself is paused.", "limits"),
        ("3 automatic replies in this conversation already.", "limits"),
        ("Gmail never confirmed whether this reply left.", "trouble"),
        ("The knowledge base does not answer it.", "answer"),
    ],
)
def test_a_reason_is_found_under_its_kind(filler, reason, kind):
    filler.decide(filler.store(filler.mailbox(), MESSAGE), Decision.hold(reason), UNDERSTANDING)
    assert [row.reason for row in listed(filler, Filter(kind=kind))] == [reason]


def test_what_was_dismissed_waits_again_with_its_draft(filler):
    held = filler.held(filler.mailbox())
    with filler.database.transaction(filler.tenant) as db:
        assert not closing.reopen(db, filler.tenant, held.conversation, member=filler.member)
        assert closing.close(db, filler.tenant, held.conversation, member=filler.member) == 1
        assert closing.close(db, filler.tenant, held.conversation, member=filler.member) == 0
    assert listed(filler, Filter()) == []
    with filler.database.transaction(filler.tenant) as db:
        assert closing.reopen(db, filler.tenant, held.conversation, member=filler.member)
    assert [row.decision for row in listed(filler, Filter())] == [held.decision]
    assert [row.state for row in filler.rows("SELECT state FROM outbox WHERE tenant_id = :tenant")] == ["held"]


def test_what_was_answered_is_not_opened_again(filler):
    made = filler.answered_by_hand(filler.mailbox())
    [row] = filler.rows("SELECT conversation_id FROM outbox WHERE id = :id AND tenant_id = :tenant", id=made)
    with filler.database.transaction(filler.tenant) as db:
        assert not closing.reopen(db, filler.tenant, row.conversation_id, member=filler.member)


def test_acts_on_many_leave_out_what_was_settled_meanwhile(filler):
    box = filler.mailbox()
    first, second = filler.held(box), filler.held(box)
    with filler.database.transaction(filler.tenant) as db:
        desk.dismiss(db, filler.tenant, first.decision, member=filler.member)
        assert bulk.dismiss(db, filler.tenant, first.decision, member=filler.member) == "gone"
        assert bulk.say(db, filler.tenant, first.decision, member=filler.member, category=Category.OTHER) == "gone"
        same = bulk.say(db, filler.tenant, second.decision, member=filler.member, category=Category.QUESTION)
        again = bulk.say(db, filler.tenant, second.decision, member=filler.member, category=Category.OTHER)
    assert (same, again) == ("same", "done")
    assert [row.scope for row in filler.rows("SELECT scope FROM correction WHERE deleted_at IS NULL")] == ["mail"]


def test_a_view_is_kept_under_its_name_and_replaced_by_it(filler, tom):
    with filler.database.transaction(filler.tenant) as db:
        for words in ("category=refund", "category=other"):
            views.save(db, filler.tenant, member=tom, name="Mine", filter_=words, shared=False)
        shared = views.save(db, filler.tenant, member=filler.member, name="All", filter_="language=de", shared=True)
        assert [(one.name, one.filter, one.own) for one in views.every(db, filler.tenant, tom)] == [
            ("Mine", "category=other", True), ("All", "language=de", False),
        ]  # fmt: skip
        assert [one.name for one in views.every(db, filler.tenant, filler.member)] == ["All"]
        assert not views.remove(db, filler.tenant, shared, member=tom, manages=False)
        assert views.remove(db, filler.tenant, shared, member=tom, manages=True)
        with pytest.raises(BadInput):
            views.save(db, filler.tenant, member=tom, name="", filter_="", shared=False)


def pour(filler, settled_by=None):
    """3,000 held mails, with long reasons; where somebody settled them, one of ten went to Gmail, the others away."""
    filler.held(filler.mailbox(), replace(MESSAGE, sender=Address("a@b.example")))
    with filler.database.transaction(filler.tenant) as db:
        db.execute(
            text("""
                WITH mail AS (
                    INSERT INTO message (tenant_id, id, mailbox_id, conversation_id, gmail_id, thread_id, direction)
                    SELECT tenant_id, gen_random_uuid(), mailbox_id, conversation_id, 'deep' || n, 'deep' || n, 'in'
                    FROM message, generate_series(1, 3000) n WHERE tenant_id = :tenant RETURNING *
                )
                INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, settled_at,
                    settlement, settled_by)
                SELECT tenant_id, gen_random_uuid(), id, conversation_id, 'hold', repeat('x', 1000),
                    CASE WHEN :by IS NOT NULL THEN now() END,
                    CASE WHEN :by IS NULL THEN NULL WHEN gmail_id LIKE '%1' THEN 'gmail_draft' ELSE 'dismissed' END, :by
                FROM mail
            """).bindparams(bindparam("by", type_=Uuid)),
            {"tenant": filler.tenant, "by": settled_by},
        )


def test_a_deep_page_walks_the_index_from_where_it_is(filler, owner):
    pour(filler)
    owner.execute(text("ANALYZE decision"))
    owner.commit()
    with filler.database.transaction(filler.tenant) as db:
        after = queue.ids(db, filler.tenant, Filter(), limit=2000)[-1]
        values = {"tenant": filler.tenant, "rank": -1, "at": datetime.now(UTC), "id": after, "limit": 51}
        question = queue.statement(State.WAITING, ("after",))
        plan = db.execute(text("EXPLAIN " + question.element.text), values).scalars().all()
    assert any("Index Only Scan using decision_queue" in line for line in plan), plan
    [condition] = [line for line in plan if "Index Cond" in line and "queue_rank" in line]
    assert "created_at" in condition


def test_the_replies_of_a_day_are_counted_in_an_index_alone(database, filler):
    with database.transaction(filler.tenant) as db:
        db.execute(text("SET LOCAL enable_seqscan = off"))
        db.execute(text("SET LOCAL enable_bitmapscan = off"))
        asked = {"tenant": filler.tenant, "held": 0}
        plan = db.execute(text("EXPLAIN " + desk._TODAY.text), asked).scalars().all()
    # In a table without rows the machine's may be counted by another index that is empty as well.
    assert any("Index Only Scan using outbox_sent" in line for line in plan), plan


def test_what_people_settled_in_a_day_is_counted_in_an_index_alone_however_much_it_is(filler, owner):
    """Where a quarter of a large table was dismissed, Postgres would rather read all of it, for each page."""
    pour(filler, settled_by=filler.member)
    owner.commit()
    vacuuming = owner.execution_options(isolation_level="AUTOCOMMIT")

    def all_can_be_seen() -> bool:
        """Not before its commit is on the disk, which in tests comes a moment later."""
        vacuuming.execute(text("VACUUM ANALYZE decision"))
        pages = vacuuming.execute(text("SELECT relallvisible, relpages FROM pg_class WHERE relname = 'decision'")).one()
        return pages.relallvisible == pages.relpages

    until(all_can_be_seen)
    with filler.database.transaction(filler.tenant) as db:
        plan = db.execute(text("EXPLAIN " + desk._TODAY.text), {"tenant": filler.tenant, "held": 0}).scalars().all()
        today = desk.today(db, filler.tenant)
        people = db.execute(text("EXPLAIN " + desk._HANDLED_BY.text), {"tenant": filler.tenant}).scalars().all()
    assert (today.dismissed, today.to_gmail) == (2700, 300)
    for lines in (plan, people):
        assert any("Index Only Scan using decision_settled" in line for line in lines), "\n".join(lines)
