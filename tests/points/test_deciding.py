"""Mail that is decided: a worker dies at each point of it in turn (tests/points/scenario.py)."""

from tests.points.scenario import Scenario, every_point
from tests.points.world import World

FILES = ("process",)


def four_mails(world: World) -> None:
    for subject, text in (
        ("Parcel", "question: when does my parcel come?"),
        ("Boats", "question: do you sell boats?"),
        ("Refund", "refund: my money please"),
    ):
        world.shop.write(text, subject)
    world.shop.write("question: when does my parcel come?", "Away", headers={"Auto-Submitted": "auto-replied"})
    world.shop.sync_and_settle()


SCENARIOS = (Scenario("four mails of four fates", (four_mails,)),)


def test_a_death_at_any_point_comes_to_the_same_end(opened):
    assert every_point(FILES, SCENARIOS, opened) == []
