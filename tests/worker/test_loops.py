"""Two machines that answer each other: how often we do before a person has it, counted in Gmail's Sent folder.

Each number is known beforehand from the limits: one answer in a conversation, since what comes back was promised to a
person; five a day to one sender; and so many a day from one mailbox as its workspace allows.
"""

import os
from functools import partial

import pytest

from domain.triage import Policy
from storage import gate
from tests.support import pipeline
from tests.support.letters import letter
from tests.support.loops import PARCEL, Days, GullibleServices, Robot, held, ignored, limited, sent
from tests.support.pipeline import SHOP, Shop

RIVAL = "desk@rival.example"
# `LOOP_DAYS=3 pytest tests/worker/test_loops.py` takes longer and shows the same.
DAYS = int(os.environ.get("LOOP_DAYS", "2"))
PER_SENDER = Policy().max_replies_per_sender_and_day
# A mailbox's own limit: `LOOP_REPLIES=400 pytest -k every_mail` takes the one that is usual.
PER_MAILBOX = int(os.environ.get("LOOP_REPLIES", "7"))


@pytest.fixture
def shop(google, settings, workspace):
    google.world.post.outside.clear()
    with pipeline.services_over(settings, google, GullibleServices) as services:
        shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
        shop.settle()
        yield shop


@pytest.fixture
def rival(google, shop, other_workspace):
    google.account(RIVAL, "Desk", "shop")
    rival = Shop(
        google, shop.services, other_workspace,
        pipeline.connect_mailbox(google, shop.services, other_workspace, RIVAL),
    )  # fmt: skip
    rival.settle()
    return rival


def plain(number, ours, **more):
    """A robot that ignores every header: a new subject, a new Message-ID and no References for each mail."""
    return {"sender": "robot@robot.example", "subject": f"Case {number} is open", "text": "Please wait.", **more}


def days_of(shop, writes, domain="robot.example", days=DAYS, **first):
    robot = Robot(shop, SHOP, domain, writes)
    over = Days([shop], [robot])
    for _ in range(days):
        over.day(
            lambda: shop.write("Is anybody there?", **{"sender": "robot@robot.example", "subject": "New", **first})
        )
        over.night()
    return over


def test_two_workspaces_that_are_connected_to_each_other_fall_silent_after_one_answer(shop, rival):
    """Gmail keeps the mark of what a machine wrote, and the other workspace sees it."""
    over = Days([shop, rival], [])
    over.day(lambda: shop.write(PARCEL, sender=RIVAL))
    assert (len(sent(shop, SHOP)), len(sent(rival, RIVAL))) == (1, 0)
    assert ignored(rival) == ["A machine wrote it: its header says Auto-Submitted: auto-replied."]


class Gateway:
    """Stands between two workspaces, and strips every header of what it passes on."""

    def __init__(self, shop, rival):
        self.robots = [
            Robot(shop, RIVAL, "to-rival.example", self.writes("of-shop@to-shop.example")),
            Robot(shop, SHOP, "to-shop.example", self.writes("of-rival@to-rival.example")),
        ]

    def writes(self, sender):
        return lambda number, ours: {"sender": sender, "subject": f"No. {number}: a parcel", "text": PARCEL}


def test_behind_a_gateway_that_strips_headers_each_answers_the_other_five_times_a_day(shop, rival):
    over = Days([shop, rival], Gateway(shop, rival).robots)
    for _ in range(DAYS):
        over.day(lambda: shop.write(PARCEL, sender="of-rival@to-rival.example"))
        over.night()
    assert len(sent(shop, SHOP)) == len(sent(rival, RIVAL)) == DAYS * PER_SENDER
    assert over.took == [2 * PER_SENDER] * DAYS
    # Each day ends with one mail that nobody answers; the others have nothing left to answer.
    (said,) = limited(shop)
    assert (said.n, said.name) == (DAYS, "of-rival@to-rival.example")
    assert limited(rival) == []


def test_without_the_limits_the_same_goes_on_for_ever(shop, rival, monkeypatch):
    """The negative control."""
    monkeypatch.setattr("domain.triage._limits", lambda *_: [])
    monkeypatch.setattr(gate, "_exceeded", lambda *_, **__: "")
    over = Days([shop, rival], Gateway(shop, rival).robots, rounds=14)
    assert over.day(lambda: shop.write(PARCEL, sender="of-rival@to-rival.example")) == 14
    assert len(sent(shop, SHOP)) + len(sent(rival, RIVAL)) == 14


@pytest.mark.parametrize("name", ["its name", "every mail's name"])
def test_a_robot_that_ignores_every_header_is_answered_five_times_a_day(shop, name):
    days_of(shop, lambda number, ours: plain(number, ours, from_name=name if name == "its name" else f"Robot {number}"))
    assert len(sent(shop, SHOP)) == DAYS * PER_SENDER
    assert set(held(shop)) == {f"{PER_SENDER} automatic replies to this sender today already: perhaps a machine."}


def test_a_robot_that_stays_in_its_thread_is_answered_once(shop):
    first = shop.write(PARCEL, "Parcel", sender="robot@robot.example")

    def writes(number, ours):
        return plain(number, ours, subject="Re: Parcel", references=[ours.message_id])

    over = Days([shop], [Robot(shop, SHOP, "robot.example", writes)])
    over.day(lambda: None)
    for number in range(3):
        over.night()
        again = {"subject": "Re: Parcel", "references": [first.letter.message_id]}
        over.day(partial(shop.write, f"Again, number {number}", sender="robot@robot.example", **again))
    assert len(sent(shop, SHOP)) == 1
    assert set(held(shop)) == {"The mail answers an automatic reply: it was promised to a person."}


