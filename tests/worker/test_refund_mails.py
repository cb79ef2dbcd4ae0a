"""A request about an order over several mails, through the tables: what the case knows is still known with the next."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from domain.order import Order, OrderItem
from storage import identity_links, orders
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP

ITEMS = (OrderItem("LAMP-1", "Desk lamp", 1, 4990), OrderItem("MUG-1", "Mug", 2, 1500))


@pytest.fixture
def with_orders(shop):
    shop.settle()
    now = datetime.now(UTC)
    known = [
        Order(number, email, "delivered", Money(7990, "EUR"), Money(0, "EUR"), now - timedelta(days=9),
              now - timedelta(days=3), ITEMS)
        for number, email in (("LO-1", CUSTOMER), ("LO-2", "bob@customer.example"), ("LO-3", CUSTOMER))
    ]  # fmt: skip
    with shop.services.database.transaction(shop.tenant) as db:
        orders.save(db, shop.tenant, known)
    return shop


def answer(shop, first, text):
    raw = letter(CUSTOMER, SHOP, "Re: A question", text, answers=first.letter.message_id)
    shop.google.deliver_raw(SHOP, raw, auth="pass")
    shop.sync_and_settle()


def message_of(shop, mail):
    return shop.one("SELECT id FROM message WHERE gmail_id = %s", mail.id)


def the_case(shop):
    return shop.rows("SELECT * FROM support_case")[0]


def test_the_items_of_the_first_mail_are_found_in_the_order_of_the_second(with_orders):
    shop = with_orders
    first = shop.write("refund: I want to return the desk lamp. It does not fit.")
    shop.sync_and_settle()
    case = the_case(shop)
    assert (case.state, case.action, case.language) == ("order_wanted", "return", "en")
    assert case.words == ["refund: I want to return the desk lamp. It does not fit."]
    answer(shop, first, "LO-1")
    case = the_case(shop)
    assert (case.state, case.order_number, case.reason, case.identity) == ("eligible", "LO-1", "does_not_fit", "sender")
    assert case.items == [{"sku": "LAMP-1", "quantity": 1}]
    assert (case.amount_minor, case.currency) == (4990, "EUR")
    act = shop.rows("SELECT * FROM order_act")[0]
    assert (act.action, act.order_number, act.state, act.approvals_needed) == ("return", "LO-1", "held", 1)
    assert shop.one("SELECT count(*) FROM outbox WHERE state = 'held'") == 1


def test_a_second_request_for_the_same_order_in_another_thread_waits_with_the_reason(with_orders):
    shop = with_orders
    for subject in ("One", "Two"):
        shop.write("refund: I would like a refund for my whole order LO-1.", subject)
        shop.sync_and_settle()
    reasons = [row.reason for row in shop.rows("SELECT reason FROM decision ORDER BY created_at")]
    assert reasons[0] == "Refund 79.90 EUR for order LO-1: everything checked; a person approves."
    assert reasons[1].startswith("A refund of this order was granted, or waits, already.")


def test_a_number_in_vain_is_kept_for_members_and_whose_address_is_to_be_confirmed(with_orders):
    shop = with_orders
    shop.write("refund: I would like a refund for my whole order LO-2.")
    shop.sync_and_settle()
    case = the_case(shop)
    assert (case.state, case.order_number, case.writer) == ("identity_wanted", "LO-2", CUSTOMER)
    attempts = shop.rows("SELECT number, known FROM order_attempt")
    assert [(row.number, row.known) for row in attempts] == [("LO-2", True)]
    assert len(shop.received()) == 1


def test_who_confirms_by_the_link_is_decided_anew_and_a_person_approves(with_orders):
    shop = with_orders
    first = shop.write("refund: I would like a refund for my whole order LO-2.")
    shop.sync_and_settle()
    with shop.services.database.transaction(shop.tenant) as db:
        link = db.exec_driver_sql("SELECT id FROM identity_link").scalar_one()
        assert identity_links.confirm(db, shop.tenant, link)
    shop.settle()
    case = the_case(shop)
    assert (case.state, case.identity, case.order_number) == ("eligible", "link", "LO-2")
    act = shop.rows("SELECT * FROM order_act")[0]
    assert (act.action, act.state, act.approvals_needed, act.amount_minor) == ("refund", "held", 1, 7990)
    reason = shop.one("SELECT reason FROM decision WHERE is_current AND message_id = %s", message_of(shop, first))
    assert reason == "Refund 79.90 EUR for order LO-2: everything checked; a person approves."


def test_requests_are_a_persons_while_the_policy_cannot_be_read_and_other_mail_is_answered(with_orders):
    shop = with_orders
    shop.change(
        "INSERT INTO refund_policy (tenant_id, version, document) VALUES (%s, 1, '{\"allowed\": 7}')", shop.tenant
    )
    shop.write("refund: I would like a refund for my whole order LO-1.")
    shop.write("question: when does my parcel come?")
    shop.sync_and_settle()
    assert the_case(shop).state == "person"
    assert shop.one("SELECT count(*) FROM order_act") == 0
    assert len(shop.received()) == 1
