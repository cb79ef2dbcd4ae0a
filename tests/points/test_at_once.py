"""What a page does at once: it dies at each point of it in turn, and is asked again (tests/points/scenario.py)."""

import io
import zipfile

from parts import demonstration
from parts.customer_copy import copy_of
from tests.conftest import make_workspace
from tests.points.scenario import Scenario, every_point
from tests.points.world import World
from tests.support.pipeline import CUSTOMER, Shop

FILES = ("customer_copy", "demonstration")


def a_customer(world: World) -> None:
    world.shop.write("question: when does my parcel come?", "Parcel")
    world.shop.sync_and_settle()


def copied(world: World) -> None:
    """A person presses until they have it."""
    if "copy" not in world.kept:
        shop = world.shop
        world.kept["copy"] = copy_of(shop.services.database, shop.tenant, CUSTOMER, actor=str(shop.workspace.owner))


def the_copy_is_whole(world: World) -> None:
    content, rows = world.kept["copy"]
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        mails = [name for name in file.namelist() if name.startswith("mails/")]
    assert (len(mails), rows > len(mails)) == (1, True)


def a_workspace_with_nothing_in_it(world: World) -> None:
    services = world.services
    world.shop = Shop(world.outsides.google, services, make_workspace(services.database, "rival", "-"), None)


def filled(world: World) -> None:
    """A person presses until it is there."""
    demonstration.fill(world.services, world.shop.tenant, member=world.shop.workspace.owner)


SCENARIOS = (
    Scenario("a copy for a customer", (a_customer, copied, copied, the_copy_is_whole)),
    Scenario("a demonstration", (a_workspace_with_nothing_in_it, filled, filled)),
)


def test_a_death_at_any_point_comes_to_the_same_end(opened):
    assert every_point(FILES, SCENARIOS, opened) == []
