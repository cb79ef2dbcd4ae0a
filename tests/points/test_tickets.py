"""Tickets and the words that go onto them: a worker dies at each point in turn (tests/points/scenario.py)."""

import threading

import pytest

from domain.bridging import Mode
from domain.decision import WordsFor
from storage import tenants
from storage.due import Kind
from tests.points.scenario import Scenario, Step, every_point
from tests.points.world import World
from tests.support.asking import ACME
from tests.support.ticketing import ORDER
from worker import tickets

FILES = ("tickets", "ticket_words", "passing_on", "ticketing")

# What may have been asked for is looked for, and never asked for again where that could do it twice.
NEVER_MADE = "It stands written that the ticket is being made, and nobody knows whether the system was asked."
NEVER_SAID = "It stands written that the words are being sent, and nobody knows whether the system was asked."
NOT_HEARD = "That the system had refused the words died with who heard it, and they are not on the ticket."


def connected(world: World) -> None:
    world.bridge.connect()


def a_note(world: World) -> None:
    world.bridge.words()


def words_for_a_supplier(world: World) -> None:
    assert world.asking.supplier
    world.bridge.words(WordsFor.SUPPLIER, recipient=ACME)


def words_for_a_customer(world: World) -> None:
    world.bridge.words(WordsFor.CUSTOMER)


def carried(times: int = 1) -> Step:
    """The tickets that are due, looked after so many times with the time between that each of them waits for."""
    return lambda world: world.bridge.later(times)


def trouble(route: str, fault: str, *, times: int = 1, skip: int = 0) -> Step:
    return lambda world: world.bridge.fault(route, fault, times=times, skip=skip)


def asks(world: World) -> None:
    """Answered by itself, with a file to take along."""
    file = {"name": "invoice.txt", "text": "Lamps, two."}
    world.shop.write(f"question: Where is the parcel of {ORDER} ?", "My order", attachments=[file])


def settled(world: World) -> None:
    world.shop.sync_and_settle()


class Ending(threading.Event):
    """Somebody wants the program to end while it has a ticket: nobody did yet when it took it."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    def is_set(self) -> bool:
        self._asked += 1
        return self._asked > 1


def ends_in_the_middle(world: World) -> None:
    world.services.stopping = Ending()
    world.shop.run(Kind.TICKET)
    world.begin_anew()


def answers_by_itself(*, answering: bool) -> Step:
    def step(world: World) -> None:
        with world.services.database.transaction(world.shop.tenant) as db:
            tenants.set_answering(db, world.shop.tenant, answering=answering)

    return step


def slowly(world: World) -> None:
    """Every ticket takes longer than others of the tenant may be kept waiting."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tickets, "SLOW", 0.0)
        world.shop.run(Kind.TICKET)


def a_second_order(world: World) -> None:
    world.bridge.order("LO-77702")
    world.bridge.words(number="LO-77702")


SCENARIOS = (
    Scenario(
        "a note makes its ticket",
        (connected, a_note, carried()),
        otherwise={
            "after tickets._find_or_make commit 3": NEVER_MADE,
            "before tickets._make create 1": NEVER_MADE,
        },
        rounds=2,
    ),
    Scenario(
        "a reply goes by the ticket that its mail makes, with the file",
        (lambda world: world.bridge.connect(Mode.TICKET_ONLY), asks, settled),
        otherwise={"before ticket_words._hand_over write_to_customer 1": NEVER_SAID},
        rounds=2,
    ),
    Scenario(
        "a supplier is written to",
        (connected, words_for_a_supplier, a_note, carried()),
        otherwise={"before ticket_words._hand_over write_to_supplier 1": NEVER_SAID},
        rounds=2,
    ),
    Scenario(
        "it ends in the middle", (connected, a_note, carried(), a_note, a_note, ends_in_the_middle, carried()), rounds=1
    ),
    Scenario(
        "nobody said that the ticket was made",
        (connected, a_note, trouble("upsert", "500_after"), carried(2)),
        rounds=1,
    ),
    Scenario(
        "nobody said that the note was taken",
        (connected, a_note, a_note, trouble("internal", "500_after"), carried(2)),
        rounds=1,
    ),
    Scenario(
        "words for a customer never show",
        (connected, words_for_a_customer, a_note, trouble("customer", "drop_before"), carried(5)),
        rounds=1,
    ),
    Scenario(
        "words for a customer are refused",
        (connected, words_for_a_customer, a_note, trouble("customer", "unsuccessful", times=3), carried(3)),
        otherwise={"before ticket_words._not_done commit 1": NOT_HEARD},
        rounds=2,
    ),
    Scenario(
        "the login is refused in the middle",
        (connected, a_note, trouble("internal", "401"), trouble("login", "401", skip=1), carried(2)),
        rounds=1,
    ),
    Scenario("the ticket is hidden for a while", (connected, a_note, trouble("get", "404"), carried(2)), rounds=1),
    Scenario(
        "answering is paused before there is a ticket",
        (
            connected,
            a_note,
            answers_by_itself(answering=False),
            carried(),
            answers_by_itself(answering=True),
            carried(),
        ),
        rounds=1,
    ),
    Scenario(
        "nobody knows the order there",
        (connected, a_note, lambda world: world.bridge.desk.orders.clear(), carried()),
        rounds=2,
    ),
    Scenario(
        "the system is disconnected",
        (connected, a_note, lambda world: world.shop.change("DELETE FROM ticketing"), carried()),
        rounds=1,
    ),
    Scenario("the system is slow", (connected, a_note, a_second_order, slowly, carried(2)), rounds=1),
    Scenario("the system is away", (connected, a_note, trouble("by_order", "503_before"), carried(2)), rounds=1),
)


def test_a_death_at_any_point_comes_to_the_same_end(opened):
    assert every_point(FILES, SCENARIOS, opened) == []
