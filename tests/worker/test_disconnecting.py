"""A mailbox is disconnected while its mail is on the way, and perhaps connected again: nobody is left in the dark."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection

from domain.bridging import Mode
from domain.category import Category
from domain.decision import Decision, Reply
from domain.delivery import Gate
from domain.errors import BadInput
from domain.mailbox import Added
from domain.understanding import Understanding
from storage import decisions, desk, disconnecting, messages, outbox, reclassify, settling, sync
from storage.due import Kind
from storage.reclassify import Outcome
from storage.references import new_reference
from tests.support import pipeline
from tests.support.pipeline import Shop
from tests.support.proof import ask, confirm, link_in, mailed, proving_shop
from tests.support.ticketing import ORDER, Bridged
from tests.support.waiting import until
from worker import process, sending
from worker.tickets import LOOKS

PARCEL = "question: when does my parcel come?"
BOATS = "question: do you sell boats?"


@pytest.fixture
def proving(settings, workspace):
    with proving_shop(settings, workspace) as shop:
        yield shop


@pytest.fixture
def bridge(unbridged):
    """A workspace whose replies leave by their tickets."""
    unbridged.connect(Mode.TICKET_ONLY)
    return unbridged


def disconnect(shop: Shop) -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        assert disconnecting.disconnect(db, shop.tenant, shop.mailbox)


def connect(shop: Shop) -> None:
    assert pipeline.connect_mailbox(shop.google, shop.services, shop.workspace) == shop.mailbox


def waiting(shop: Shop) -> list[str]:
    """Why the mails in the queue wait there."""
    return [
        row.reason
        for row in shop.rows(
            "SELECT reason FROM decision WHERE is_current AND disposition = 'hold' AND settled_at IS NULL"
        )
    ]


def say(shop: Shop, category: Category) -> Outcome:
    decision = shop.one("SELECT id FROM decision WHERE is_current")
    with shop.services.database.transaction(shop.tenant) as db:
        return reclassify.correct(
            db, shop.tenant, decision, member=shop.workspace.owner, category=category, sub_intent="", learn=False
        )


@pytest.mark.parametrize(
    ("text", "category"),
    [
        (BOATS, Category.REFUND),
        (BOATS, Category.OTHER),
        (BOATS, Category.SUPPLIER),
        ("other: when does my parcel come?", Category.QUESTION),
    ],
)
def test_what_a_person_says_a_mail_is_about_waits_for_them_though_its_mailbox_was_connected_anew(shop, text, category):
    shop.settle()
    shop.write(text)
    shop.sync_and_settle()
    disconnect(shop)
    connect(shop)
    assert say(shop, category) is Outcome.AGAIN
    shop.settle_over_time(2)
    assert len(waiting(shop)) == 1
    assert shop.one("SELECT category FROM decision WHERE is_current") == category
    assert shop.received() == []


def test_what_a_customer_confirms_by_a_link_waits_for_a_person_though_the_mailbox_was_connected_anew(proving):
    ask(proving)
    disconnect(proving)
    connect(proving)
    assert confirm(proving, link_in(proving, mailed(proving)[0]))
    proving.settle_over_time(2)
    assert waiting(proving) == ["The customer confirmed by the link that was mailed to them; a person approves."]


def handed_to_its_ticket(bridge: Bridged) -> None:
    """A reply was decided, and its words wait for their ticket."""
    bridge.fault("login", "500_before", times=3)
    bridge.shop.write(f"question: Where is the parcel of {ORDER} ?", "My order")
    bridge.shop.sync_and_settle()
    assert ends(bridge) == ("waiting", "pending")


def ends(bridge: Bridged) -> tuple[str, str]:
    """Where the reply stands, and its words."""
    see = "SELECT o.state, w.state AS words FROM outbox o JOIN ticket_words w ON w.reply_id = o.id"
    (row,) = bridge.shop.rows(see)
    return row.state, row.words


def test_a_reply_that_was_handed_to_its_ticket_leaves_by_it_without_the_mailbox_and_is_nobodys(bridge):
    handed_to_its_ticket(bridge)
    disconnect(bridge.shop)
    assert (ends(bridge), waiting(bridge.shop)) == (("waiting", "pending"), [])
    bridge.later(5)
    assert (ends(bridge), waiting(bridge.shop)) == (("sent", "done"), [])
    assert bridge.calls().count("customer") == 1
    connect(bridge.shop)
    bridge.shop.settle_over_time(2)
    assert bridge.calls().count("customer") == 1
    assert bridge.shop.received() == []


def answering_is_paused(bridge: Bridged) -> None:
    bridge.shop.change("UPDATE tenant SET answering = false")


def the_order_is_unknown(bridge: Bridged) -> None:
    bridge.desk.orders.clear()


def the_system_is_disconnected(bridge: Bridged) -> None:
    bridge.shop.change("DELETE FROM ticketing")


def the_system_refuses_the_words(bridge: Bridged) -> None:
    bridge.fault("customer", "404", times=1000)


def the_system_never_says_whether_it_took_them(bridge: Bridged) -> None:
    bridge.fault("customer", "500_before")


@pytest.mark.parametrize("is_connected", [False, True], ids=["disconnected", "connected anew"])
@pytest.mark.parametrize(
    ("happens", "end"),
    [
        (answering_is_paused, ("held", "held")),
        (the_order_is_unknown, ("held", "held")),
        (the_system_is_disconnected, ("held", "held")),
        (the_system_refuses_the_words, ("failed", "refused")),
        (the_system_never_says_whether_it_took_them, ("needs_person", "needs_person")),
    ],
)
def test_what_its_ticket_does_not_take_is_a_persons_whatever_became_of_the_mailbox(bridge, happens, end, is_connected):
    handed_to_its_ticket(bridge)
    disconnect(bridge.shop)
    if is_connected:
        connect(bridge.shop)
    happens(bridge)
    bridge.later(len(LOOKS) + 4)
    assert ends(bridge) == end
    assert len(waiting(bridge.shop)) == 1
    bridge.shop.settle_over_time(2)
    assert (bridge.calls().count("customer"), bridge.shop.received()) == (0, [])


def test_what_a_worker_is_just_handing_to_its_ticket_is_not_taken_from_it(bridge):
    """The disconnecting waits for the worker, and then sees the words that it wrote."""
    shop = bridge.shop
    shop.settle()
    shop.write(f"question: Where is the parcel of {ORDER} ?", "My order")
    shop.fetch()
    shop.run(Kind.PROCESS)
    (effect,) = shop.claim_outbox()
    with ThreadPoolExecutor(1) as pool:
        with shop.services.database.transaction(shop.tenant) as db:
            assert outbox.hand_to_ticket(db, effect, sight=timedelta(hours=1)) == (Gate.OPEN, "")
            late = pool.submit(disconnect, shop)
            until(lambda: shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        late.result()
    assert (ends(bridge), waiting(shop)) == (("waiting", "pending"), [])
    bridge.later(2)
    assert (ends(bridge), waiting(shop)) == (("sent", "done"), [])


def decided(shop: Shop) -> None:
    """A mail came in, and its reply waits in the outbox."""
    read(shop)
    shop.run(Kind.PROCESS)
    assert shop.one("SELECT state FROM outbox") == "pending"


def read(shop: Shop) -> None:
    """A mail came in that can be answered, and nobody has decided about it yet."""
    shop.settle()
    shop.write(PARCEL)
    shop.fetch()


def test_what_was_thought_while_the_mailbox_was_disconnected_is_decided_anew_and_waits_for_a_person(shop, monkeypatch):
    read(shop)
    write_all = process.write_all

    def too_late(*given) -> None:
        disconnect(shop)
        write_all(*given)

    with monkeypatch.context() as patched:
        patched.setattr(process, "write_all", too_late)
        shop.run(Kind.PROCESS)
    assert shop.rows("SELECT FROM decision") == []
    shop.settle()
    assert waiting(shop) == ["Answering by itself is paused."]
    connect(shop)
    shop.settle_over_time(2)
    assert (shop.one("SELECT state FROM outbox"), shop.received()) == ("held", [])
    assert len(waiting(shop)) == 1
    assert send(shop)
    shop.settle_over_time(2)
    assert len(shop.received()) == 1


def test_what_a_worker_finds_in_a_mailbox_that_was_disconnected_meanwhile_is_not_kept(shop):
    """It was listing the mailbox, and nothing would ever fetch what it found."""
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    with shop.services.database.transaction(shop.tenant) as db:
        cursor = sync.claim(db, shop.tenant, timedelta(minutes=2))
    disconnect(shop)
    found = [Added("m1", "t1", ("INBOX",))]
    with shop.services.database.transaction(shop.tenant) as db:
        assert not sync.advance(db, cursor, found, state="live", history_id=1)
    assert shop.rows("SELECT FROM message") == []


def test_who_disconnects_while_a_decision_is_written_waits_for_it_and_finds_its_reply(shop):
    read(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        (mail,) = messages.claim_fetched(db, shop.tenant, limit=1, lease=timedelta(minutes=2))
    reply = Reply(mail.message.sender, "Re: Parcel", "Tomorrow.")
    with ThreadPoolExecutor(1) as pool:
        with shop.services.database.transaction(shop.tenant) as db:
            assert decisions.record(db, mail.claim, Decision.release("It is known.", reply), Understanding("When?"))
            late = pool.submit(disconnect, shop)
            until(lambda: shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        late.result()
    assert waiting(shop) == [disconnecting.NOT_LEFT]
    assert shop.one("SELECT state FROM outbox") == "held"


def send(shop: Shop) -> bool:
    """A person answers the mail that waits, and the reply leaves in some seconds."""
    with shop.services.database.transaction(shop.tenant) as db:
        return _send(db, shop, shop.one("SELECT id FROM decision WHERE is_current"))


def _send(db: Connection, shop: Shop, decision: UUID) -> bool:
    return desk.send(
        db, shop.tenant, decision, member=shop.workspace.owner, text_to_send="We do.", reference=new_reference()
    )


def held(shop: Shop) -> UUID:
    """A mail came in that waits for a person."""
    shop.settle()
    shop.write(BOATS)
    shop.sync_and_settle()
    assert len(waiting(shop)) == 1
    found: UUID = shop.one("SELECT id FROM decision")
    return found


def test_who_disconnects_while_a_person_sends_waits_for_them_and_finds_their_reply(shop):
    decision = held(shop)
    with ThreadPoolExecutor(1) as pool:
        with shop.services.database.transaction(shop.tenant) as db:
            assert _send(db, shop, decision)
            late = pool.submit(disconnect, shop)
            until(lambda: shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        late.result()
    assert waiting(shop) == [disconnecting.NOT_LEFT]
    assert shop.one("SELECT state FROM outbox") == "held"


def test_who_sends_while_somebody_disconnects_waits_and_is_told_so(shop):
    held(shop)
    with ThreadPoolExecutor(1) as pool:
        with shop.services.database.transaction(shop.tenant) as db:
            assert disconnecting.disconnect(db, shop.tenant, shop.mailbox)
            late = pool.submit(send, shop)
            until(lambda: shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        with pytest.raises(BadInput, match="is disconnected"):
            late.result()
    assert len(waiting(shop)) == 1


def test_a_person_at_a_mail_and_who_disconnects_never_wait_for_each_other_in_a_circle(shop):
    """A second mail of the same decision is still to leave, so that the disconnecting wants its row, too."""
    decision = held(shop)
    shop.change(
        "INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, thread_id, automatic,"
        " recipient, subject, text, draft_text, reference, state) SELECT tenant_id, gen_random_uuid(), id, 7,"
        " 'identity', message_id, %s, '', true, 'owner@home.example', '', '', '', 'ABC234', 'pending' FROM decision",
        shop.mailbox,
    )
    with ThreadPoolExecutor(1) as pool:
        with shop.services.database.transaction(shop.tenant) as db:
            assert settling.lock(db, shop.tenant, decision)
            late = pool.submit(disconnect, shop)
            until(lambda: shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
            assert _send(db, shop, decision)
        late.result()
    assert waiting(shop) == [disconnecting.NOT_LEFT]


def test_of_two_who_disconnect_at_once_one_does(shop):
    decided(shop)
    with ThreadPoolExecutor(1) as pool, shop.services.database.transaction(shop.tenant) as other:
        with shop.services.database.transaction(shop.tenant) as db:
            assert disconnecting.disconnect(db, shop.tenant, shop.mailbox)
            late = pool.submit(disconnecting.disconnect, other, shop.tenant, shop.mailbox)
            until(lambda: shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        assert not late.result()
    assert waiting(shop) == [disconnecting.NOT_LEFT]
    assert shop.one("SELECT count(*) FROM revocation") == 1


def handed_over_while_somebody_disconnects(shop: Shop, fault: str, **more: object) -> None:
    """A person's reply is just being sent, and Gmail answers it with a fault after the mailbox is gone."""
    held(shop)
    assert send(shop)
    shop.change("UPDATE outbox SET next_at = now()")
    (effect,) = shop.claim_outbox()
    with shop.services.open_mailbox(shop.tenant, shop.mailbox) as gmail:
        draft = sending.draft(shop.services, gmail.outgoing, effect)
        with shop.services.database.transaction(shop.tenant) as db:
            assert outbox.begin_sending(db, effect, sight=timedelta(hours=1)) == (Gate.OPEN, "")
        disconnect(shop)
        shop.google.fault("drafts.send", fault, **more)
        sending.hand_over(shop.services, gmail.outgoing, effect, draft)


