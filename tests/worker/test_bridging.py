"""The bridge on the whole way of a mail: what goes by Gmail, what by the ticket, and what a person has."""

import pytest

from domain.bridging import SHADOW, Mode
from domain.supplier import Supplier
from storage import by_hand, desk, suppliers
from storage.references import new_reference
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP
from tests.support.ticketing import ORDER, TRACKING, Bridged
from worker.ticket_words import UNKNOWN
from worker.tickets import LOOKS

ASKED = f"question: Where is the parcel of {ORDER} ?"
ANSWER = TRACKING


@pytest.fixture
def bridge(unbridged):
    """Each test connects it in a mode of its own."""
    return unbridged


SHOWN = "It shows parcels.example, which is of the supplier Parcel Service. A person decides."


def ask(bridge, text=ASKED, **more):
    bridge.shop.write(text, "My order", **more)
    bridge.shop.sync_and_settle()
    return decision(bridge)


def decision(bridge):
    return bridge.shop.rows("SELECT * FROM decision WHERE is_current ORDER BY created_at DESC LIMIT 1")[0]


def reply(bridge):
    return bridge.shop.rows("SELECT * FROM outbox ORDER BY created_at DESC LIMIT 1")[0]


def send(bridge, text="As I say.") -> None:
    services, tenant = bridge.shop.services, bridge.shop.tenant
    with services.database.transaction(tenant) as db:
        assert desk.send(
            db, tenant, decision(bridge).id, member=bridge.shop.workspace.owner, text_to_send=text,
            reference=new_reference(),
        )  # fmt: skip
    bridge.shop.sync_and_settle()


def texts(bridge, call: str) -> list[str]:
    return [one["text"] for one in bridge.desk.effects if one["call"] == call]


def test_without_a_system_everything_is_as_before_and_no_ticket_is_written_down(bridge):
    found = ask(bridge)
    assert (found.disposition, found.ticket_id, reply(bridge).state) == ("release", None, "sent")
    assert bridge.shop.rows("SELECT FROM ticket") == bridge.shop.rows("SELECT FROM ticket_words") == []
    assert bridge.desk.calls == []


def test_gmail_with_note_keeps_the_exchange_on_the_ticket_once_the_reply_has_left(bridge):
    bridge.connect()
    found = ask(bridge)
    assert (found.disposition, reply(bridge).state) == ("release", "sent")
    assert bridge.calls() == ["upsert", "internal"]
    (note,) = texts(bridge, "internal")
    assert f"| question: Where is the parcel of {ORDER} ?" in note
    assert ANSWER in note.partition("We answered by mail:")[2]
    assert len(bridge.shop.received()) == 1
    assert bridge.desk.effects[0]["thread"] == str(int(reply(bridge).thread_id, 16))


def test_the_exchange_of_a_held_mail_is_what_the_person_sent(bridge):
    bridge.connect()
    bridge.shop.change("UPDATE shop_order SET as_of = now() - interval '25 hours'")
    assert ask(bridge).disposition == "hold"
    assert bridge.calls() == []
    send(bridge, "No boats, sorry.")
    (note,) = texts(bridge, "internal")
    assert "| No boats, sorry." in note
    assert len(bridge.shop.received()) == 1


def test_a_note_that_waits_for_a_reply_ends_where_none_leaves(bridge):
    bridge.connect()
    bridge.shop.change("UPDATE shop_order SET as_of = now() - interval '25 hours'")
    ask(bridge)
    services, tenant = bridge.shop.services, bridge.shop.tenant
    with services.database.transaction(tenant) as db:
        assert desk.dismiss(db, tenant, decision(bridge).id, member=bridge.shop.workspace.owner)
    bridge.shop.sync_and_settle()
    assert (bridge.one("SELECT state FROM ticket_words"), bridge.desk.calls) == ("cancelled", [])


def test_a_second_mail_of_the_conversation_goes_on_the_same_ticket(bridge):
    bridge.connect()
    ask(bridge)
    ask(bridge)
    # Where the machine stood still for longer than a call may take, the note comes with the next look: still once.
    bridge.shop.settle_over_time(3)
    assert (bridge.made(), len(texts(bridge, "internal"))) == (1, 2)


def test_gmail_only_asks_nothing(bridge):
    bridge.connect(Mode.GMAIL_ONLY)
    assert ask(bridge).disposition == "release"
    assert (reply(bridge).state, bridge.desk.calls) == ("sent", [])


def test_ticket_only_sends_the_reply_by_the_ticket_and_nothing_by_gmail(bridge):
    bridge.connect(Mode.TICKET_ONLY)
    ask(bridge)
    row = reply(bridge)
    assert (row.state, row.sent_gmail_id) == ("sent", None)
    assert bridge.calls() == ["upsert", "customer"]
    effect = bridge.desk.effects[1]
    assert ANSWER in effect["text"]
    assert effect["to"] == "anna@customer.example"
    assert bridge.shop.received() == []


