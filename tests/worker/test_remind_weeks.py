"""Hundreds of requests to suppliers over simulated weeks: no reminder after an answer, none missing, each in time.

A thousand take two and a half minutes: `SUPPLIER_REQUESTS=1000 pytest -s tests/worker/test_remind_weeks.py`.
"""

import os
from collections import Counter
from datetime import timedelta

import pytest

from domain.delivery import Gate
from storage import supplier_sending
from tests.support.remind_world import World, set_up_clock

MANY, SOME = int(os.environ.get("SUPPLIER_REQUESTS", "200")), 60


@pytest.fixture
def world(urls, settings, workspace, services):
    made = []

    def make(**more) -> World:
        made.append(World(settings, workspace.id, workspace.owner, **more))
        return made[-1]

    services.database.close()  # its connections have the real clock still
    set_up_clock(urls.owner)
    yield make
    for one in made:
        one.close()


def played(world: World, number: int) -> World:
    for one in range(number):
        world.ask(one)
    world.run()
    return world


def figures(world: World) -> str:
    left = Counter(to.partition("@")[0] for _, _, to, _ in world.sent)
    answered = sum(one.arrived_at is not None for one in world.asked.values())
    return (
        f"{len(world.asked)} requests, {answered} answered, {left['desk']} reminders, {left['ops']} alerts, "
        f"{world.between} answers between claim and send, {world.killed} kills, {world.jumped} jumps of the clock"
    )


def test_no_reminder_leaves_after_an_answer_and_none_is_missing(world):
    week = played(world(seed=1), MANY)
    print(figures(week))
    assert {what: which for what, which in week.wrongs().items() if which} == {}
    assert len(week.sent) > MANY / 2
    assert week.between > MANY / 100


def test_the_same_holds_where_workers_die_at_any_commit_and_clocks_jump(world):
    week = played(world(seed=2, kills=0.2, jumps=0.03), SOME)
    print(figures(week))
    # A clock that jumps by three hours makes late what it jumps over; a dead worker's lease lasts three minutes.
    wrongs = week.wrongs(within=timedelta(hours=12))
    assert {what: which for what, which in wrongs.items() if which} == {}
    assert week.killed > SOME / 4
    assert week.jumped > 0


def test_a_reminder_that_looks_at_nothing_before_it_leaves_is_caught(world, monkeypatch):
    """The negative control: without the gate the same weeks have reminders after an answer."""
    monkeypatch.setattr(supplier_sending, "forbidden", lambda *_, **__: (Gate.OPEN, ""))
    week = played(world(seed=3), SOME)
    print(figures(week))
    assert week.between > 0
    assert week.wrongs()["after an answer"]
