"""What a member has taken over: the machine sends nothing there by itself, whatever was decided before or after."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from domain.decision import WordsFor
from domain.delivery import EffectState, Gate
from storage import desk, outbox, taking_over
from storage.due import Kind
from storage.references import new_reference
from tests.support.acting import Acting, running_shop
from tests.support.ticketing import Bridged, running_ticketing
from tests.support.waiting import until

PARCEL = "question: when does my parcel come?"
TAKEN = "Olivia Owner has taken this conversation over."


def decided(shop) -> None:
    """A mail came in and its reply waits in the outbox."""
    shop.settle()
    shop.write(PARCEL, "Parcel")
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        while shop.run(kind):
            pass
    assert shop.one("SELECT count(*) FROM outbox WHERE state = 'pending'") == 1


def talk(shop):
    return shop.one(
        "SELECT conversation_id FROM decision WHERE conversation_id IS NOT NULL ORDER BY created_at LIMIT 1"
    )


def take(shop, act=taking_over.take_over) -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        assert act(db, shop.tenant, talk(shop), member=shop.workspace.owner)


def test_a_reply_that_is_in_the_outbox_already_does_not_leave_and_waits_with_the_reason(shop):
    decided(shop)
    take(shop)
    shop.run(Kind.DELIVER)
    assert shop.one("SELECT state FROM outbox") == EffectState.HELD
    [row] = shop.rows("SELECT disposition, reason, reason_kind, settled_at FROM decision")
    assert row == ("hold", TAKEN, "limits", None)
    assert len(shop.google.mailbox("support@shop.example").drafts) == 0
    take(shop, taking_over.give_back)
    shop.settle_over_time(3)
    assert shop.received() == []


def test_a_draft_that_lies_at_gmail_already_is_called_off(shop):
    decided(shop)
    shop.change("UPDATE mailbox SET last_ok_at = now() - interval '2 days'")
    shop.run(Kind.DELIVER)
    assert shop.one("SELECT state FROM outbox") == EffectState.DRAFTED
    take(shop)
    shop.settle_over_time(2)
    assert (shop.one("SELECT state FROM outbox"), shop.received()) == (EffectState.HELD, [])


def test_whoever_takes_over_while_the_worker_is_about_to_send_is_waited_for(shop):
    """Taken over and not yet committed when the gate looks: it waits, and then it is shut."""
    decided(shop)
    (effect,) = shop.claim_outbox()
    shop.change("UPDATE outbox SET state = 'drafted'")
    database = shop.services.database

    def begin() -> tuple[Gate, str]:
        with database.transaction(shop.tenant) as db:
            return outbox.begin_sending(db, effect, sight=timedelta(hours=1))

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(shop.tenant) as db:
            assert taking_over.take_over(db, shop.tenant, talk(shop), member=shop.workspace.owner)
            sending = pool.submit(begin)
            until(lambda: shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        assert sending.result() == (Gate.HOLD, TAKEN)
    assert shop.one("SELECT state FROM outbox") == EffectState.DRAFTED


def test_mail_that_comes_later_is_held_and_answered_again_once_it_is_given_back(shop):
    first = shop.write("question: do you sell boats?", "Parcel")
    shop.sync_and_settle()
    take(shop)

    def write_again() -> str:
        shop.write(PARCEL, "Re: Parcel", references=[first.letter.message_id])
        shop.sync_and_settle()
        assert shop.one("SELECT count(*) FROM conversation") == 1
        return shop.one("SELECT reason FROM decision ORDER BY created_at DESC LIMIT 1")

    assert write_again() == TAKEN
    assert shop.received() == []
    take(shop, taking_over.give_back)
    assert write_again() == "Answered from: Shipping"
    assert len(shop.received()) == 1


def test_what_a_person_approves_there_leaves(shop):
    decided(shop)
    take(shop)
    shop.run(Kind.DELIVER)
    decision = shop.one("SELECT id FROM decision")
    with shop.services.database.transaction(shop.tenant) as db:
        values = {"text_to_send": "On Monday.", "reference": new_reference()}
        assert desk.send(db, shop.tenant, decision, member=shop.workspace.owner, **values)
    shop.settle_over_time(2)
    assert len(shop.received()) == 1


@pytest.fixture(scope="module")
def outside():
    with running_shop() as found:
        yield found


def test_an_order_action_that_nobody_approved_goes_back_to_a_person(shop, outside):
    outside.reset()
    acting = Acting(shop, outside)
    acting.connect()
    found = acting.approved()
    with shop.services.database.transaction(shop.tenant) as db:
        where = shop.one("SELECT conversation_id FROM decision WHERE id = %s", found.decision)
        taking_over.take_over(db, shop.tenant, where, member=shop.workspace.owner)
    acting.run()
    assert (outside.posts, acting.state(found.act), acting.ledger(found.act)) == (
        0, "cancelled", ["promised", "released"],
    )  # fmt: skip
    assert acting.decision(found).reason == TAKEN


def test_a_ticket_carries_notes_and_nothing_to_the_customer_that_nobody_approved(shop):
    shop.write("question: do you sell boats?", "Boats")
    shop.sync_and_settle()
    take(shop)
    with running_ticketing() as system:
        bridge = Bridged(shop, system)
        bridge.connect()
        note = bridge.words(conversation=talk(shop))
        by_machine = bridge.words(WordsFor.CUSTOMER, conversation=talk(shop))
        approved = bridge.words(WordsFor.CUSTOMER, automatic=False, conversation=talk(shop))
        bridge.run()
        bridge.later(2)
    assert [bridge.state(one) for one in (note, by_machine, approved)] == ["done", "held", "done"]
    assert bridge.error(by_machine) == TAKEN
