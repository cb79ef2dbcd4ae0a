"""Whatever bytes come as a mail: they are read or said to be unreadable, in time, and nothing is done by them."""

import json
import time
from dataclasses import fields, is_dataclass

from hypothesis import given
from hypothesis import strategies as st

from adapters.mime.attachment_child import content
from adapters.mime.headers import is_plain_address
from adapters.mime.jail import Jail, JailLimits
from adapters.mime.parse import parse
from adapters.mime.wire import from_json, to_json
from domain.errors import Unreadable
from domain.message import Message
from evaluation.hostile_trial import Count
from tests.hostile.growth import seconds
from tests.hostile.making import examples, mails, parts, spoiled

# For a mail of some kilobytes, on a machine that has more to do. A worker's child has two.
PATIENCE = 2.0
SIZE = 100_000


def read(raw: bytes) -> Message | None:
    begun = time.process_time()
    try:
        return parse(raw)
    except Unreadable:
        return None
    finally:
        assert time.process_time() - begun < PATIENCE


def texts(value: object):
    """Every text in a value, however deep it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from texts(one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))


def is_sound(message: Message) -> bool:
    """Whether a database, a header and a page can take each text of it, and each name names a file alone."""
    for text in texts(message):
        text.encode("utf-8")
        assert "\x00" not in text
    one_line = (message.subject, message.rfc_message_id, *(one.name for one in message.attachments))
    assert all(len(text.splitlines()) <= 1 for text in one_line)
    names = [one.name.lower() for one in message.attachments]
    assert not any(name in {".", ".."} or sign in name for name in names for sign in ("/", "\\", "%2f", "%5c"))
    people = (message.sender, *message.to, *message.cc, *message.reply_to)
    assert all(is_plain_address(one.address) and len(one.name.splitlines()) <= 1 for one in people if one is not None)
    return True


@examples(80)
@given(st.one_of(mails(), spoiled(), parts()))
def test_any_mail_is_read_or_unreadable_and_what_is_read_is_sound(raw):
    message = read(raw)
    if message is not None:
        assert is_sound(message)
        assert from_json(json.loads(to_json(message))) == message


@examples(30)
@given(mails(), st.integers(0, 4))
def test_any_attachment_of_any_mail_is_handed_out_as_it_was_counted_or_not_at_all(raw, number):
    message, found = read(raw), content(raw, number)
    if message is not None and number < len(message.attachments):
        assert found is not None
        assert len(found) == message.attachments[number].size


@examples(30)
@given(raw=st.one_of(mails(), spoiled()))
def test_no_mail_that_anybody_makes_up_has_an_effect(trial, raw):
    count = trial.count = Count()
    trial.mail("made up", raw)
    assert (count.escaped, count.over_time, count.effects) == ([], [], [])


def many(kind: str):
    """Mails of one shape in any size, of about so many characters."""
    return {
        "parts": lambda size: "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * (size // 7),
        "nested parts": lambda size: "".join(
            f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n" for number in range(size // 50)
        ),
        "nested mails": lambda size: "Content-Type: message/rfc822\n\n" * (size // 30),
        "headers": lambda size: "X: y\n" * (size // 5) + "\nx",
        "one header": lambda size: "Subject: " + "=?utf-8?q?a?= " * (size // 14) + "\n\nx",
        "addresses": lambda size: "From: a@b.example\nTo: " + "a <a@b.example>, " * (size // 17) + "\n\nx",
        "folds": lambda size: "Subject: a\n" + " a\n" * (size // 3) + "\nx",
        "parameters": lambda size: "Content-Type: text/plain" + "; a=b" * (size // 5) + "\n\nx",
        "numbered names": lambda size: (
            "Content-Type: text/plain; " + "; ".join(f"name*{number}*=a" for number in range(size // 12)) + "\n\nx"
        ),
        "references": lambda size: "References: " + "<a@b.example> " * (size // 14) + "\n\nx",
        "comments": lambda size: "Authentication-Results: " + "(" * size + "\nFrom: a@b.example\n\nx",
        "uuencode": lambda size: "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n" + "M" * size,
        "quoted-printable": lambda size: "Content-Transfer-Encoding: quoted-printable\n\n" + "=\n" * (size // 2),
        "base64": lambda size: "Content-Transfer-Encoding: base64\n\n" + "=A" * (size // 2),
        "flowed": lambda size: "Content-Type: text/plain; format=flowed\n\n" + "> \n" * (size // 3),
        "boundary": lambda size: (
            f"Content-Type: multipart/mixed; boundary={'b' * (size // 2)}\n\n--{'b' * (size // 2)}"
        ),
        "almost a boundary": lambda size: "Content-Type: multipart/mixed; boundary=b\n\n" + "--b x\n" * (size // 6),
    }[kind]


KINDS = (
    "parts", "nested parts", "nested mails", "headers", "one header", "addresses", "folds", "parameters", "references",
    "numbered names", "comments", "uuencode", "quoted-printable", "base64", "flowed", "boundary", "almost a boundary",
)  # fmt: skip


def test_no_shape_of_a_mail_takes_more_than_its_time():
    """What is quadratic in Python's own reader of mails is bounded here by the limits around it."""
    slow = {}
    for kind in KINDS:
        made = many(kind)(SIZE)
        took = seconds(lambda text: read(text.encode()), made)
        if took > PATIENCE:
            slow[kind] = took
    assert slow == {}


def test_every_shape_of_a_mail_is_read_in_little_memory_but_those_that_nest_too_deep():
    unreadable = {}
    with Jail(JailLimits(deadline_seconds=20, cpu_seconds=20, memory_bytes=256 * 1024**2)) as jail:
        for kind in KINDS:
            try:
                jail.read(many(kind)(SIZE).encode())
            except Unreadable as error:
                unreadable[kind] = str(error)
    assert set(unreadable) == {"nested parts", "nested mails"}
    assert all("RecursionError" in why for why in unreadable.values())
