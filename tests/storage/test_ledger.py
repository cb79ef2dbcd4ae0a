"""The ledger: whoever races, lies or repeats, no order pays back more than it cost, and nothing is rewritten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as check
from hypothesis import strategies as some
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.errors import BadInput
from domain.money import Money
from domain.order import Order
from storage import ledger, orders
from storage.ledger import Entry

TOTAL = 10_000

INSERT_ACT = text("""
    INSERT INTO order_act (tenant_id, id, action, order_number, amount_minor, currency, approvals_needed, state)
    VALUES (:tenant, :id, 'refund', :number, :minor, :currency, 1, 'held')
""")

INSERT_ENTRY = text("""
    INSERT INTO ledger_entry (tenant_id, order_number, key, kind, amount_minor, currency, actor)
    VALUES (:tenant, :number, :key, :kind, :minor, :currency, 'x')
""")


def an_order(database, tenant: UUID, number: str = "LO-1", *, total: int = TOTAL, currency: str = "EUR") -> None:
    order = Order(number, "a@b.example", "delivered", Money(total, currency), Money(0, currency), datetime.now(UTC))
    with database.transaction(tenant) as db:
        orders.save(db, tenant, [order])


def an_act(database, tenant: UUID, minor: int | None = 1000, number: str = "LO-1", currency: str = "EUR") -> UUID:
    act = uuid4()
    with database.transaction(tenant) as db:
        values = {"tenant": tenant, "id": act, "number": number, "minor": minor, "currency": currency}
        db.execute(INSERT_ACT, values)
    return act


def refunded(database, tenant: UUID, number: str = "LO-1") -> int:
    with database.transaction(tenant) as db:
        return orders.find(db, tenant, number).refunded.minor


def kinds(database, tenant: UUID, number: str = "LO-1") -> list[str]:
    with database.transaction(tenant) as db:
        return [line.kind for line in ledger.entries(db, tenant, number)]


@pytest.fixture
def tenant(database, workspace) -> UUID:
    an_order(database, workspace.id)
    return workspace.id


def test_a_promise_takes_from_what_is_left_and_what_is_released_gives_back(database, tenant):
    kept, given_up = an_act(database, tenant, 3000), an_act(database, tenant, 4000)
    with database.transaction(tenant) as db:
        ledger.promise(db, tenant, kept)
        ledger.promise(db, tenant, given_up)
    assert refunded(database, tenant) == 7000
    with database.transaction(tenant) as db:
        assert ledger.paid(db, tenant, kept, reference="shop-1")
        assert ledger.released(db, tenant, given_up)
    assert refunded(database, tenant) == 3000
    assert kinds(database, tenant, " #lo-1") == [Entry.PROMISED, Entry.PROMISED, Entry.PAID, Entry.RELEASED]


def test_more_than_is_left_is_refused_with_what_is_left_and_nothing_is_lost_of_the_transaction(database, tenant):
    first, second = an_act(database, tenant, 7500), an_act(database, tenant, 2501)
    with database.transaction(tenant) as db:
        ledger.promise(db, tenant, first)
        with pytest.raises(BadInput) as refusal:
            ledger.promise(db, tenant, second)
    assert refusal.value.field == "amount"
    assert refusal.value.reason == "Only 25.00 EUR of order LO-1 is left to pay back, not 25.01 EUR."
    assert (refunded(database, tenant), kinds(database, tenant)) == (7500, [Entry.PROMISED])


def test_another_currency_than_the_orders_is_refused(database, tenant):
    act = an_act(database, tenant, 100, currency="USD")
    with database.transaction(tenant) as db, pytest.raises(BadInput, match=r"Order LO-1 is not in USD\."):
        ledger.promise(db, tenant, act)
    assert kinds(database, tenant) == []


def test_what_pays_nothing_back_promises_nothing(database, tenant):
    act = an_act(database, tenant, None)
    with database.transaction(tenant) as db, pytest.raises(BadInput):
        ledger.promise(db, tenant, act)


def test_twenty_racing_promises_never_exceed_the_total(database, tenant):
    acts, together = [an_act(database, tenant, 1300) for _ in range(20)], Barrier(20)

    def race(act: UUID) -> bool:
        together.wait(timeout=60)
        try:
            with database.transaction(tenant) as db:
                ledger.promise(db, tenant, act)
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(race, acts))
    assert sum(won) == TOTAL // 1300
    assert refunded(database, tenant) == sum(won) * 1300 <= TOTAL
    assert len(kinds(database, tenant)) == sum(won)


def test_one_key_is_promised_once_however_many_try(database, tenant):
    act, together = an_act(database, tenant), Barrier(4)

    def race(_: int) -> bool:
        together.wait(timeout=60)
        try:
            with database.transaction(tenant) as db:
                ledger.promise(db, tenant, act)
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(race, range(4))) == 1
    assert (refunded(database, tenant), kinds(database, tenant)) == (1000, [Entry.PROMISED])


@pytest.mark.parametrize("ends", [(ledger.paid, ledger.released), (ledger.released, ledger.paid)])
def test_a_promise_ends_once(database, tenant, ends):
    act = an_act(database, tenant)
    with database.transaction(tenant) as db:
        assert not ledger.paid(db, tenant, act), "nothing was promised yet"
        ledger.promise(db, tenant, act)
        assert ends[0](db, tenant, act)
        assert not ends[1](db, tenant, act)
        assert not ends[0](db, tenant, act)
    assert len(kinds(database, tenant)) == 2


def test_of_racing_ends_one_counts(database, tenant):
    acts = [an_act(database, tenant) for _ in range(5)]
    with database.transaction(tenant) as db:
        for act in acts:
            ledger.promise(db, tenant, act)
    together = Barrier(2)

    def race(end, act) -> bool:
        together.wait(timeout=60)
        with database.transaction(tenant) as db:
            return end(db, tenant, act)

    with ThreadPoolExecutor(2) as pool:
        for act in acts:
            paid, released = pool.submit(race, ledger.paid, act), pool.submit(race, ledger.released, act)
            assert paid.result() != released.result()
    ends = [one for one in kinds(database, tenant) if one is not Entry.PROMISED]
    assert len(ends) == 5
    assert refunded(database, tenant) == 1000 * ends.count(Entry.PAID)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET amount_minor = 1",
        "UPDATE ledger_entry SET kind = 'released'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "DELETE FROM order_act",
        "UPDATE case_event SET reason = ''",
        "DELETE FROM case_event",
        "DELETE FROM act_approval",
        "UPDATE act_approval SET at = now()",
        "UPDATE refund_policy SET document = '{}'",
        "DELETE FROM refund_policy",
        "ALTER TABLE ledger_entry DISABLE TRIGGER keep_ledger",
        "DROP TRIGGER keep_ledger ON ledger_entry",
        "SET session_replication_role = replica",
    ],
)
def test_what_is_written_once_cannot_be_rewritten_by_the_application(database, tenant, statement):
    act = an_act(database, tenant)
    with database.transaction(tenant) as db:
        ledger.promise(db, tenant, act)
    with pytest.raises(DBAPIError) as refusal, database.transaction(tenant) as db:
        db.exec_driver_sql(statement)
    assert refusal.value.orig.sqlstate == "42501"
    assert refunded(database, tenant) == 1000


# An entry that the program would never write: with what it lies.
LIES = {
    "another amount": {"minor": 999},
    "another currency": {"currency": "USD"},
    "another order": {"number": "LO-2"},
    "a key of nothing": {"key": uuid4()},
    "a kind of its own": {"kind": "gift"},
    "nothing at all": {"minor": 0},
    "less than nothing": {"minor": -1000},
}


@pytest.mark.parametrize("kind", ["promised", "paid", "released"])
@pytest.mark.parametrize("lie", LIES)
def test_an_entry_that_lies_is_refused_by_the_database(database, tenant, kind, lie):
    an_order(database, tenant, "LO-2")
    act = an_act(database, tenant)
    if kind != "promised":
        with database.transaction(tenant) as db:
            ledger.promise(db, tenant, act)
    before = (refunded(database, tenant), refunded(database, tenant, "LO-2"))
    honest = {"tenant": tenant, "number": "LO-1", "key": act, "kind": kind, "minor": 1000, "currency": "EUR"}
    with pytest.raises(IntegrityError), database.transaction(tenant) as db:
        db.execute(INSERT_ENTRY, {**honest, **LIES[lie]})
    assert (refunded(database, tenant), refunded(database, tenant, "LO-2")) == before
    with database.transaction(tenant) as db:
        db.execute(INSERT_ENTRY, honest)


@pytest.mark.parametrize("kind", ["paid", "released"])
def test_nothing_ends_that_was_not_promised(database, tenant, kind):
    act = an_act(database, tenant)
    values = {"tenant": tenant, "number": "LO-1", "key": act, "kind": kind, "minor": 1000, "currency": "EUR"}
    with pytest.raises(IntegrityError), database.transaction(tenant) as db:
        db.execute(INSERT_ENTRY, values)
    assert (refunded(database, tenant), kinds(database, tenant)) == (0, [])


def test_an_insert_that_ends_in_nothing_moves_no_money(database, tenant):
    act = an_act(database, tenant)
    values = {"tenant": tenant, "number": "LO-1", "key": act, "kind": "promised", "minor": 1000, "currency": "EUR"}
    quietly = text(INSERT_ENTRY.text + " ON CONFLICT DO NOTHING")
    with database.transaction(tenant) as db:
        assert [db.execute(quietly, values).rowcount for _ in range(3)] == [1, 0, 0]
    assert refunded(database, tenant) == 1000


def test_what_was_promised_of_an_action_cannot_be_changed_any_more(database, tenant):
    act = an_act(database, tenant)
    with database.transaction(tenant) as db:
        ledger.promise(db, tenant, act)
    for change in (
        "UPDATE order_act SET amount_minor = 1",
        "UPDATE order_act SET currency = 'USD'",
        "UPDATE order_act SET id = gen_random_uuid()",
    ):
        with pytest.raises(IntegrityError), database.transaction(tenant) as db:
            db.exec_driver_sql(change)


def imported(database, tenant: UUID, minor: int) -> None:
    order = Order("LO-1", "a@b.example", "delivered", Money(TOTAL, "EUR"), Money(minor, "EUR"), datetime.now(UTC))
    with database.transaction(tenant) as db:
        orders.save(db, tenant, [order])


def test_what_the_shop_paid_by_itself_is_not_forgotten_when_a_promise_is_given_back(database, tenant):
    """Of ten thousand we promised eight, and the shop itself paid seven meanwhile, so that it refused ours."""
    act = an_act(database, tenant, 8000)
    with database.transaction(tenant) as db:
        ledger.promise(db, tenant, act)
    imported(database, tenant, 7000)
    assert refunded(database, tenant) == TOTAL
    with database.transaction(tenant) as db:
        assert ledger.released(db, tenant, act)
    assert refunded(database, tenant) == 7000


def test_nor_what_was_promised_and_paid_beside_it(database, tenant):
    keys = [an_act(database, tenant, minor) for minor in (1000, 2000, 6000)]
    for act in keys:
        with database.transaction(tenant) as db:
            ledger.promise(db, tenant, act)
    imported(database, tenant, 5000)
    for end, act in ((ledger.paid, keys[0]), (ledger.released, keys[2])):
        with database.transaction(tenant) as db:
            assert end(db, tenant, act)
    assert refunded(database, tenant) == 8000
    # What the shop told later holds what it did for us.
    imported(database, tenant, 6000)
    with database.transaction(tenant) as db:
        assert ledger.released(db, tenant, keys[1])
    assert refunded(database, tenant) == 6000


@check(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=some.lists(some.tuples(some.sampled_from(["promise", "paid", "released"]), some.integers(0, 3))))
def test_whatever_is_asked_in_whatever_order_the_sum_stands_and_fits_the_order(database, tenant, steps):
    number = f"LO-{uuid4().hex[:12].upper()}"
    an_order(database, tenant, number)
    acts, state = [an_act(database, tenant, minor, number) for minor in (2500, 4000, 6000, 500)], {}
    minors = dict(zip(acts, (2500, 4000, 6000, 500), strict=True))
    for step, which in steps:
        act = acts[which]
        with database.transaction(tenant) as db:
            if step == "promise":
                if act in state:
                    continue
                taken = sum(minors[one] for one, kind in state.items() if kind != "released")
                try:
                    ledger.promise(db, tenant, act)
                except BadInput:
                    assert taken + minors[act] > TOTAL
                else:
                    state[act] = "promised"
            else:
                ended = getattr(ledger, step)(db, tenant, act)
                assert ended == (state.get(act) == "promised")
                state[act] = step if ended else state.get(act)
        state = {one: kind for one, kind in state.items() if kind}
        taken = sum(minors[one] for one, kind in state.items() if kind != "released")
        assert refunded(database, tenant, number) == taken <= TOTAL
