"""Facts and order actions: a worker dies at each point of them in turn (tests/points/scenario.py).

What a mail asks about is looked up, the shop is asked to act, and says so, refuses, or does not say.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from adapters.pinned_http import NotAsked
from domain.money import Money
from domain.order import Order, OrderItem
from domain.refund_policy import RefundPolicy
from sandbox.llm import LanguageModels
from sandbox.web_search import Web, serve
from storage import incidents, orders, refund_policies
from tests.points.scenario import Scenario, differences, every_point, play
from tests.points.second_opinion import SecondOpinion, asked_of_a_model
from tests.points.world import World
from tests.support.acting import PATIENT_SHOP
from tests.support.pipeline import CUSTOMER
from worker import act

FILES = ("act", "shop", "tables", "from_data")

MUGS = (OrderItem("MUG-1", "Mug", 2, 1500),)
NOBODY = "http://127.0.0.1:9"


class Away:
    """The way to a shop to which nobody can connect."""

    def post(self, *_: object) -> Any:
        raise NotAsked("The shop could not be reached.")

    look = post


def an_order(world: World) -> None:
    """LO-7, which came three days ago, and a machine that may pay it back."""
    now = datetime.now(UTC)
    known = Order(
        "LO-7", CUSTOMER, "delivered", Money(3000, "EUR"), Money(0, "EUR"), now - timedelta(days=9),
        now - timedelta(days=3), MUGS,
    )  # fmt: skip
    shop = world.shop
    with shop.services.database.transaction(shop.tenant) as db:
        orders.save(db, shop.tenant, [known])
        policy = RefundPolicy(alone_up_to={"EUR": 5000})
        refund_policies.save(db, shop.tenant, policy, shop.workspace.owner)
    world.acting.connect()
    world.outsides.orders.order("LO-7", 3000, status="delivered")


def an_incident(world: World) -> None:
    shop = world.shop
    with shop.services.database.transaction(shop.tenant) as db:
        incidents.watch(db, shop.tenant, NOBODY)
    shop.change(
        "INSERT INTO incident (tenant_id, external_id, name, status, components, began_at, updated_at, fetched_at)"
        " VALUES (%s, 'i1', 'Card payments fail', 'investigating', '{Card payments}', now(), now(), now())",
        shop.tenant,
    )


def searched_by(web: Web, world: World) -> None:
    web.reset()
    web.results = [{"title": "Boats", "url": "https://web.example/boats", "content": "Boats are sold elsewhere."}]
    world.services.settings = replace(
        world.services.settings, web_search_provider="tavily", web_search_api_key="key",
        web_search_base_url=web.base_url,
    )  # fmt: skip


def mails_about_what_is_known(world: World) -> None:
    world.shop.write("question: Where is my order LO-7 ?", "Order")
    world.shop.write("question: I cannot pay, card payments fail with an error. What is wrong?", "Payment")
    world.shop.write("question: Do you sell boats?", "Boats")
    world.shop.write("refund: I would like a refund for my whole order LO-7.", "Refund")
    world.shop.sync_and_settle()


def approved(world: World, *, act_fault: str = "", look_faults: Sequence[str] = ()) -> None:
    """An act that waits for the shop, with the reply that tells of it."""
    world.acting.connect()
    world.acting.approved()
    for route, fault in (("act", act_fault), *(("look", one) for one in look_faults)):
        if fault:
            world.outsides.orders.fault(route, fault)


def acted(world: World) -> None:
    world.acting.later()


def no_such_order(world: World) -> None:
    world.outsides.orders.orders.clear()


def asked_again_in_vain(world: World) -> None:
    """The shop's look is behind its books, and it then wants nothing of our signature."""
    world.outsides.orders.fault("act", "401")
    world.acting.later()


def a_shop_that_forgets(world: World) -> None:
    """It does what it is asked each time, and says that it never did."""
    world.outsides.orders.forgetful = True
    approved(world, look_faults=["404"])


def shop_away(world: World) -> None:
    world.services.shops_http = Away()
    world.acting.later()


def shop_back(world: World) -> None:
    world.services.shops_http = PATIENT_SHOP
    world.acting.later()


def another_address(world: World) -> None:
    world.acting.connect(NOBODY)
    world.acting.later()


def no_longer_by_itself(world: World) -> None:
    world.shop.change("UPDATE tenant SET answering = false")


def two_of_a_slow_shop(world: World) -> None:
    """Slow is whatever takes its time."""
    world.acting.connect()
    for _ in range(2):
        world.acting.act(100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(act, "SLOW", 0.0)
        world.acting.later()


def scenarios(models: LanguageModels, web: Web) -> tuple[Scenario, ...]:
    unclear = partial(approved, act_fault="drop_after", look_faults=("unknown", "500_before"))
    return (
        Scenario(
            "mails about what is known, and a refund that the machine grants",
            (an_order, an_incident, partial(searched_by, web), mails_about_what_is_known),
        ),
        Scenario("a mail that a language model reads as well", (partial(asked_of_a_model, models),), SecondOpinion),
        Scenario("an act that the shop refuses", (approved, no_such_order, acted)),
        Scenario("an act of which the shop does not say for a while what became of it", (unclear, acted, acted, acted)),
        Scenario(
            "an act that is refused when it is asked again, and was done",
            (partial(approved, act_fault="drop_after", look_faults=("404",)), acted, asked_again_in_vain),
        ),
        Scenario("a shop that cannot be reached", (approved, shop_away, shop_back)),
        Scenario(
            "a shop that moved before it said what became of it",
            (partial(approved, act_fault="drop_after"), acted, another_address),
        ),
        Scenario("two acts of a slow shop", (two_of_a_slow_shop,)),
        Scenario(
            "an act that nobody approved, when nothing may be done by itself any more",
            (approved, no_longer_by_itself, acted),
            again=("before act._ask commit 1", "after act._ask commit 1"),
        ),
    )


@pytest.fixture
def web():
    found = Web()
    with serve(found):
        yield found


def test_a_death_at_any_point_comes_to_the_same_end(opened, models, web):
    assert every_point(FILES, scenarios(models, web), opened) == []


def test_it_sees_when_a_death_has_something_done_twice(opened):
    scenario = Scenario("a shop that keeps no keys", (a_shop_that_forgets, acted))
    usual, other = play(scenario, opened), play(scenario, opened, "after act._hand_over carry_out 1")
    shop = [(line.split()[0], line[-1]) for line in differences(usual, other) if " shop | " in line]
    assert shop == [("less:", "1"), ("more:", "2")]