@pytest.mark.parametrize("fault", ["503_before", "429", "404"])
def test_a_reply_that_a_disconnecting_left_to_a_person_is_not_taken_up_again_by_who_was_just_sending_it(shop, fault):
    handed_over_while_somebody_disconnects(shop, fault, retry_after=1)
    assert (shop.one("SELECT state FROM outbox"), len(waiting(shop))) == ("needs_person", 1)
    with shop.services.database.transaction(shop.tenant) as db:
        assert desk.dismiss(db, shop.tenant, shop.one("SELECT id FROM decision"), member=shop.workspace.owner)
    connect(shop)
    shop.settle_over_time(4)
    assert (shop.one("SELECT state FROM outbox"), shop.received()) == ("needs_person", [])


def test_a_worker_that_looks_what_became_of_a_reply_leaves_it_to_the_person_who_has_it_by_now(shop):
    held(shop)
    assert send(shop)
    shop.change("UPDATE outbox SET next_at = now()")
    shop.google.fault("drafts.send", "503_before")
    shop.run(Kind.DELIVER)
    shop.change("UPDATE outbox SET next_at = now(), sending_at = now() - interval '5 minutes'")
    (effect,) = shop.claim_outbox()
    assert effect.state == "uncertain"
    with shop.services.open_mailbox(shop.tenant, shop.mailbox) as gmail:
        disconnect(shop)
        sending.carry_out(shop.services, gmail.outgoing, effect)
    assert (shop.one("SELECT state FROM outbox"), len(waiting(shop))) == ("needs_person", 1)
    connect(shop)
    shop.settle_over_time(4)
    assert shop.received() == []
