"""Every fault of the contract in every call of the bridge: nothing lost, nothing doubled, no ticket made twice.

Lost is a text that reached neither the ticket nor a person. `LIVES` is how often the trouble strikes: once, or so long
that everything that waits has come to its end.
"""

import random

import pytest

from domain.decision import WordsFor
from tests.support.ticketing import ORDER, PATIENT
from worker.tickets import LOOKS

FAULTS = (
    *("500_before", "500_after", "502_before", "503_before", "503_after", "429", "drop_before", "drop_after"),
    *("html_before", "html_after", "html_500", "malformed_json", "short_read", "401", "404", "unsuccessful", "slow"),
)
READ_FAULTS = tuple(fault for fault in FAULTS if fault != "unsuccessful")
ROUTES = ("login", "by_order", "get", "upsert", "internal", "customer", "supplier")
LIVES = (1, 1000)
# At an end; and what a person sees of a reply that did not go.
ENDS = {"done", "needs_person", "refused", "held"}
# How often each of these is called for one ticket of two texts, at most: nothing is ever asked again and again.
CASES = [
    (route, fault)
    for route in ROUTES
    for fault in (FAULTS if route in {"upsert", "internal", "customer", "supplier"} else READ_FAULTS)
]
SIDES = {"customer": WordsFor.CUSTOMER, "supplier": WordsFor.SUPPLIER}


def everything(bridge, number: str) -> list[str]:
    return [
        bridge.words(number=number),
        bridge.words(WordsFor.CUSTOMER, number=number),
        bridge.words(WordsFor.SUPPLIER, number=number),
        bridge.words(number=number),
    ]


def assert_kept(bridge, markers, told) -> None:
    """None lost, none doubled, no second ticket; and what is called done is there."""
    assert bridge.doubled() == {}, told
    for marker in markers:
        state = bridge.state(marker)
        assert state in ENDS, (told, state)
        if state == "done":
            assert bridge.times(marker) == 1, told
        if state in {"held", "refused"}:
            assert bridge.times(marker) == 0, told
        if state != "done":
            assert bridge.error(marker), told


def made_of(bridge, number: str) -> int:
    return sum(one["call"] == "upsert" and one["order"] == number for one in bridge.desk.effects)


@pytest.mark.parametrize("lives", LIVES)
@pytest.mark.parametrize("route", ROUTES)
def test_every_fault_of_every_call(bridge, route, lives):
    for place, fault in enumerate(fault for one, fault in CASES if one == route):
        number = f"LO-{88000 + place}"
        bridge.order(number)
        bridge.desk.faults.clear()
        bridge.desk.tokens.clear()
        bridge.fault(route, fault, times=lives, seconds=0.6)
        markers = everything(bridge, number)
        # The ticket's own looks, those of each text, and those of a note that went twice.
        bridge.later(12 if lives == 1 else 4 * len(LOOKS) + 8)
        if any(bridge.state(marker) not in ENDS for marker in markers):
            bridge.shop.change("UPDATE ticket SET due_since = now() - interval '73 hours' WHERE next_at IS NOT NULL")
            bridge.later()
        told = (route, fault, lives)
        assert_kept(bridge, markers, told)
        assert made_of(bridge, number) <= 1, told
        if lives == 1 and route not in {"upsert", "customer", "supplier"}:
            assert {bridge.state(marker) for marker in markers} == {"done"}, told


@pytest.mark.parametrize("fault", ["500_before", "500_after", "drop_after", "html_after", "slow"])
@pytest.mark.parametrize("not_found", ["404", "empty"])
def test_a_visibility_delay_after_an_unclear_making_makes_no_second_ticket(bridge, fault, not_found):
    bridge.desk.not_found, bridge.desk.hidden_for = not_found, 3600
    bridge.fault("upsert", fault, seconds=0.6)
    markers = everything(bridge, ORDER)
    bridge.later()
    bridge.shop.services.ticketing_seconds = PATIENT
    bridge.later(len(LOOKS) - 2)
    assert made_of(bridge, ORDER) <= 1
    bridge.desk.visible_at.update(dict.fromkeys(bridge.desk.tickets, 0.0))
    bridge.later(3)
    assert_kept(bridge, markers, fault)
    assert made_of(bridge, ORDER) == (fault != "500_before")
    done = {bridge.state(marker) for marker in markers} == {"done"}
    assert done == (fault != "500_before")


@pytest.mark.parametrize("hidden", range(1, len(LOOKS)))
def test_a_look_at_tickets_whose_nested_objects_are_null_makes_no_second_one(bridge, hidden):
    bridge.fault("upsert", "drop_after")
    markers = everything(bridge, ORDER)
    bridge.run()
    for _ in range(hidden):
        bridge.fault("by_order", "nulls")
        bridge.later()
    bridge.later(2)
    assert_kept(bridge, markers, hidden)
    assert {bridge.state(marker) for marker in markers} == {"done"}
    assert made_of(bridge, ORDER) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_week_of_random_trouble_loses_and_doubles_nothing(bridge, seed):
    dice = random.Random(seed)
    markers, numbers = [], [f"LO-{99000 + place}" for place in range(6)]
    for number in numbers:
        bridge.order(number)
    for _ in range(20):
        bridge.desk.faults.clear()
        for route in ROUTES:
            faults = [fault for one, fault in CASES if one == route and fault != "slow"]
            if dice.random() < 0.6:
                bridge.fault(route, dice.choice(faults), times=dice.randint(1, 3))
        markers.append(bridge.words(dice.choice([WordsFor.NOTE, WordsFor.CUSTOMER]), number=dice.choice(numbers)))
        bridge.later(dice.randint(1, 2))
    bridge.desk.faults.clear()
    bridge.later(14)
    assert_kept(bridge, markers, seed)
    assert all(made_of(bridge, number) <= 1 for number in numbers)


def test_the_count_finds_what_arrives_twice(bridge):
    """The harness can fail: a system that shows a ticket's entries late, and a note of which it says nothing."""
    marker = bridge.words()
    bridge.fault("internal", "500_after")
    bridge.run()
    bridge.desk.tickets[2476]["ticketDetails"] = bridge.desk.tickets[2476]["ticketDetails"][:1]
    bridge.later(len(LOOKS))
    assert bridge.times(marker) == 2
    with pytest.raises(AssertionError):
        assert_kept(bridge, [marker], "")