def test_ticket_only_sends_what_a_person_writes_by_the_ticket_too(bridge):
    bridge.connect(Mode.TICKET_ONLY)
    bridge.shop.change("UPDATE shop_order SET as_of = now() - interval '25 hours'")
    assert ask(bridge).disposition == "hold"
    send(bridge, "No boats, sorry.")
    assert texts(bridge, "customer")[0].startswith("No boats, sorry.")
    assert bridge.shop.received() == []


def test_what_a_ticket_certainly_did_not_take_waits_for_a_person_and_leaves_by_gmail_when_the_order_is_unknown(bridge):
    bridge.connect(Mode.TICKET_ONLY)
    bridge.desk.orders.clear()
    found = ask(bridge)
    assert (found.disposition, reply(bridge).state) == ("hold", "held")
    assert "no such sales order" in found.reason
    send(bridge)
    assert (reply(bridge).state, len(bridge.shop.received())) == ("sent", 1)


def test_an_unknown_order_is_no_trouble_for_gmail_with_note(bridge):
    bridge.connect()
    bridge.desk.orders.clear()
    assert ask(bridge).disposition == "release"
    assert (reply(bridge).state, len(bridge.shop.received())) == ("sent", 1)
    assert bridge.one("SELECT state FROM ticket_words") == "needs_person"


def test_a_reply_of_which_the_system_never_says_what_became_is_a_persons_and_goes_nowhere_else(bridge):
    bridge.connect(Mode.TICKET_ONLY)
    bridge.fault("customer", "500_before")
    ask(bridge)
    assert reply(bridge).state == "waiting"
    bridge.later(len(LOOKS) + 1)
    assert (reply(bridge).state, decision(bridge).disposition, decision(bridge).reason) == (
        "needs_person", "hold", UNKNOWN,
    )  # fmt: skip
    bridge.shop.settle_over_time(2)
    assert (bridge.shop.received(), texts(bridge, "customer")) == ([], [])


def test_the_kill_switch_leaves_the_reply_to_a_person(bridge):
    bridge.connect(Mode.TICKET_ONLY)
    bridge.fault("login", "500_before", times=3)
    ask(bridge)
    bridge.shop.change("UPDATE tenant SET answering = false")
    bridge.later(4)
    assert (reply(bridge).state, decision(bridge).disposition) == ("held", "hold")
    assert texts(bridge, "customer") == []


def test_what_a_reply_claims_is_held_against_the_ledger_once_more_before_it_goes_onto_the_ticket(bridge):
    bridge.connect(Mode.TICKET_ONLY)
    bridge.fault("login", "500_before", times=3)
    ask(bridge)
    bridge.shop.change("UPDATE ticket_words SET text = 'We have refunded 5.00 EUR to you.'")
    bridge.later(4)
    assert (reply(bridge).state, texts(bridge, "customer")) == ("held", [])
    assert "which the ledger does not have" in decision(bridge).reason


def away(bridge):
    """A customer asked, and the answer waits for a ticketing system that is away; returns their mail."""
    bridge.connect(Mode.TICKET_ONLY)
    bridge.fault("login", "500_before", times=3)
    mail = bridge.shop.write(ASKED, "My order")
    bridge.shop.sync_and_settle()
    assert (reply(bridge).state, texts(bridge, "customer")) == ("waiting", [])
    return mail


def answered_in_gmail(bridge, mail) -> None:
    """Somebody answers there by hand, and it is seen."""
    by_them = letter(SHOP, CUSTOMER, "Re: My order", "It comes on Monday.", answers=mail.letter.message_id)
    bridge.shop.google.send_as(SHOP, by_them, mail.thread_id)
    bridge.shop.sync_and_settle()


def test_what_was_answered_by_hand_in_gmail_while_the_ticket_was_away_is_not_answered_again(bridge):
    mail = away(bridge)
    answered_in_gmail(bridge, mail)
    note = bridge.words()
    bridge.later(4)
    assert (texts(bridge, "customer"), bridge.calls()) == ([], ["upsert", "internal"])
    assert (reply(bridge).state, reply(bridge).last_error) == ("cancelled", by_hand.ANSWERED)
    words = bridge.shop.rows("SELECT state, last_error FROM ticket_words WHERE side = 'customer'")
    assert words == [("cancelled", by_hand.ANSWERED)]
    assert (decision(bridge).disposition, decision(bridge).settled_at) == ("release", None)
    assert bridge.one("SELECT count(*) FROM event WHERE kind = 'reply_cancelled'") == 1
    assert bridge.state(note) == "done"


def test_what_a_person_approved_goes_onto_the_ticket_though_somebody_answered_by_hand(bridge):
    mail = away(bridge)
    answered_in_gmail(bridge, mail)
    bridge.shop.change("UPDATE ticket_words SET automatic = false")
    bridge.later(4)
    assert (reply(bridge).state, len(texts(bridge, "customer"))) == ("sent", 1)


