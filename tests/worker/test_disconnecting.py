"""A mailbox is disconnected while its mail is on the way, and perhaps connected again: nobody is left in the dark."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from domain.bridging import Mode
from domain.category import Category
from domain.delivery import Gate
from storage import mailboxes, outbox, reclassify
from storage.due import Kind
from storage.reclassify import Outcome
from tests.support import pipeline
from tests.support.pipeline import Shop
from tests.support.proof import ask, confirm, link_in, mailed, proving_shop
from tests.support.ticketing import ORDER, Bridged, running_ticketing
from tests.support.waiting import until
from worker.tickets import LOOKS

BOATS = "question: do you sell boats?"


@pytest.fixture
def proving(settings, workspace):
    with proving_shop(settings, workspace) as shop:
        yield shop


@pytest.fixture(scope="module")
def outside():
    with running_ticketing() as system:
        yield system


@pytest.fixture
def bridge(shop, outside):
    """A workspace whose replies leave by their tickets."""
    outside.reset()
    bridge = Bridged(shop, outside)
    bridge.connect(Mode.TICKET_ONLY)
    return bridge


def disconnect(shop: Shop) -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        assert mailboxes.disconnect(db, shop.tenant, shop.mailbox)


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
