"""What the port `Shop` promises, held against a shop in memory, the webhook over real HTTP, and the ledger alone."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from adapters.shop_webhook import ShopWebhook
from domain.delivery import Shop, ShopTask
from domain.errors import MailwrightError, NotDone, Unclear
from domain.money import Money
from domain.order_action import Action
from parts.shop import LedgerAlone
from tests.support.acting import PATIENT_SHOP, running_shop
from tests.support.fake_shop import FakeShop

FAULTS = {"before": ("act", "500_before"), "after": ("act", "500_after"), "look": ("look", "500_before")}


@dataclass
class Way:
    """One way to a shop, with what a test may do to the shop behind it."""

    shop: Shop
    effects: object = None
    lose: object = None
    asked: object = None


@pytest.fixture(scope="module")
def server():
    with running_shop() as shop:
        yield shop


@pytest.fixture
def ways(server):
    server.reset()
    server.order("LO-1", 5000)
    fake = FakeShop({"LO-1": 5000})
    webhook = ShopWebhook(PATIENT_SHOP, server.base_url, lambda: server.secret)
    return {
        "memory": Way(fake, fake.effects, fake.lose.append, lambda: fake.asked),
        "webhook": Way(webhook, server.effects, lambda what: server.fault(*FAULTS[what]), lambda: server.posts),
        "ledger": Way(LedgerAlone()),
    }


@pytest.fixture(params=["memory", "webhook", "ledger"])
def any_way(request, ways) -> Way:
    return ways[request.param]


@pytest.fixture(params=["memory", "webhook"])
def way(request, ways) -> Way:
    """Those behind which there is somebody else."""
    return ways[request.param]


def task(amount: int = 2000, key: UUID | None = None) -> ShopTask:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    return ShopTask(key or uuid4(), Action.REFUND, "LO-1", Money(amount, "EUR"), created_at=at)


def test_what_was_never_asked_is_none(any_way):
    assert any_way.shop.look(uuid4()) is None


def test_it_is_done_and_the_same_is_said_again(any_way):
    wanted = task()
    assert any_way.shop.carry_out(wanted) == any_way.shop.carry_out(wanted)


def test_one_key_has_one_effect_and_a_name_by_which_it_is_found(way):
    wanted = task()
    done = way.shop.carry_out(wanted)
    assert way.shop.carry_out(wanted) == way.shop.look(wanted.key) == done
    assert done.reference
    assert way.effects(wanted.key) == 1


def test_two_keys_are_two_effects(way):
    first, second = task(), task()
    assert way.shop.carry_out(first) != way.shop.carry_out(second)
    assert way.effects(first.key) == way.effects(second.key) == 1


def test_a_refusal_is_a_proof_with_a_reason_and_stays_one(way):
    wanted = task(5001)
    for ask in (lambda: way.shop.carry_out(wanted), lambda: way.shop.look(wanted.key)) * 2:
        with pytest.raises(NotDone) as caught:
            ask()
        assert (caught.value.reason, caught.value.after) == ("More than was paid would be paid back.", None)
    assert way.effects(wanted.key) == 0


@pytest.mark.parametrize(("lost", "effects"), [("before", 0), ("after", 1)])
def test_a_lost_answer_is_unclear_and_nothing_is_repeated_inside(way, lost, effects):
    wanted = task()
    way.lose(lost)
    with pytest.raises(Unclear):
        way.shop.carry_out(wanted)
    assert (way.asked(), way.effects(wanted.key)) == (1, effects)
    assert (way.shop.look(wanted.key) is None) == (effects == 0)
    assert way.shop.carry_out(wanted) == way.shop.look(wanted.key)
    assert way.effects(wanted.key) == 1


def test_a_look_that_fails_is_an_error_and_never_not_done(way):
    wanted = task()
    way.shop.carry_out(wanted)
    way.lose("look")
    with pytest.raises(MailwrightError) as caught:
        way.shop.look(wanted.key)
    assert not isinstance(caught.value, NotDone)


def test_something_else_under_the_same_key_is_not_done_and_proves_nothing(way):
    wanted = task()
    way.shop.carry_out(wanted)
    with pytest.raises(Unclear):
        way.shop.carry_out(replace(wanted, amount=Money(1, "EUR")))
    assert way.effects(wanted.key) == 1
