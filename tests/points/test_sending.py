"""Replies on their way to Gmail: a worker dies at each point of it in turn (tests/points/scenario.py)."""

from domain.delivery import EffectState
from storage import outbox, undo
from tests.points.people import release, take_back
from tests.points.scenario import Scenario, Step, differences, every_point, play
from tests.points.world import World
from tests.support.pipeline import CUSTOMER, SHOP
from worker import sending

FILES = ("sending", "deliver")

PARCEL, BOATS = "question: when does my parcel come?", "question: do you sell boats?"
# A fault that lasts until a later step takes it away.
ALWAYS = 1000


def asked_once(world: World) -> None:
    world.shop.write(PARCEL, "Parcel")
    world.shop.sync_and_settle()


def asked(world: World) -> None:
    world.shop.write(PARCEL, "Parcel")
    world.shop.write(BOATS, "Boats")
    world.shop.write(BOATS, "Ships")
    world.shop.sync_and_settle()


def released(world: World) -> None:
    with world.services.database.transaction(world.shop.tenant) as db:
        undo.set_seconds(db, world.shop.tenant, 60)
    release(world, "Boats")
    release(world, "Ships")


def held(world: World) -> None:
    world.shop.write(BOATS, "Boats")
    world.shop.sync_and_settle()


def sent_by_a_person(world: World) -> None:
    release(world, "Boats")
    world.shop.settle()


def undone_in_time(world: World) -> None:
    assert take_back(world, "Boats")


def its_seconds_pass(world: World) -> None:
    world.shop.due_again()
    world.shop.settle()


def undone_too_late(world: World) -> None:
    assert not take_back(world, "Ships")


def asked_while(route: str, fault: str, **more: object) -> Step:
    """A mail is answered while Gmail suffers from this."""

    def asked_once_and_suffering(world: World) -> None:
        world.shop.google.fault(route, fault, **more)
        asked_once(world)

    return asked_once_and_suffering


def time_passes(world: World) -> None:
    world.shop.settle_over_time(3)


def its_history_is_over(world: World) -> None:
    world.shop.google.expire_history(SHOP)


def three_replies_of_a_mailbox(world: World) -> None:
    world.shop.google.fault("drafts.create", "503_before", times=3)
    for number in range(3):
        world.shop.write(PARCEL, f"Parcel {number}")
    world.shop.sync_and_settle()


def it_was_tried_too_often(world: World) -> None:
    world.shop.change("UPDATE outbox SET attempts = 60")


def answering_is_paused(world: World) -> None:
    """While nobody knows whether Gmail sent what it was handed."""
    assert world.shop.one("SELECT state FROM outbox") in {EffectState.UNCERTAIN, EffectState.DRAFTED}
    world.shop.change("UPDATE tenant SET answering = false")


SCENARIOS = (
    Scenario(
        "a reply by itself, one that is undone in time, and one too late",
        (asked, released, undone_in_time, its_seconds_pass, undone_too_late),
    ),
    Scenario("a draft whose answer is lost", (asked_while("drafts.create", "503_after"), time_passes)),
    Scenario(
        "a sending that took effect, whose answer is lost", (asked_while("drafts.send", "drop_after"), time_passes)
    ),
    Scenario(
        "a sending that took none, whose answer is lost", (asked_while("drafts.send", "drop_before"), time_passes)
    ),
    Scenario(
        "what was sent since then is told no more",
        (asked_while("drafts.send", "drop_before"), its_history_is_over, time_passes),
    ),
    Scenario("refused for a while", (asked_while("drafts.send", "429", retry_after=1), time_passes)),
    Scenario("three in a row fail", (three_replies_of_a_mailbox, time_passes)),
    Scenario(
        "tried too often",
        (asked_while("drafts.send", "429", retry_after=1, times=ALWAYS), it_was_tried_too_often, time_passes),
    ),
    Scenario(
        "called off after it was handed over",
        (asked_while("drafts.send", "drop_before", times=ALWAYS), answering_is_paused, time_passes),
        otherwise=dict.fromkeys(
            # The same moment twice: the draft is deleted, and it is not written down yet.
            ("after sending._call_off delete_draft 1", "before sending._call_off commit 1"),
            "Of a draft that is gone Gmail does not say whether it left.",
        ),
    ),
)


def test_a_death_at_any_point_comes_to_the_same_end(opened):
    assert every_point(FILES, SCENARIOS, opened) == []


def test_one_who_sends_anew_instead_of_looking_is_found_out(opened, monkeypatch):
    """The control, with what a person sends: an automatic reply would be stopped, since its copy has come back."""

    def sent_anew(services, _, effect) -> None:
        with services.database.transaction(effect.tenant) as db:
            outbox.move(db, effect, EffectState.PENDING)

    monkeypatch.setattr(sending, "_look", sent_anew)
    one = Scenario("a person's reply", (held, sent_by_a_person))
    found = differences(play(one, opened), play(one, opened, "after sending.hand_over send_draft 1"))
    assert f"more: 1 x sent | {CUSTOMER} | Re: Boats" in found
