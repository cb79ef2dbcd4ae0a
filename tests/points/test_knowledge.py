"""Documents, lessons and questions without an answer: a worker dies at each point of their work in turn."""

from domain.answering import CheckedQuestion
from domain.category import Category
from storage import answer_verdicts, checked
from storage.due import Kind
from tests.points.knowing import (
    RETURNS,
    DoomedIndexed,
    a_mail_is_held,
    a_question_is_answered_from_them,
    documents_come,
    say,
    store,
)
from tests.points.scenario import Scenario, every_point
from tests.points.world import World
from tests.support.little_models import PlainEmbedder, PlainLearner

FILES = ("index", "learn", "gaps", "knowledge")


class BrokenEmbedder(PlainEmbedder):
    def embed(self, texts):
        raise ValueError


class BrokenLearner(PlainLearner):
    def fit(self, taught, before=None):
        raise ValueError


def the_model_breaks_over_a_document(world: World) -> None:
    world.services.embedder = BrokenEmbedder()
    store(world, "en/returns.md", RETURNS)
    world.shop.settle()
    del world.services.embedder


def a_document_changes(world: World) -> None:
    store(world, "en/returns.md", RETURNS + b" Always.")
    world.shop.due_again()
    world.shop.settle()


def a_member_says_what_it_is_and_the_learner_breaks(world: World) -> None:
    """A mail and a question whose meaning is known came with the program."""
    tenant = world.shop.tenant
    question = CheckedQuestion("q1", "How long does a parcel take?", "", "en", "en/delivery.md", ("Delivery",))
    with world.services.database.transaction(tenant) as db:
        checked.ship(db, tenant, [checked.Shipped("m1", "question: this?", "", "en", Category.QUESTION)])
        answer_verdicts.ship(db, tenant, [question])
    say(world)
    world.services.learner = BrokenLearner()
    world.shop.run(Kind.LEARN)
    del world.services.learner


def the_lesson_is_learned(world: World) -> None:
    world.shop.due_again()
    world.shop.settle()


def nobody_can_answer(world: World) -> None:
    for subject, text in (("Boats", "boats for sale?"), ("Boats", "boats on sale?"), ("Fur", "zebra fur!")):
        world.shop.write(f"question: {text}", subject)
    world.shop.fetch()
    world.shop.run(Kind.PROCESS)


def the_model_breaks_over_the_questions(world: World) -> None:
    world.services.embedder = BrokenEmbedder()
    world.shop.due_again()
    world.shop.run(Kind.GAPS)
    del world.services.embedder


def the_questions_are_grouped(world: World) -> None:
    world.shop.due_again()
    world.shop.settle()


SCENARIOS = (
    Scenario("documents", (documents_come, a_question_is_answered_from_them), DoomedIndexed, rounds=2),
    Scenario("a model that breaks", (the_model_breaks_over_a_document, a_document_changes), DoomedIndexed, rounds=1),
    Scenario(
        "a lesson",
        (documents_come, a_mail_is_held, a_member_says_what_it_is_and_the_learner_breaks, the_lesson_is_learned),
        DoomedIndexed,
        rounds=1,
    ),
    Scenario("gaps", (nobody_can_answer, the_model_breaks_over_the_questions, the_questions_are_grouped), rounds=1),
)


def test_a_death_at_any_point_comes_to_the_same_end(opened):
    assert every_point(FILES, SCENARIOS, opened) == []
