"""Mail that is decided: a worker dies at each point of it in turn (tests/points/scenario.py)."""

from functools import partial

from tests.points.knowing import DoomedIndexed, a_mail_is_held, a_question_is_answered_from_them, documents_come, say
from tests.points.scenario import Scenario, every_point
from tests.points.second_opinion import SecondOpinion, asked_of_a_model
from tests.points.world import DoomedServices, World
from tests.support.little_models import PlainReader

FILES = ("process", "reading", "answering", "abstaining")


class PoisonedReader(PlainReader):
    """It breaks over one word, and the whole batch with it."""

    def read(self, messages, context):
        if any("poison" in message.text for message in messages):
            raise ValueError
        return super().read(messages, context)


class DoomedByPoison(DoomedServices):
    @property
    def reader(self):
        return PoisonedReader()


def four_mails(world: World) -> None:
    for subject, text in (
        ("Parcel", "question: when does my parcel come?"),
        ("Boats", "question: do you sell boats?"),
        ("Refund", "refund: my money please"),
    ):
        world.shop.write(text, subject)
    world.shop.write("question: when does my parcel come?", "Away", headers={"Auto-Submitted": "auto-replied"})
    world.shop.sync_and_settle()


def it_breaks_the_reader(world: World) -> None:
    world.shop.write("question: is it poison?", "Poison")
    world.shop.write("question: when does my parcel come?", "Parcel")
    world.shop.sync_and_settle()


def it_is_tried_again(world: World) -> None:
    world.shop.settle_over_time(3)


def a_member_says_what_it_is(world: World) -> None:
    say(world)
    world.shop.settle()


def scenarios(models) -> tuple[Scenario, ...]:
    return (
        Scenario("four mails of four fates", (four_mails,), rounds=2),
        Scenario("a mail that breaks the reader", (it_breaks_the_reader, it_is_tried_again), DoomedByPoison),
        Scenario("a second opinion", (partial(asked_of_a_model, models),), SecondOpinion, rounds=2),
        Scenario(
            "documents and a head of the tenant's own",
            (documents_come, a_mail_is_held, a_member_says_what_it_is, a_question_is_answered_from_them),
            DoomedIndexed,
            rounds=2,
        ),
    )


def test_a_death_at_any_point_comes_to_the_same_end(opened, models):
    assert every_point(FILES, scenarios(models), opened) == []
