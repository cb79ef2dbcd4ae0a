"""A reply that can be undone leaves after its seconds, once, or never; what leaves by itself does not wait."""

import threading

import pytest

from domain.delivery import EffectState
from storage import desk, undo
from storage.due import Kind
from storage.references import new_reference
from tests.support.pipeline import Shop


@pytest.fixture
def shop(shop) -> Shop:
    with shop.services.database.transaction(shop.tenant) as db:
        undo.set_seconds(db, shop.tenant, 60)
    return shop


def asked(shop) -> None:
    shop.settle()
    shop.write("question: do you sell boats?", "Boats")
    shop.sync_and_settle()


def released(shop, words: str = "We do.") -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        decision = db.exec_driver_sql("SELECT id FROM decision").scalar()
        assert desk.send(
            db, shop.tenant, decision, member=shop.workspace.owner, text_to_send=words, reference=new_reference()
        )


def taken_back(shop) -> bool:
    with shop.services.database.transaction(shop.tenant) as db:
        decision = db.exec_driver_sql("SELECT id FROM decision").scalar()
        return undo.take_back(db, shop.tenant, decision, member=shop.workspace.owner)


def its_seconds_pass(shop) -> None:
    shop.change("UPDATE outbox SET next_at = now()")


def state(shop) -> str:
    return shop.one("SELECT state FROM outbox")


def test_it_leaves_after_its_seconds_and_not_before(shop):
    asked(shop)
    released(shop)
    shop.settle()
    assert (state(shop), shop.received()) == (EffectState.PENDING, [])
    its_seconds_pass(shop)
    shop.settle()
    assert (state(shop), len(shop.received())) == (EffectState.SENT, 1)
    assert not taken_back(shop)
    assert state(shop) == EffectState.SENT


def test_what_was_undone_never_leaves_until_it_is_released_again(shop):
    asked(shop)
    released(shop, "We do not.")
    assert taken_back(shop)
    shop.settle_over_time(3)
    assert (state(shop), shop.received(), shop.google.calls("drafts.create")) == (EffectState.HELD, [], [])
    released(shop, "We do.")
    its_seconds_pass(shop)
    shop.settle()
    (mail,) = shop.received()
    assert "We do." in mail.letter.raw.decode()


def test_what_gmail_did_not_take_at_once_cannot_be_undone_any_more(shop):
    """A draft of it may lie in Gmail: it was begun."""
    asked(shop)
    released(shop)
    its_seconds_pass(shop)
    shop.google.fault("drafts.create", "503_after")
    shop.run(Kind.DELIVER)
    assert not taken_back(shop)
    shop.settle_over_time(3)
    assert (state(shop), len(shop.received())) == (EffectState.SENT, 1)


def test_what_leaves_by_itself_does_not_wait(shop):
    shop.settle()
    shop.write("question: when does my parcel come?", "Parcel")
    shop.sync_and_settle()
    assert len(shop.received()) == 1


def test_of_a_worker_and_a_person_at_once_one_has_it(shop):
    """Both begin at the same moment, again and again: it left, or it was undone, and never both."""
    asked(shop)
    ends = []
    for _ in range(6):
        released(shop)
        its_seconds_pass(shop)
        together, undone = threading.Barrier(2), []

        def person(together=together, undone=undone) -> None:
            together.wait()
            undone.append(taken_back(shop))

        thread = threading.Thread(target=person)
        thread.start()
        together.wait()
        shop.run(Kind.DELIVER)
        thread.join()
        ends.append((undone[0], state(shop)))
        if not undone[0]:
            break
    assert set(ends) <= {(True, EffectState.HELD), (False, EffectState.SENT)}
    assert len(shop.received()) == sum(not was_undone for was_undone, _ in ends)