@pytest.mark.parametrize(
    ("sender", "answered"),
    [
        ("robot+{}@robot.example", PER_SENDER),
        ("robot{}@robot.example", PER_MAILBOX),
    ],
)
def test_a_robot_with_another_address_for_every_mail_is_bounded_too(shop, sender, answered):
    """A tag behind a plus is the same sender; for whole other addresses there is the mailbox's limit."""
    with shop.services.database.transaction(shop.tenant) as db:
        gate.set_limits(db, shop.tenant, per_day=PER_MAILBOX, per_hour=1000)
    robot = Robot(shop, SHOP, "robot.example", lambda number, ours: plain(number, ours, sender=sender.format(number)))
    over = Days([shop], [robot], rounds=PER_MAILBOX + 10)
    for _ in range(2):
        over.day(lambda: shop.write("Is anybody there?", sender=sender.format("x"), subject="New"))
        over.night()
    assert len(sent(shop, SHOP)) == 2 * answered
    (said,) = limited(shop)
    assert said.n == 2
    if answered == PER_MAILBOX:
        assert set(held(shop)) == {"Too many automatic replies from this mailbox today; a person decides."}


def test_dots_in_an_address_of_gmails_make_no_other_sender(shop):
    name = "robotisnobody"

    def writes(number, ours):
        return plain(number, ours, sender=f"{name[: number + 1]}.{name[number + 1 :]}@gmail.com")

    Days([shop], [Robot(shop, SHOP, "gmail.com", writes)], rounds=len(name) - 2).day(
        lambda: shop.write("Hello?", sender=f"{name}@gmail.com")
    )
    assert len(sent(shop, SHOP)) == PER_SENDER
    assert held(shop) == ["Too many automatic replies to this sender today; a person decides."]


AWAY_AT = "anna@away.example"
AWAY = {
    "en": ("Automatic reply: Your parcel", "I am out of the office until Monday."),
    "de": ("Abwesenheitsnotiz: Ihr Paket", "Ich bin bis Montag nicht im Haus."),
    "fr": ("Réponse automatique : votre colis", "Je suis absente du bureau jusqu'à lundi."),
    "es": ("Respuesta automática: su paquete", "Estoy fuera de la oficina hasta el lunes."),
}


@pytest.mark.parametrize("language", AWAY)
@pytest.mark.parametrize("headers", [{"Auto-Submitted": "auto-replied"}, {}], ids=["marked", "unmarked"])
def test_an_out_of_office_robot_is_never_answered(shop, language, headers):
    subject, text = AWAY[language]

    def writes(number, ours):
        return plain(number, ours, subject=subject, text=text, headers=headers)

    over = days_of(shop, writes, days=1)
    assert over.took == [1]
    assert len(sent(shop, SHOP)) == 1, "the question that somebody asked, and not the absence"
    assert len(ignored(shop) if headers else held(shop)) == 1
    assert headers or held(shop) == ["Perhaps a machine wrote it: its subject is that of an absence note."]


def test_an_absence_that_only_its_words_tell_is_answered_once_in_its_thread_and_no_more(shop):
    def writes(number, ours):
        return plain(number, ours, sender=AWAY_AT, text="I am away.", subject="Re: Hi", references=[ours.message_id])

    Days([shop], [Robot(shop, SHOP, "away.example", writes)]).day(lambda: shop.write(PARCEL, "Hi", sender=AWAY_AT))
    assert (len(sent(shop, SHOP)), len(held(shop))) == (1, 1)


@pytest.mark.parametrize(
    "headers", [{"List-Id": "<all.list.example>"}, {"Precedence": "list"}, {"List-Unsubscribe": "<mailto:u@l.example>"}]
)
def test_a_list_is_never_answered_though_it_brings_our_own_words(shop, headers):
    def writes(number, ours):
        return plain(number, ours, sender="all@list.example", text="Parcels take three days.", headers=headers)

    Days([shop], [Robot(shop, SHOP, "list.example", writes)]).day(lambda: shop.write(PARCEL, sender="all@list.example"))
    assert len(sent(shop, SHOP)) == 1
    assert len(ignored(shop)) == 1


def test_a_list_that_posts_our_own_words_back_without_a_header_is_answered_five_times_a_day(shop):
    def writes(number, ours):
        body = ours.raw.partition(b"\r\n\r\n")[2].decode("ascii", "replace")
        return plain(number, ours, sender="all@list.example", text=body, subject=f"[all {number}] parcels")

    days_of(shop, writes, domain="list.example", sender="all@list.example")
    assert len(sent(shop, SHOP)) == DAYS * PER_SENDER
    (said,) = limited(shop)
    assert (said.n, said.name) == (DAYS, "all@list.example")


def test_our_own_mail_to_ourselves_is_never_answered(shop):
    note = shop.google.send_as(SHOP, letter(SHOP, SHOP, "A note", PARCEL))
    shop.google.deliver_raw(SHOP, letter(SHOP, SHOP, "As if from us", PARCEL), auth="pass")
    Days([shop], []).day(lambda: None)
    assert [one.id for one in sent(shop, SHOP)] == [note.id]
    assert ignored(shop) == ["A machine wrote it: it comes from an address of our own."]


def test_two_mailboxes_of_one_workspace_do_not_answer_each_other(shop):
    shop.google.account("sales@shop.example", "Sales", "shop")
    pipeline.connect_mailbox(shop.google, shop.services, shop.workspace, "sales@shop.example")
    shop.settle()
    ask = letter("sales@shop.example", SHOP, "?", PARCEL)
    Days([shop], []).day(lambda: shop.google.send_as("sales@shop.example", ask))
    assert sent(shop, SHOP) == []
    assert ignored(shop) == ["A machine wrote it: it comes from an address of our own."]
