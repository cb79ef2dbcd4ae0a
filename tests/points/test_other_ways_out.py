"""Replies that leave otherwise than as a mail of ours: a worker dies at each point of it (tests/points/scenario.py)."""

from functools import partial

from domain.bridging import Mode
from tests.points.people import take_to_gmail
from tests.points.scenario import Scenario, Step, every_point
from tests.points.world import DoomedServices, World
from tests.support.answering import WordAnswers
from tests.support.letters import letter
from tests.support.llm import with_model
from tests.support.pipeline import SHOP
from tests.support.ticketing import ORDER

FILES = ("gmail_drafts", "by_ticket", "together", "composing")


class WeakServices(DoomedServices):
    """Its local answers are never sure, so that a language model is asked; what wraps them is as in production."""

    def _answers(self, tenant, abstention):
        return WordAnswers("en")


def asked(world: World) -> None:
    world.shop.write("question: do you sell boats?", "Boats")
    world.shop.sync_and_settle()


def taken_to_gmail(world: World) -> None:
    assert take_to_gmail(world, "Boats")


def laid_down(world: World) -> None:
    world.shop.settle()


def laid_down_and_not_confirmed(world: World) -> None:
    world.shop.google.fault("drafts.create", "drop_after")
    world.shop.settle()


def sent_by_its_owner(world: World) -> None:
    """In Gmail: nothing of ours takes part."""
    box = world.shop.google.mailbox(SHOP)
    [draft_id] = box.drafts
    draft = box.messages[box.drafts[draft_id]]
    world.shop.google.send_as(SHOP, draft.letter.raw, draft.thread_id)
    world.shop.google.delete_draft(SHOP, draft_id)


def time_passes(world: World) -> None:
    world.shop.settle_over_time(3)


def three_mails_at_once(world: World) -> None:
    """Two of them in one conversation."""
    first = world.shop.write("question: when does my parcel come?", "Parcel")
    again = letter(
        "anna@customer.example", SHOP, "Re: Parcel", "question: do you sell boats?", answers=first.letter.message_id
    )
    world.shop.google.deliver_raw(SHOP, again, auth="pass")
    world.shop.write("question: when does my parcel come?", "Another")
    world.shop.sync_and_settle()


def replies_leave_by_tickets(world: World) -> None:
    world.bridge.connect(Mode.TICKET_ONLY)


def asked_about_an_order(world: World) -> None:
    world.shop.write(f"question: Where is the parcel of {ORDER} ?", "My order")
    world.shop.sync_and_settle()


def with_a_language_model(models, world: World) -> None:
    world.services.settings = with_model(world.services.settings, models)


def asked_what_the_model_knows(world: World) -> None:
    world.shop.write("question: which way is the money returned, to which payment method?", "Money")
    world.shop.sync_and_settle()


SCENARIOS = (
    Scenario("several mails decided at once", (three_mails_at_once,)),
    Scenario("kept in Gmail as a draft", (asked, taken_to_gmail, laid_down)),
    Scenario(
        "kept in Gmail as a draft, and its owner is faster than we are",
        (asked, taken_to_gmail, laid_down_and_not_confirmed, sent_by_its_owner, time_passes),
    ),
    Scenario("sent by the ticket of its order", (replies_leave_by_tickets, asked_about_an_order)),
)


def composed_by(models) -> tuple[Step, ...]:
    return (partial(with_a_language_model, models), asked_what_the_model_knows)


def test_a_death_at_any_point_comes_to_the_same_end(opened, models):
    composed = Scenario("written by a language model", composed_by(models), kind=WeakServices)
    assert every_point(FILES, (*SCENARIOS, composed), opened) == []
