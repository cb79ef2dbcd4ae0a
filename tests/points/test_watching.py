"""A status page that is watched: a worker dies at each point of it in turn (tests/points/scenario.py)."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from sandbox.status_page import StatusPage, serve
from storage import incidents
from storage.due import Kind
from tests.points.scenario import Scenario, every_point
from tests.points.world import World

FILES = ("incidents",)


def watched(page: StatusPage, world: World) -> None:
    """A page with one incident and another that is over by now."""
    page.reset()
    page.open("Card payments fail", components=("Card payments",))
    page.open("Parcels are late")
    shop = world.shop
    shop.services.settings = replace(shop.services.settings, status_page_private=True)
    with shop.services.database.transaction(shop.tenant) as db:
        incidents.watch(db, shop.tenant, page.base_url)


def read(world: World) -> None:
    world.shop.change("UPDATE status_page SET next_at = now(), lease_until = NULL")
    world.shop.run(Kind.INCIDENTS)


def broken(page: StatusPage, world: World) -> None:
    page.resolve("inc0002")
    page.order("500_before")
    read(world)


def a_mail_that_it_explains(world: World) -> None:
    world.shop.write("question: I cannot pay, card payments fail with an error. What is wrong?")
    world.shop.sync_and_settle()


def scenarios(page: StatusPage) -> tuple[Scenario, ...]:
    return (
        Scenario(
            "a page that is read, and once is not",
            (partial(watched, page), read, partial(broken, page), a_mail_that_it_explains),
        ),
    )


@pytest.fixture
def page() -> Iterator[StatusPage]:
    found = StatusPage()
    with serve(found):
        yield found


def test_a_death_at_any_point_comes_to_the_same_end(opened, page):
    assert every_point(FILES, scenarios(page), opened) == []
