"""What follows from a supplier's answer: a note on the ticket, and a draft that waits for the customer."""

from datetime import UTC, datetime

import pytest

from domain import wall
from domain.bridging import Mode
from domain.money import Money
from domain.order import Order
from storage import orders, suppliers, tenants
from tests.support.supplied import ACME, ASKED, CUSTOMER, PURCHASE, Supplied
from tests.support.ticketing import ORDER, Bridged

LINK = "https://parcels.example/track/1"
ANSWER = f"Hello,\nyour order {PURCHASE} costs 12.00 EUR.\nThe parcel was shipped today.\nTrack it here: {LINK}\nAcme"


@pytest.fixture
def desk(shop) -> Supplied:
    return Supplied(shop)


@pytest.fixture
def bridge(desk, ticketing):
    ticketing.reset()
    return Bridged(desk.shop, ticketing)


def notes(bridge) -> list[str]:
    return [one["text"] for one in bridge.desk.effects if one["call"] == "internal"]


def test_the_answer_is_summarised_on_the_tickets_of_its_order_once(desk, bridge):
    bridge.connect()
    asked = desk.customer(f"question: Where is the parcel of {ORDER} ?")
    desk.ask(order=ORDER, behind=asked)
    before = len(notes(bridge))
    found = desk.write(f"{ANSWER}\n<b>now</b> [MW-AAAAAA]")
    (note,) = notes(bridge)[before:]
    assert note.startswith(
        f"The supplier Acme Lamps (Gmail verified the sender) answered on purchase order {PURCHASE}."
    )
    assert "| The parcel was shipped today." in note.partition("In short:")[2].partition("They wrote:")[0]
    assert "| ‹b›now‹/b› [MW-AAAAAA]" in note
    assert (bridge.made(), found.ticket_id) == (1, None)
    assert bridge.calls().count("customer") == bridge.calls().count("supplier") == 0


def test_an_order_without_a_ticket_gets_one_of_the_customers_mail_and_never_of_the_suppliers(desk, bridge):
    asked = desk.customer()
    bridge.connect()
    desk.ask(order=ORDER, behind=asked)
    desk.write(ANSWER)
    assert len(notes(bridge)) == 1
    assert desk.shop.one("SELECT message_id FROM ticket") == asked.id
    assert "acme" not in str([one for one in bridge.desk.effects if one["call"] == "upsert"]).lower()


def test_an_order_of_which_nobody_knows_the_customer_gets_no_ticket(desk, bridge):
    bridge.connect()
    desk.ask(order=ORDER)
    desk.write(ANSWER)
    assert desk.shop.rows("SELECT FROM ticket") == []


def test_who_keeps_the_system_out_of_mail_gets_no_note(desk, bridge):
    bridge.connect(Mode.GMAIL_ONLY)
    desk.ask(order=ORDER, behind=desk.customer())
    desk.write(ANSWER)
    assert bridge.desk.calls == []


def test_the_answer_becomes_a_draft_that_waits_for_the_customer_and_says_nothing_of_the_supplier(desk):
    mail = desk.customer()
    before = desk.decision()
    desk.ask(behind=mail)
    desk.write(ANSWER)
    (draft,) = desk.drafts()
    assert (draft.recipient, draft.message_id, draft.conversation_id) == (CUSTOMER, mail.id, mail.conversation_id)
    assert "The goods have been sent." in draft.text
    assert LINK in draft.text
    with desk.shop.services.database.transaction(desk.tenant) as db:
        directory = suppliers.directory(db, desk.tenant)
    assert wall.told_to_customer(draft.text, directory, [PURCHASE]) == ""
    assert "12.00" not in draft.text
    held = desk.shop.rows("SELECT * FROM decision WHERE id = %s", draft.decision_id)[0]
    assert (held.disposition, held.is_current, held.settled_at, held.category) == ("hold", True, None, "")
    kept = desk.shop.rows("SELECT is_current, disposition FROM decision WHERE id = %s", before.id)[0]
    assert tuple(kept) == (False, "release")
    desk.shop.settle_over_time(2)
    assert [one.state for one in desk.drafts()] == ["held"]
    sent = len(desk.shop.received())
    desk.send(held.id, draft.text)
    assert len(desk.shop.received()) == sent + 1
    assert desk.shop.received(ACME) == []
    assert desk.shop.rows("SELECT FROM checked_mail WHERE act = 'sent'") == []


@pytest.mark.parametrize("why", ["waits", "off", "two numbers", "nothing said", "no customer", "in Italian"])
def test_no_draft_is_made_where_something_waits_or_nothing_is_sure(desk, why):
    mail = desk.customer()
    if why == "waits":
        desk.shop.change("UPDATE shop_order SET as_of = NULL")
        desk.customer("other: a word of mine")
    if why == "off":
        with desk.shop.services.database.transaction(desk.tenant) as db:
            tenants.set_supplier_news(db, desk.tenant, drafted=False)
    if why == "in Italian":
        desk.shop.change("""UPDATE decision SET understanding = jsonb_set(understanding, '{language}', '"it"')""")
    behind = desk.mails()[-1] if why == "waits" else mail
    asked = desk.ask(behind=None if why == "no customer" else behind)
    held = len(desk.drafts())
    desk.write(
        {"two numbers": f"{ANSWER} And D400000002.", "nothing said": f"We look into {PURCHASE}."}.get(why, ANSWER)
    )
    assert desk.is_heard(asked)
    assert len(desk.drafts()) == held


@pytest.mark.parametrize(
    "text",
    ["D400000002 was delivered.", "Your order LO-77777 was delivered.", f"{PURCHASE} and LO-77777 were shipped."],
)
def test_what_is_said_of_another_order_is_told_to_nobody(desk, text):
    mail = desk.customer()
    asked = desk.ask(behind=mail, order="LO-48213", thread=desk.thread())
    theirs = Order("LO-77777", "ben@customer.example", "shipped", Money(100, "EUR"), Money(0, "EUR"), datetime.now(UTC))
    with desk.shop.services.database.transaction(desk.tenant) as db:
        orders.save(db, desk.tenant, [theirs])
    desk.in_thread(text)
    assert desk.is_heard(asked)
    assert desk.drafts() == []


def test_a_second_answer_waits_beside_the_first_draft(desk):
    desk.ask(behind=desk.customer())
    desk.write(ANSWER)
    desk.write(f"{PURCHASE} was delivered.")
    assert len(desk.drafts()) == 1


def test_a_stranger_who_wrote_last_in_the_customers_thread_is_told_nothing(desk):
    mail = desk.customer(message_id="<anna@customer.example>")
    desk.shop.google.account("mallory@customer.example", "Mallory")
    desk.write(ASKED, "mallory@customer.example", "Re: My parcel", references=("<anna@customer.example>",))
    assert desk.mails()[-1].conversation_id == mail.conversation_id
    desk.dismiss()
    desk.ask(behind=mail)
    desk.write(ANSWER)
    assert desk.drafts() == []
