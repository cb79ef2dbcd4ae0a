"""What the pages list: each row once over all pages, newest first, found by number or customer, by an index."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.delivery import ActState
from domain.money import Money
from domain.order import Order
from storage import orders, orders_list, refunds_list
from storage.approvals import Approved
from tests.support.proposing import Desk, S, refund

DAY = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def desk(database, workspace) -> Desk:
    filled = Desk(database, workspace.id, workspace.owner)
    filled.order()
    return filled


def some_orders(desk, count: int = 7) -> None:
    rows = [
        Order(
            f"N-{number}", f"c{number % 3}@shop.example", "delivered" if number % 2 else "pending",
            Money(1000, "EUR"), Money(0, "EUR"), DAY + timedelta(days=number // 2), customer_name=f"Name_{number % 3}",
        )
        for number in range(count)
    ]  # fmt: skip
    with desk.database.transaction(desk.tenant) as db:
        orders.save(db, desk.tenant, rows)


def every_page(desk, read, key, **asked) -> list:
    """All rows, two at a time."""
    found, after = [], {}
    while True:
        with desk.database.transaction(desk.tenant) as db:
            page = read(db, desk.tenant, limit=2, **asked, **after)
        found += page
        if len(page) < 2:
            return found
        after = {"after": key(page[-1])}


def numbers(desk, **asked) -> list[str]:
    return [row.number for row in every_page(desk, orders_list.page, lambda row: row.number, **asked)]


def test_every_order_is_listed_once_the_newest_first(desk):
    some_orders(desk)
    assert numbers(desk) == ["LO-1", "N-6", "N-5", "N-4", "N-3", "N-2", "N-1", "N-0"]
    assert numbers(desk, status="delivered") == ["LO-1", "N-5", "N-3", "N-1"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("n-3", ["N-3"]),
        (" #N-", ["N-6", "N-5", "N-4", "N-3", "N-2", "N-1", "N-0"]),
        ("-3", []),
        ("C1@SHOP", ["N-4", "N-1"]),
        ("name_2", ["N-5", "N-2"]),
        ("%", []),
        ("c_@", []),
    ],
)
def test_words_find_the_beginning_of_a_number_or_the_customer(desk, words, found):
    some_orders(desk)
    assert numbers(desk, words=words) == found


def test_one_order_shows_its_cases_its_actions_and_its_ledger(desk):
    first = desk.held(refund(2500), thread="one")
    assert desk.approve(first) is Approved.DONE
    second = desk.held(refund(100), thread="two")
    with desk.database.transaction(desk.tenant) as db:
        whole = orders_list.one(db, desk.tenant, " #lo-1")
        assert orders_list.one(db, desk.tenant, "LO-404") is None
    assert whole.order.refunded.minor == 2500
    assert [(one.conversation, one.case.state) for one in whole.cases] == [
        (second.conversation, S.ELIGIBLE),
        (first.conversation, S.APPROVED),
    ]
    assert [(one.state, one.approved_by) for one in whole.acts] == [("held", ()), ("pending", ("Olivia Owner",))]
    assert [line.kind for line in whole.lines] == ["promised"]


def some_acts(desk) -> list:
    """Five held ones of two orders, one of them cancelled, another half approved."""
    desk.order("LO-2")
    made = [
        desk.held(refund(100, approvals=2, order_number=f"LO-{1 + number % 2}"), thread=f"t{number}")
        for number in range(5)
    ]
    desk.refuse(made[0])
    desk.approve(made[3])
    return made


def listed(desk, **asked) -> list:
    return every_page(desk, refunds_list.acts, lambda row: row.id, **asked)


def test_every_action_is_listed_once_the_newest_first_and_by_state(desk):
    made = some_acts(desk)
    assert [row.decision for row in listed(desk)] == [one.decision for one in reversed(made)]
    assert [row.decision for row in listed(desk, state=ActState.HELD)] == [one.decision for one in reversed(made[1:])]
    assert [row.decision for row in listed(desk, state=ActState.CANCELLED)] == [made[0].decision]
    assert [row.decision for row in listed(desk, words="lo-2")] == [made[3].decision, made[1].decision]
    assert len(listed(desk, words="anna@")) == 5
    assert listed(desk, words="nobody") == []


def test_an_action_names_its_conversation_and_whether_its_decision_still_waits(desk):
    made = some_acts(desk)
    rows = {row.decision: row for row in listed(desk)}
    assert [rows[one.decision].conversation for one in made] == [one.conversation for one in made]
    assert [rows[one.decision].waits for one in made] == [False, True, True, True, True]
    with desk.database.transaction(desk.tenant) as db:
        [row] = refunds_list.of_conversation(db, desk.tenant, made[3].conversation)
    assert (row, row.customer, row.needed) == (rows[made[3].decision], "anna@example.org", 2)


def test_what_waits_for_a_second_person_is_what_one_has_approved(desk):
    made = some_acts(desk)
    with desk.database.transaction(desk.tenant) as db:
        [row] = refunds_list.waiting_for_second(db, desk.tenant)
    assert (row.decision, row.approved_by) == (made[3].decision, ("Olivia Owner",))
    desk.approve(made[3], desk.colleague())
    with desk.database.transaction(desk.tenant) as db:
        assert refunds_list.waiting_for_second(db, desk.tenant) == []


MANY_ORDERS = text("""
    INSERT INTO shop_order (tenant_id, number, customer_email, status, currency, total_minor, placed_at)
    SELECT :tenant, 'M-' || n, 'c' || n % 500 || '@shop.example', (ARRAY['delivered', 'pending'])[1 + n % 2], 'EUR',
        1000, now() - n * interval '1 minute' FROM generate_series(1, :many) n
