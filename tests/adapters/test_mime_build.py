"""A reply threads, says that it is automatic, and lets nobody write our headers."""

import email
import email.policy
from datetime import UTC, datetime

import pytest

from adapters.mime.build import build_reply
from adapters.mime.parse import parse
from domain.errors import BadInput
from domain.message import Address

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def a_reply(**changes):
    values = {
        "sender": Address("help@shop.example", "Müllers Lädchen"),
        "to": Address("anna@customer.example", "Anna"),
        "subject": "Wo ist mein Päckchen?",
        "text": "Guten Tag,\n\nes ist unterwegs. Grüße\n",
        "in_reply_to": "<q2@customer.example>",
        "references": ("<q0@customer.example>", "<q1@shop.example>"),
        "reference_token": "K7F3Q2",
        "automatic": True,
        "date": NOW,
    }
    return build_reply(**(values | changes))


def test_a_reply_is_read_as_it_was_written():
    message = parse(a_reply())
    assert (message.sender, message.to) == (
        Address("help@shop.example", "Müllers Lädchen"),
        (Address("anna@customer.example"),),
    )
    assert message.subject == "Re: Wo ist mein Päckchen?"
    assert message.text == "Guten Tag,\n\nes ist unterwegs. Grüße\n\nRef: K7F3Q2"
    assert message.references == ("<q0@customer.example>", "<q1@shop.example>", "<q2@customer.example>")
    assert message.header("in-reply-to") == "<q2@customer.example>"
    assert message.header("x-mailwright-reference") == "K7F3Q2"
    assert message.header("date") == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert message.part_types == ("text/plain",)
    assert message.defects == ()


def test_the_same_arguments_give_the_same_bytes():
    assert a_reply(message_id_domain="shop.example") == a_reply(message_id_domain="shop.example")


def test_only_an_automatic_reply_says_so():
    automatic, approved = parse(a_reply()), parse(a_reply(automatic=False))
    assert automatic.header("auto-submitted") == "auto-replied"
    assert automatic.header("x-auto-response-suppress") == "All"
    assert approved.header("auto-submitted") == approved.header("x-auto-response-suppress") == ""


@pytest.mark.parametrize("prefix", ["", "Re: ", "RE: ", "AW: ", "Antw: ", "SV: ", "Rép : ", "Re[2]: ", "Re: AW: Re: "])
def test_a_subject_is_answered_once(prefix):
    assert parse(a_reply(subject=f"{prefix}Regarding: order")).subject == "Re: Regarding: order"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "Grüße " * 50,
        "你好" * 500,
        "a" * 5000,
        ".\nFrom me\n",
        "",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)
def test_bodies_are_ascii_in_short_lines(text):
    raw = a_reply(text=text)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert parse(raw).text == f"{text.rstrip()}\n\nRef: K7F3Q2".strip("\n")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hi\r\nBcc: x@evil.example"},
        {"subject": "Hi\nx"},
        {"subject": "Hi\r"},
        {"sender": Address("help@shop.example", "Shop\r\nBcc: x@evil.example")},
        {"sender": Address("help@shop.example\r\nBcc: x@evil.example")},
        {"to": Address("anna@customer.example\nBcc: x@evil.example")},
        {"to": Address("anna@customer.example, x@evil.example")},
        {"to": Address("anna")},
        {"to": Address("")},
        {"reference_token": "K7\r\nBcc: x"},
        {"reference_token": ""},
        {"date": NOW.replace(tzinfo=None)},
        {"message_id_domain": "x>\r\nBcc: y"},
    ],
)
def test_what_would_break_a_header_is_refused(changes):
    with pytest.raises(BadInput):
        a_reply(**changes)


HOSTILE_IDS = (
    "",
    "<",
    "x@y",
    "<a b@c>",
    "<a@b>\r\nBcc: x@evil.example",
    "<ä@b>",
    "<" + "a" * 300 + "@b>",
    "<a@b> <c@d>",
    "<a\x00@b>",
    "<<a@b>>",
)


@pytest.mark.parametrize("hostile", HOSTILE_IDS)
def test_ids_that_are_not_well_formed_are_left_out(hostile):
    raw = a_reply(in_reply_to=hostile, references=(hostile, "<q0@customer.example>"))
    headers = email.message_from_bytes(raw, policy=email.policy.compat32)
    assert headers["in-reply-to"] is None
    assert headers["references"] == "<q0@customer.example>"
    assert headers["bcc"] is None


def test_long_ids_stay_whole_and_old_ones_go():
    ids = tuple(f"<{number}-{'a' * 200}@mail.example>" for number in range(40))
    message = parse(a_reply(references=ids))
    assert message.references == (*ids[-19:], "<q2@customer.example>")


def test_a_reply_to_a_mail_without_ids_threads_with_nothing():
    message = parse(a_reply(in_reply_to="", references=()))
    assert message.references == ()
    assert message.header("in-reply-to") == ""


def test_long_subjects_are_cut_and_encoded_in_short_words():
    raw = a_reply(subject="ü" * 500)
    assert parse(raw).subject == "Re: " + "ü" * 200
    assert max(map(len, raw.split(b"\r\n"))) <= 78
