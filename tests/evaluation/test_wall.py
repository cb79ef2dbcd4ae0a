"""Over the demonstration mailbox nobody hears of the other side, and the count would say so if they did."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.mime.parse import parse
from bootstrap import build
from domain.category import Category
from domain.decision import Decision, Reply
from domain.triage import Policy
from domain.understanding import Understanding
from evaluation.wall import demonstration, hostile, measured, suppliers_of_the_demonstration
from settings import ROOT, read

MAILS = Path(__file__).parent.parent / "mails"


class _Reader:
    """Reads only whose purchase orders are named: `D` and nine digits."""

    def read(self, messages):
        return [
            Understanding(one.text, purchase_orders=tuple(word for word in one.text.split() if word == "D400000001"))
            for one in messages
        ]


class _Says:
    """A handler that answers everybody with the same words."""

    def __init__(self, words):
        self.words = words

    def decide(self, message, understanding, conversation):
        del understanding, conversation
        return Decision.hold("A draft.", Reply(message.sender, "Re:", self.words))


def mail(sender, text):
    return parse(f"From: {sender}\r\nTo: support@lumen-oak.example\r\nSubject: x\r\n\r\n{text}\r\n".encode())


ANNA = mail("Anna Winter <anna@customer.example>", "Where is it?")
BRENNFELD = mail("orders@brennfeld.example", "It is about D400000001 .")


def count(words, **more):
    handlers = dict.fromkeys(Category, _Says(words))
    return measured([ANNA, BRENNFELD], _Reader(), handlers, Policy(), suppliers_of_the_demonstration(), **more)


@pytest.mark.parametrize(
    "words", ["Brennfeld Leuchten GmbH sends it.", "orders@brennfeld.example", "It is D400000001."]
)
def test_what_would_leak_is_stopped_by_the_wall_and_counted_where_there_is_none(words):
    assert (count(words).stopped, count(words).leaks) == (1, [])
    hole = count(words, told=lambda *_: "")
    assert (hole.stopped, bool(hole.leaks), hole.caught) == (0, True, 0)


def test_texts_for_suppliers_are_none_for_customers():
    found = count("Soon.")
    assert (found.mails, found.texts, found.leaks) == (2, 1, [])
    # Four languages and three purposes, on the one purchase order that was named.
    assert found.questions == 12
    assert found.caught == found.controls > 0


@pytest.mark.usefixtures("models")
def test_nothing_of_the_demonstration_mailbox_leaks():
    services = build(read({}, purpose="explain"))
    try:
        mails = [*demonstration(services, 12, 0), *hostile(services, MAILS)]
        found = measured(
            mails, services.plain_reader(), services.folder_handlers(), services.plain_policy(),
            suppliers_of_the_demonstration(),
        )  # fmt: skip
    finally:
        services.close()
    assert found.leaks == []
    assert found.mails > 80
    assert found.texts > 20
    assert found.caught == found.controls >= found.texts


@pytest.fixture(scope="module")
def models():
    """The local models where set-up puts them: quick when they are there already."""
    folder = ROOT / "var" / "models"
    subprocess.run([sys.executable, "-m", "commands.setup_models", str(folder)], cwd=ROOT, check=True, timeout=600)
