"""Questions that nothing answered are grouped in the worker, and what a person settled stays settled."""

from datetime import timedelta

import pytest

from storage import desk, due, gap_work, gaps
from storage.due import Kind

LEASE = timedelta(minutes=5)


@pytest.fixture
def asked(shop):
    """Three mails that nothing answers; two of them ask the same."""
    for number, words in enumerate(["question: boats for sale?", "question: boats on sale?", "question: zebra fur!"]):
        shop.write(words, f"Mail {number}", sender="anna@customer.example")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        shop.change("UPDATE mailbox SET next_sync_at = now()")
        shop.run(kind)
    shop.due_again()
    return shop


def every(shop, state="open"):
    with shop.services.database.transaction(shop.tenant) as db:
        return gaps.every(db, shop.tenant, state=state)


def group(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        gap_work.ask(db, shop.tenant)
    shop.due_again()
    return shop.run(Kind.GAPS)


def test_an_unanswered_question_makes_the_grouping_due(asked):
    with asked.services.listener_database.without_tenant() as db:
        assert Kind.GAPS in due.kinds_due(db)
    asked.run(Kind.GAPS)
    assert sum(gap.n for gap in every(asked)) == 3
    assert {example.text for gap in every(asked) for example in gap.examples} >= {"question: zebra fur!"}


def test_an_answered_question_is_no_gap(shop):
    shop.write("question: my parcel?", "Parcel")
    shop.sync_and_settle()
    assert group(shop) == 1
    assert every(shop) == []


def test_a_group_keeps_its_name_when_it_is_made_anew(asked):
    group(asked)
    before = {gap.id for gap in every(asked)}
    group(asked)
    assert {gap.id for gap in every(asked)} == before


def test_a_question_that_stands_where_it_stood_is_not_written_again(asked):
    group(asked)
    written = "SELECT string_agg(xmin::text, ' ' ORDER BY message_id) FROM gap_question"
    gaps_written = "SELECT string_agg(xmin::text, ' ' ORDER BY id) FROM gap"
    before = asked.one(written), asked.one(gaps_written)
    group(asked)
    assert (asked.one(written), asked.one(gaps_written)) == before
    asked.change("UPDATE gap_question SET place = 7")
    group(asked)
    assert asked.one("SELECT max(place) FROM gap_question") < 7


def test_what_a_person_dismissed_stays_dismissed(asked):
    group(asked)
    dismissed = every(asked)[0]
    with asked.services.database.transaction(asked.tenant) as db:
        assert gaps.settle(db, asked.tenant, dismissed.id, member=asked.workspace.owner, state="dismissed")
        assert not gaps.settle(db, asked.tenant, dismissed.id, member=asked.workspace.owner, state="dismissed")
    group(asked)
    assert dismissed.id not in {gap.id for gap in every(asked)}
    assert [gap.id for gap in every(asked, "dismissed")] == [dismissed.id]


def test_a_worker_that_lost_its_lease_writes_nothing(asked):
    with asked.services.database.transaction(asked.tenant) as db:
        gap_work.ask(db, asked.tenant)
    asked.due_again()
    with asked.services.database.transaction(asked.tenant) as db:
        slow = gap_work.claim(db, asked.tenant, timedelta(0))
    asked.due_again()
    with asked.services.database.transaction(asked.tenant) as db:
        quick = gap_work.claim(db, asked.tenant, LEASE)
        assert not gap_work.finish(db, slow)
        assert gap_work.finish(db, quick)
    assert asked.run(Kind.GAPS) == 0


def test_a_reply_by_a_person_stands_with_the_question(asked):
    group(asked)
    held = asked.one(
        "SELECT d.id FROM decision d JOIN message m ON m.id = d.message_id WHERE m.subject = 'Mail 2' AND d.is_current"
    )
    with asked.services.database.transaction(asked.tenant) as db:
        words = "Dear Anna, zebras keep their fur. Kind regards"
        assert desk.send(db, asked.tenant, held, member=asked.workspace.owner, text_to_send=words, reference="ABC234")
    asked.settle()
    zebra = next(gap for gap in every(asked) if "zebra" in gap.examples[0].text)
    assert zebra.answered_by_hand == 1
    assert zebra.examples[0].reply == "Dear Anna, zebras keep their fur. Kind regards"
    assert "anna" in {name.lower() for name in zebra.examples[0].names}
