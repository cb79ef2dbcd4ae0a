"""The status of an order on its whole way: from the mail's head to what the customer receives."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from domain.order import Order
from storage import orders
from tests.support.pipeline import CUSTOMER

STRANGER = "mallory@customer.example"


@pytest.fixture
def with_order(shop):
    one = Order(
        "LO-48213", CUSTOMER, "shipped", Money(4990, "EUR"), Money(0, "EUR"), datetime(2026, 11, 1, tzinfo=UTC),
        tracking_url="https://parcels.example/1", status_at=datetime(2026, 11, 3, tzinfo=UTC),
    )  # fmt: skip
    with shop.services.database.transaction(shop.tenant) as db:
        orders.save(db, shop.tenant, [one])
    return shop


def ask(shop, number="LO-48213", **more):
    """Everything that the tables say of it and a customer could come to see, with the number left out."""
    shop.google.account(STRANGER, "Mallory")
    shop.write(f"question: Where is my order {number} ?", f"Order {number}", **more)
    shop.sync_and_settle()
    row = shop.rows(
        "SELECT d.id, disposition, reason, facts FROM decision d JOIN message m ON m.id = d.message_id"
        " ORDER BY d.created_at DESC LIMIT 1"
    )[0]
    drafts = shop.rows("SELECT state, recipient, text FROM outbox WHERE decision_id = %s", row.id)
    return row.disposition, row.reason.replace(number, "X"), row.facts, [tuple(one) for one in drafts]


def test_the_verified_customer_receives_status_and_link_with_the_row_as_dated_evidence(with_order):
    disposition, _, (fact,), ((state, recipient, text),) = ask(with_order)
    assert (disposition, state, recipient) == ("release", "sent", CUSTOMER)
    assert "https://parcels.example/1" in text
    assert fact["source"] == "order LO-48213"
    assert datetime.now(UTC) - datetime.fromisoformat(fact["as_of"]) < timedelta(minutes=1)
    assert len(with_order.received()) == 1


@pytest.mark.parametrize("who", [{"sender": STRANGER}, {"auth": "fail"}, {"auth": "none"}])
def test_for_everybody_else_the_order_might_as_well_not_exist(with_order, who):
    real, unknown = ask(with_order, **who), ask(with_order, "LO-99999", **who)
    assert real == unknown
    assert real[0] == "hold"
    assert real[2:] == ([], [])
    assert with_order.received() == with_order.received(STRANGER) == []


def test_a_row_that_was_not_heard_of_for_a_day_waits_for_a_person(with_order):
    with_order.change("UPDATE shop_order SET as_of = now() - interval '25 hours'")
    disposition, reason, _, ((state, _, _),) = ask(with_order)
    assert (disposition, state) == ("hold", "held")
    assert "too old to be told" in reason


def test_an_order_from_before_times_were_kept_waits_for_a_person(with_order):
    with_order.change("UPDATE shop_order SET as_of = NULL")
    assert ask(with_order)[0] == "hold"


def test_a_new_status_forgets_since_when_the_one_before_it_was(with_order, workspace):
    with with_order.services.database.transaction(workspace.id) as db:
        before = orders.find(db, workspace.id, "LO-48213")
        again = Order("LO-48213", CUSTOMER, "shipped", before.total, before.refunded, before.placed_at)
        orders.save(db, workspace.id, [again])
        assert orders.find(db, workspace.id, "LO-48213").status_since == before.status_at
        moved = Order("LO-48213", CUSTOMER, "delivered", before.total, before.refunded, before.placed_at)
        orders.save(db, workspace.id, [moved])
        assert orders.find(db, workspace.id, "LO-48213").status_since is None
