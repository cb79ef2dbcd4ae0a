"""What of an order was refunded or promised: counted by customer, and never lowered by an import."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.money import Money
from storage import orders
from tests.support.refunds import ORDER, enter
from tests.support.waiting import until

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop(database, workspace):
    return Shop(database, workspace.id)


class Shop:
    """A tenant's orders and ledger, written as the program writes them."""

    def __init__(self, database, tenant):
        self.database, self.tenant = database, tenant

    def save(self, *known):
        with self.database.transaction(self.tenant) as db:
            return orders.save(db, self.tenant, known)

    def enter(self, kind, amount, number="LO-1", key=None):
        with self.database.transaction(self.tenant) as db:
            return enter(db, self.tenant, kind, amount, number, key)

    def refunded(self, number="LO-1"):
        with self.database.transaction(self.tenant) as db:
            return orders.find(db, self.tenant, number).refunded.minor

    def count(self, customer, since=LONG_AGO):
        with self.database.transaction(self.tenant) as db:
            return orders.paid_back_since(db, self.tenant, customer, since)


def euros(cents):
    return Money(cents, "EUR")


def test_a_customers_refunds_are_counted_once_each_unless_they_were_given_back(shop):
    shop.save(ORDER, replace(ORDER, number="LO-2"), replace(ORDER, number="LO-3", customer_email="ben@b.example"))
    key = shop.enter("promised", 100)
    shop.enter("paid", 100, key=key)
    shop.enter("promised", 200, "LO-2")
    shop.enter("released", 300, "LO-2", key=shop.enter("promised", 300, "LO-2"))
    shop.enter("promised", 400, "LO-3")
    assert (shop.count("anna@customer.example"), shop.count("ben@b.example")) == (2, 1)
    assert shop.count("nobody@customer.example") == 0
    assert shop.count("anna@customer.example", datetime.now(UTC) + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    "written", ["Anna@Customer.example", " anna+two@customer.example", "anna+a+b@customer.example"]
)
@pytest.mark.parametrize("stored", ["anna@customer.example", "anna+shop@customer.example"])
def test_one_customer_has_many_spellings(shop, stored, written):
    shop.save(replace(ORDER, customer_email=stored))
    shop.enter("promised", 100)
    assert shop.count(written) == 1


def test_an_import_never_lowers_what_was_refunded_or_promised(shop):
    shop.save(ORDER)
    shop.enter("promised", 1000)
    assert shop.save(ORDER) == []
    assert shop.refunded() == 1000
    shop.save(replace(ORDER, refunded=euros(1500)))
    shop.save(ORDER)
    assert shop.refunded() == 2500, "what the shop paid back itself, and what we promised beside it"


def test_an_import_that_meets_a_promise_of_the_same_moment_counts_both(shop):
    shop.save(ORDER)
    with ThreadPoolExecutor(1) as pool:
        with shop.database.transaction(shop.tenant) as db:
            enter(db, shop.tenant, "promised", 3000)
            imported = pool.submit(shop.save, replace(ORDER, refunded=euros(2000)))
            until(lambda: db.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar())
        assert imported.result(timeout=60) == []
    assert shop.refunded() == 5000


def test_what_was_paid_by_us_stands_in_what_the_shop_says_and_counts_once(shop):
    shop.save(ORDER)
    shop.enter("paid", 1000, key=shop.enter("promised", 1000))
    shop.save(replace(ORDER, refunded=euros(1000)))
    assert shop.refunded() == 1000


def test_a_promise_that_is_given_back_leaves_what_the_shop_paid_back_itself(shop):
    shop.save(ORDER)
    key = shop.enter("promised", 1000)
    shop.save(replace(ORDER, refunded=euros(700)))
    shop.enter("released", 1000, key=key)
    assert shop.refunded() == 700


def test_what_is_promised_and_refunded_elsewhere_is_never_more_than_the_total(shop):
    shop.save(ORDER)
    shop.enter("promised", 6000)
    assert shop.save(replace(ORDER, refunded=euros(6000))) == []
    assert shop.refunded() == 6490


def test_a_total_below_what_was_promised_or_another_currency_leaves_the_order_as_it_was(shop):
    shop.save(ORDER)
    shop.enter("promised", 5000)
    smaller = replace(ORDER, total=euros(4999), status="returned")
    other = replace(ORDER, total=Money(6490, "USD"), refunded=Money(0, "USD"))
    fresh = replace(ORDER, number="LO-9")
    assert shop.save(smaller, fresh, other) == [smaller, other]
    assert (shop.refunded(), shop.refunded("LO-9")) == (5000, 0)
    assert shop.save(replace(ORDER, total=euros(5000))) == []


def test_a_currency_may_be_put_right_while_no_money_has_moved(shop):
    shop.save(ORDER)
    assert shop.save(replace(ORDER, total=Money(6490, "USD"), refunded=Money(0, "USD"))) == []
