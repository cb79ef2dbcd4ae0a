"""Suppliers are asked, reminded and heard: a worker dies at each point of it in turn (tests/points/scenario.py)."""

from datetime import datetime

import pytest

from domain.ladder import NextRung
from domain.supplier_request import Channel, SupplierRules
from domain.ticket import Side
from storage.due import Kind
from tests.points.scenario import Scenario, Step, every_point
from tests.points.world import DoomedServices, World
from tests.support.asking import ACME, PURCHASE
from tests.support.supplied import QuotingServices, Supplied
from tests.support.ticketing import ORDER
from worker import remind

FILES = ("remind", "of_request", "supplier_answers")

ANSWER = f"Hello,\nyour order {PURCHASE} was shipped today.\nAcme"


class QuotedServices(DoomedServices, QuotingServices):
    """They read numbers and quotes, as a supplier's answer is known by them."""


def customer_writes(world: World) -> None:
    world.shop.write("question: hello")
    world.shop.sync_and_settle()


def connected(world: World) -> None:
    world.bridge.connect()


def asked(world: World) -> None:
    world.asking.ask()


def asked_beside(channel: Channel) -> Step:
    """There is a ticket of the order: the question stands on it, or a note that it left by mail."""
    return lambda world: world.asking.ask(order=ORDER, channel=channel)


def settled(world: World) -> None:
    world.shop.sync_and_settle()


def later(world: World) -> None:
    world.shop.settle_over_time(1)


def hours(number: float) -> Step:
    return lambda world: world.asking.pass_time(number)


def supplier_writes_on_ticket(world: World) -> None:
    world.bridge.desk.writes(world.bridge.ticket().external_id, "It leaves tomorrow.", Side.SUPPLIER)


def ticket_is_away(world: World) -> None:
    world.bridge.fault("get", "503_before")


def climbing_fails(world: World) -> None:
    """Once, over something that nobody thought of."""

    def fails(rules: SupplierRules, asked_at: datetime, done: int) -> NextRung:
        raise LookupError(rules, asked_at, done)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(remind, "next_rung", fails)
        world.shop.run(Kind.REMIND)


def asked_about_a_customers_order(world: World) -> None:
    desk = Supplied(world.shop)
    desk.ask(order=ORDER, behind=desk.customer())


def supplier_answers(world: World) -> None:
    world.shop.write(ANSWER, "Your order", ACME)
    world.shop.sync_and_settle()


SCENARIOS = (
    Scenario("reminded by mail", (customer_writes, asked, settled, hours(25), settled), rounds=2),
    Scenario(
        "an answer on the ticket comes before the reminder by mail",
        (
            connected,
            customer_writes,
            asked_beside(Channel.GMAIL),
            settled,
            hours(25),
            supplier_writes_on_ticket,
            settled,
        ),
        rounds=2,
    ),
    Scenario(
        "the ticket cannot be read before the reminder leaves",
        (connected, customer_writes, asked_beside(Channel.GMAIL), settled, hours(25), ticket_is_away, settled, later),
        rounds=2,
    ),
    Scenario(
        "reminded on the ticket, after it failed once",
        (
            connected,
            customer_writes,
            asked_beside(Channel.TICKET),
            settled,
            hours(25),
            climbing_fails,
            hours(1),
            settled,
        ),
        rounds=1,
    ),
    Scenario(
        "a supplier's answer has news for the customer",
        (connected, asked_about_a_customers_order, supplier_answers),
        kind=QuotedServices,
        rounds=1,
    ),
)


def test_a_death_at_any_point_comes_to_the_same_end(opened):
    assert every_point(FILES, SCENARIOS, opened) == []
