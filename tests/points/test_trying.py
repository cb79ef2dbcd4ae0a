"""Mails that members try: a worker dies at each point of it in turn (tests/points/scenario.py)."""

from storage import trials
from storage.due import Kind
from tests.points.scenario import Scenario, every_point
from tests.points.world import DoomedServices, World
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP

FILES = ("trial", "trying")

QUESTION = letter(CUSTOMER, SHOP, "Parcel", "question: when does my parcel come?")


class Broken(DoomedServices):
    """Services that can try no mail."""

    def tenant_bench(self, tenant):
        raise RuntimeError(tenant)


def tried(world: World) -> None:
    shop = world.shop
    with shop.services.database.transaction(shop.tenant) as db:
        assert trials.ask(db, shop.tenant, member=shop.workspace.owner, raw=QUESTION)


def read(world: World) -> None:
    world.shop.change("UPDATE trial SET next_at = now(), lease_until = NULL WHERE state = 'waiting'")
    world.shop.run(Kind.TRIAL)


SCENARIOS = (
    Scenario("a mail that is tried", (tried, read)),
    Scenario("a mail that is tried in vain", (tried, read, read, read), Broken),
)


def test_a_death_at_any_point_comes_to_the_same_end(opened):
    assert every_point(FILES, SCENARIOS, opened) == []
