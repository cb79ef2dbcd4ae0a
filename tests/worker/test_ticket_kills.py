"""Killing the worker between any two commits and calls of the bridge: one ticket, and each text on it once."""

from contextlib import contextmanager
from itertools import count

import pytest

from domain.decision import WordsFor
from parts.ticketing import TenantTicketing
from tests.support import pipeline
from tests.support.kills import Killed, MortalPort, MortalServices
from tests.support.pipeline import Shop
from tests.support.ticketing import Bridged


class MortalBridge(MortalServices):
    """The services of a process that may die around each call to the ticketing system, too."""

    @contextmanager
    def open_ticketing(self, tenant):
        with super().open_ticketing(tenant) as found:
            yield TenantTicketing(found.address, MortalPort(found.client, self.plan))


@pytest.fixture
def bridge(google, settings, workspace, ticketing):
    ticketing.reset()
    services = MortalBridge(pipeline.settings_over(settings, google))
    shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    found = Bridged(shop, ticketing)
    found.connect()
    yield found
    services.close()


def kill_everywhere(bridge, trouble=lambda: None, *, side=WordsFor.NOTE) -> list[str]:
    """One order with two texts for every place there is, the worker killed there; the places of the last, whole run."""
    for number in count(1):
        order = f"LO-{50000 + number}"
        bridge.order(order)
        markers = [bridge.words(side, number=order), bridge.words(number=order)]
        trouble()
        plan = bridge.shop.services.dying_at(number)
        was_killed = False
        try:
            bridge.later(2)
        except Killed:
            was_killed = True
        bridge.shop.services.dying_at(0)
        bridge.desk.faults.clear()
        bridge.later(10)
        told = f"killed at place {number}: {plan.places[-1:]}"
        assert bridge.doubled() == {}, told
        made = sum(one["call"] == "upsert" and one["order"] == order for one in bridge.desk.effects)
        assert made <= 1, told
        for marker in markers:
            # Killed in the instant before a call, nobody knows that it was never made: after the looks a person has it.
            # But whatever arrived is known to have arrived.
            assert bridge.state(marker) in {"done", "needs_person", "held"}, told
            assert bridge.times(marker) == (bridge.state(marker) == "done"), told
            assert was_killed or bridge.state(marker) == "done", told
        if not was_killed:
            return plan.places
    raise AssertionError


def test_a_kill_anywhere_makes_one_ticket_and_puts_each_text_there_once(bridge):
    places = kill_everywhere(bridge)
    assert places.count("before create") == 1
    assert places.count("before note") == 2


def test_a_kill_anywhere_while_a_customer_is_written_to_writes_once(bridge):
    assert "before write_to_customer" in kill_everywhere(bridge, side=WordsFor.CUSTOMER)


@pytest.mark.parametrize("fault", ["500_after", "drop_after", "html_after"])
def test_a_kill_anywhere_while_answers_are_lost_doubles_nothing(bridge, fault):
    def trouble() -> None:
        bridge.fault("upsert", fault)
        bridge.fault("internal", fault)
        bridge.fault("customer", fault)

    kill_everywhere(bridge, trouble, side=WordsFor.CUSTOMER)


@pytest.mark.parametrize("every", [3, 5, 7, 11, 13])
def test_a_worker_that_dies_again_and_again_doubles_nothing(bridge, every):
    markers = [bridge.words(), bridge.words(WordsFor.CUSTOMER), bridge.words()]
    for _ in range(20):
        bridge.shop.services.dying_at(every)
        try:
            bridge.later()
        except Killed:
            continue
    bridge.shop.services.dying_at(0)
    bridge.later(14)
    assert bridge.doubled() == {}
    assert bridge.made() <= 1
    assert {bridge.state(marker) for marker in markers} <= {"done", "needs_person", "held"}
