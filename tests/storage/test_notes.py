"""Notes of members on a conversation, and who has taken it over: what is kept, what goes, and what is recorded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.errors import BadInput
from domain.message import Address
from storage import assigning, customer_data, erasure, machine_view, members, notes, retention, taking_over
from tests.web.filling import MESSAGE, Filler, Held

ANNA = "anna@example.org"


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


@pytest.fixture
def held(filler: Filler) -> Held:
    return filler.held(filler.mailbox())


def write(filler: Filler, held: Held, words: str = "Look at her last order."):
    with filler.database.transaction(filler.tenant) as db:
        return notes.write(db, filler.tenant, held.conversation, member=filler.member, words=words)


def written(filler: Filler, held: Held) -> list[str]:
    with filler.database.transaction(filler.tenant) as db:
        return [one.text for one in notes.of_conversation(db, filler.tenant, held.conversation)]


def age(filler: Filler, held: Held, span: timedelta) -> None:
    filler.rows(
        "UPDATE note SET written_at = :at WHERE tenant_id = :tenant AND conversation_id = :c RETURNING 1",
        at=datetime.now(UTC) - span,
        c=held.conversation,
    )


def recorded(filler: Filler) -> list[str]:
    return [row.kind for row in filler.rows("SELECT kind FROM event WHERE tenant_id = :tenant ORDER BY id")]


def test_notes_stand_in_their_order_with_who_wrote_them(filler: Filler, held: Held) -> None:
    write(filler, held, "First.")
    write(filler, held, "Second.")
    with filler.database.transaction(filler.tenant) as db:
        found = notes.of_conversation(db, filler.tenant, held.conversation)
    assert [(one.text, one.name, one.author, one.fresh) for one in found] == [
        ("First.", "Olivia Owner", filler.member, True), ("Second.", "Olivia Owner", filler.member, True),
    ]  # fmt: skip
    assert recorded(filler)[-2:] == ["note_written", "note_written"]
    assert "First." not in str(filler.rows("SELECT * FROM event WHERE tenant_id = :tenant"))


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 5001])
def test_a_note_without_words_or_with_too_many_is_not_kept(filler: Filler, held: Held, words: str) -> None:
    with pytest.raises(BadInput, match="between 1 and 5,000"):
        write(filler, held, words)
    assert written(filler, held) == []


def test_a_note_on_no_conversation_is_none(filler: Filler, held: Held) -> None:
    assert write(filler, replace(held, conversation=uuid4())) is None


def test_own_notes_are_taken_back_within_the_hour_and_nobody_elses(filler: Filler, held: Held) -> None:
    note = write(filler, held)
    with filler.database.transaction(filler.tenant) as db:
        tom = members.add(db, filler.tenant, email="t@x.example", name="Tom", password_hash="x", role="agent")
        assert not notes.take_back(db, filler.tenant, note, member=tom)
    age(filler, held, timedelta(minutes=61))
    with filler.database.transaction(filler.tenant) as db:
        assert not notes.take_back(db, filler.tenant, note, member=filler.member)
    assert len(written(filler, held)) == 1
    age(filler, held, timedelta(minutes=59))
    with filler.database.transaction(filler.tenant) as db:
        assert notes.take_back(db, filler.tenant, note, member=filler.member)
        assert not notes.take_back(db, filler.tenant, note, member=filler.member)
    assert written(filler, held) == []
    assert recorded(filler)[-1] == "note_taken_back"


def test_notes_are_in_the_copy_of_a_customers_data_and_go_with_them(filler: Filler, held: Held) -> None:
    other = filler.held(filler.mailbox(), replace(MESSAGE, sender=Address("ben@other.example")))
    write(filler, held)
    write(filler, other, "About Ben.")
    with filler.database.transaction(filler.tenant) as db:
        [row] = customer_data.rows(db, filler.tenant, ANNA)["notes"]
        assert row["text"] == "Look at her last order."
        counts = erasure.erase(db, filler.tenant, ANNA, actor="x")
    assert counts["notes"] == 1
    assert (written(filler, held), written(filler, other)) == ([], ["About Ben."])


def test_an_old_note_goes_when_nothing_of_its_conversation_waits(filler: Filler, held: Held) -> None:
    done = filler.released(filler.mailbox(), message=replace(MESSAGE, rfc_message_id="<2@example.org>"))
    write(filler, held)
    write(filler, done)
    for one in (held, done):
        age(filler, one, timedelta(days=100))
    with filler.database.transaction(filler.tenant) as db:
        assert retention.forget(db, filler.tenant) == 0, "kept until somebody says otherwise"
        retention.set_days(db, filler.tenant, 90, actor="x")
        assert retention.forget(db, filler.tenant) == 1
        assert retention.forget(db, filler.tenant) == 0
    assert (len(written(filler, held)), len(written(filler, done))) == (1, 0)


def test_whoever_takes_a_conversation_over_has_it_and_the_record_knows(filler: Filler, held: Held) -> None:
    with filler.database.transaction(filler.tenant) as db:
        values = {"member": filler.member}
        assert taking_over.take_over(db, filler.tenant, held.conversation, **values)
        assert not taking_over.take_over(db, filler.tenant, held.conversation, **values)
        taken = taking_over.of(db, filler.tenant, held.conversation)
        assert (taken.member, taken.name) == (filler.member, "Olivia Owner")
        assert assigning.of(db, filler.tenant, held.conversation).assignee == filler.member
        assert taking_over.objection(db, filler.tenant, held.decision) == (
            "Olivia Owner has taken this conversation over."
        )
        assert taking_over.give_back(db, filler.tenant, held.conversation, **values)
        assert not taking_over.give_back(db, filler.tenant, held.conversation, **values)
        assert taking_over.objection(db, filler.tenant, held.decision) == ""
    kinds = recorded(filler)
    assert kinds[-3:] == ["conversation_assigned", "conversation_taken_over", "conversation_given_back"]


def test_a_conversation_stays_taken_over_when_its_member_is_there_no_more(filler: Filler, held: Held) -> None:
    with filler.database.transaction(filler.tenant) as db:
        tom = members.add(db, filler.tenant, email="t@x.example", name="Tom", password_hash="x", role="agent")
        taking_over.take_over(db, filler.tenant, held.conversation, member=tom)
    filler.rows("DELETE FROM member WHERE tenant_id = :tenant AND id = :tom RETURNING 1", tom=tom)
    with filler.database.transaction(filler.tenant) as db:
        assert taking_over.of(db, filler.tenant, held.conversation).name == "Somebody"
        assert taking_over.objection(db, filler.tenant, held.decision) == "Somebody has taken this conversation over."


def test_what_is_stored_of_a_decision_is_given_as_it_stands(filler: Filler, held: Held) -> None:
    with filler.database.transaction(filler.tenant) as db:
        stored = machine_view.of_decision(db, filler.tenant, held.decision)
    assert stored.understanding["category"] == "question"
    assert stored.parsed["subject"] == MESSAGE.subject
    assert "html" not in stored.parsed
    assert (len(stored.checks), len(stored.citations), stored.answer["method"]) == (2, 1, "quoted")
    assert (stored.by, stored.size, stored.tried) == ("local models", 3, ())