""")
MANY_ACTS = text("""
    INSERT INTO order_act (tenant_id, id, action, order_number, amount_minor, currency, approvals_needed, state,
        created_at)
    SELECT :tenant, gen_random_uuid(), 'refund', 'M-' || n, 100, 'EUR', 1, CASE WHEN n % 1000 = 0 THEN 'held'
        ELSE 'done' END, now() - n * interval '1 minute' FROM generate_series(1, :many) n
""")


def fill(database, tenant, owner, many: int) -> None:
    with database.transaction(tenant) as db:
        for statement in (MANY_ORDERS, MANY_ACTS):
            db.execute(statement, {"tenant": tenant, "many": many})
    owner.execute(text("ANALYZE shop_order"))
    owner.execute(text("ANALYZE order_act"))
    owner.commit()


PAGES = {
    "orders": (orders_list._ORDERS, {"after": "M-9000"}),
    "orders in a status": (orders_list._ORDERS_IN_STATUS, {"after": "M-9001", "status": "pending"}),
    "acts": (refunds_list._ACTS, {}),
    "acts in a state": (refunds_list._ACTS_IN_STATE, {"state": "held"}),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_walks_an_index_and_neither_reads_nor_sorts_everything(database, workspace, owner, name):
    fill(database, workspace.id, owner, 10_000)
    question, asked = PAGES[name]
    with database.transaction(workspace.id) as db:
        middle = "SELECT id FROM order_act ORDER BY created_at DESC OFFSET 5000 LIMIT 1"
        values = {"after": db.exec_driver_sql(middle).scalar_one(), **asked}
        values |= {"tenant": workspace.id, "words": "", "pattern": "%%", "number": "%", "limit": 51}
        plan = [row[0] for row in db.execute(text("EXPLAIN " + question.text), values)]
    assert not [line for line in plan if "Seq Scan on shop_order" in line or "Seq Scan on order_act" in line], plan
    assert not [line for line in plan if "Sort Key" in line and ("created_at" in line or "placed_at" in line)], plan


def test_nothing_is_listed_for_another_workspace(desk, other_workspace):
    some_acts(desk)
    with desk.database.transaction(other_workspace.id) as db:
        for tenant in (desk.tenant, other_workspace.id):
            assert refunds_list.acts(db, tenant) == orders_list.page(db, tenant) == []