def test_nothing_goes_onto_a_ticket_by_itself_before_the_mailbox_was_read(bridge):
    """Google was away with the ticketing system: what was answered there is not known yet."""
    away(bridge)
    bridge.shop.change("UPDATE mailbox SET last_ok_at = now() - interval '1 hour'")
    bridge.later(4)
    assert bridge.shop.rows("SELECT state, last_error FROM ticket_words") == [("pending", by_hand.OUT_OF_SIGHT)]
    bridge.shop.change("UPDATE mailbox SET last_ok_at = now()")
    bridge.later()
    assert (reply(bridge).state, len(texts(bridge, "customer"))) == ("sent", 1)


def test_what_waits_for_hours_for_a_mailbox_that_is_not_read_is_a_persons(bridge):
    away(bridge)
    bridge.shop.change("UPDATE mailbox SET last_ok_at = now() - interval '1 hour'")
    bridge.later(6)
    assert reply(bridge).state == "waiting"
    bridge.shop.change("UPDATE ticket SET due_since = now() - interval '3 hours'")
    bridge.later()
    assert (reply(bridge).state, decision(bridge).disposition, texts(bridge, "customer")) == ("held", "hold", [])
    assert decision(bridge).reason == f"{by_hand.OUT_OF_SIGHT} A person decides."


def test_a_reply_that_is_just_leaving_by_gmail_is_not_taken_for_one_by_hand(bridge):
    bridge.shop.write("question: How long takes a parcel?", "Another")
    bridge.shop.sync_and_settle()
    mail = away(bridge)
    answered_in_gmail(bridge, mail)
    # It is ours: Gmail's answer was lost, and its copy has come back already.
    bridge.shop.change(
        "UPDATE outbox SET state = 'uncertain', sent_gmail_id = NULL, thread_id = %s WHERE state = 'sent'",
        mail.thread_id,
    )
    bridge.later(4)
    assert bridge.shop.rows("SELECT state, last_error FROM ticket_words") == [("pending", by_hand.ANOTHER_LEAVING)]
    copy = bridge.one("SELECT gmail_id FROM message WHERE direction = 'out' AND thread_id = %s", mail.thread_id)
    bridge.shop.change("UPDATE outbox SET state = 'sent', sent_gmail_id = %s WHERE state = 'uncertain'", copy)
    bridge.later()
    assert (reply(bridge).state, len(texts(bridge, "customer"))) == ("sent", 1)


def test_nothing_of_a_supplier_leaves_by_a_ticket(bridge):
    bridge.connect(Mode.TICKET_ONLY)
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        suppliers.save(db, bridge.shop.tenant, Supplier("Parcel Service", ("parcels.example",)), actor="test")
    found = ask(bridge)
    assert (found.disposition, found.reason) == ("hold", SHOWN)
    assert (reply(bridge).state, texts(bridge, "customer")) == ("held", [])


@pytest.mark.parametrize("mode", Mode)
def test_shadow_sends_nothing_and_posts_what_would_be_sent(bridge, mode):
    bridge.connect(mode, shadow=True)
    found = ask(bridge)
    assert (found.disposition, found.reason, reply(bridge).state) == ("hold", SHADOW, "held")
    (note,) = texts(bridge, "internal")
    assert ANSWER in note.partition("We would answer:")[2]
    assert bridge.calls() == ["upsert", "internal"]
    assert bridge.shop.received() == []


@pytest.mark.parametrize("who", [{"sender": "mallory@customer.example"}, {"auth": "fail"}])
def test_whoever_is_not_proven_to_be_the_customer_writes_on_no_ticket(bridge, who):
    bridge.connect()
    bridge.shop.google.account("mallory@customer.example", "Mallory")
    assert ask(bridge, **who).ticket_id is None
    bridge.shop.settle_over_time(2)
    assert bridge.desk.calls == []


def test_mail_without_an_order_makes_no_ticket(bridge):
    bridge.connect()
    ask(bridge, "question: How long takes a parcel?")
    assert (reply(bridge).state, bridge.desk.calls) == ("sent", [])


def test_a_suppliers_mail_goes_on_no_customers_ticket(bridge):
    bridge.connect()
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        suppliers.save(db, bridge.shop.tenant, Supplier("Annas", (), ("anna@customer.example",)), actor="test")
    ask(bridge)
    assert (bridge.shop.rows("SELECT FROM ticket"), bridge.desk.calls) == ([], [])


def test_a_rival_without_a_system_gets_no_ticket_by_ours(bridge, rival):
    bridge.connect()
    theirs = Bridged(rival, bridge.outside)
    theirs.shop.write(ASKED, to="desk@rival.example")
    theirs.shop.sync_and_settle()
    assert theirs.shop.rows("SELECT FROM ticket") == []
    assert bridge.desk.calls == []
