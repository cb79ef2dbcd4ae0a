"""Killing the worker between any two commits and calls of an order action: it recovers, with one effect."""

from itertools import count

import pytest

from parts.shop import TenantShop
from tests.support import pipeline
from tests.support.acting import Acting, running_shop
from tests.support.kills import Killed, MortalPort, MortalServices
from tests.support.pipeline import Shop


class MortalActing(MortalServices):
    """The services of a process that may die around each call to the shop, too."""

    def shop(self, tenant):
        found = super().shop(tenant)
        return TenantShop(found.address, MortalPort(found.port, self.plan))


@pytest.fixture(scope="module")
def outside():
    with running_shop() as shop:
        yield shop


@pytest.fixture
def acting(google, settings, workspace, outside):
    outside.reset()
    services = MortalActing(pipeline.settings_over(settings, google))
    shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    shop.settle()
    yield Acting(shop, outside)
    services.close()


def kill_everywhere(acting: Acting, trouble=lambda: None, *, times: int = 1) -> list[str]:
    """One approved act for every place there is, its worker killed there; returns the places of the last, whole run."""
    for number in count(1):
        found = acting.approved(100)
        trouble()
        plan = acting.shop.services.dying_at(number)
        was_killed = False
        try:
            for _ in range(times):
                acting.later()
        except Killed:
            was_killed = True
        acting.shop.services.dying_at(0)
        acting.outside.faults.clear()
        acting.later(3)
        told = f"killed at place {number}: {plan.places[-1:]}"
        assert (acting.state(found.act), acting.ledger(found.act)) == ("done", ["promised", "paid"]), told
        assert acting.case(found) == "executed", told
        assert acting.reply(found) == "pending", told
        steps = acting.shop.rows("SELECT to_state FROM case_event WHERE case_id = %s ORDER BY id", found.case)
        assert [row.to_state for row in steps] == ["executing", "executed"], told
        if acting.shop.rows("SELECT FROM shop_webhook"):
            assert acting.outside.effects(found.act) == 1, told
        if not was_killed:
            return plan.places
    raise AssertionError


def test_a_kill_anywhere_while_the_shop_carries_it_out_has_one_effect(acting):
    acting.connect()
    places = kill_everywhere(acting)
    assert places.count("before carry_out") == 1
    assert len(places) >= 8


def test_a_kill_anywhere_while_only_the_ledger_is_written_books_once(acting):
    assert len(kill_everywhere(acting)) >= 8
    assert acting.outside.posts == 0


@pytest.mark.parametrize("fault", ["500_before", "500_after", "drop_before", "drop_after", "html_after"])
def test_a_kill_anywhere_while_the_shop_loses_answers_has_one_effect(acting, fault):
    acting.connect()

    def trouble() -> None:
        acting.outside.fault("act", fault)

    places = kill_everywhere(acting, trouble, times=2)
    assert "before look" in places


def test_a_kill_anywhere_while_the_look_lies_late_has_one_effect(acting):
    acting.connect()

    def trouble() -> None:
        acting.outside.fault("act", "drop_after")
        acting.outside.fault("look", "404")

    places = kill_everywhere(acting, trouble, times=2)
    assert places.count("before carry_out") == 2


@pytest.mark.parametrize("every", [2, 3, 5, 7, 8])
def test_a_worker_that_dies_again_and_again_has_one_effect(acting, every):
    acting.connect()
    found = acting.approved(100)
    for _ in range(20):
        acting.shop.services.dying_at(every)
        try:
            acting.later()
        except Killed:
            continue
    acting.shop.services.dying_at(0)
    acting.later(3)
    assert (acting.state(found.act), acting.ledger(found.act)) == ("done", ["promised", "paid"])
    assert acting.outside.effects(found.act) == 1
