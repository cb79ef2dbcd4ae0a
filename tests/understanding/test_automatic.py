"""No machine gets an answer, and no person goes without one."""

import json
import time
from pathlib import Path

import pytest

from adapters.mime.parse import parse
from domain.message import Address, Message
from understanding.automatic import automatic_sign
from understanding.mass_mail import suspicion_of

SHOP = "help@shop.example"
OWN = frozenset({SHOP, "orders@shop.example"})
MAILS = Path(__file__).parents[1] / "mails"
SHARED = Path("../shared/data/eml/labels.jsonl")


def a_mail(*headers, sender="anna@customer.example", **values):
    return Message(
        sender=Address(sender), **({"to": (Address(SHOP),), "subject": "My order", "headers": headers} | values)
    )


def test_a_customers_mail_has_no_sign():
    assert automatic_sign(a_mail(("return-path", "<anna@customer.example>")), OWN) == ""


@pytest.mark.parametrize("label", ["SENT", "DRAFT", "SPAM", "TRASH", "CHAT"])
def test_what_gmail_sorted_out_is_never_answered(label):
    assert automatic_sign(a_mail(labels=("INBOX", label)), OWN)


@pytest.mark.parametrize(
    "header",
    [
        ("auto-submitted", "auto-replied"),
        ("auto-submitted", "auto-generated; owner-email=x"),
        ("return-path", "<>"),
        ("return-path", "<MAILER-DAEMON>"),
        ("x-failed-recipients", "x@y.example"),
        ("list-id", "<news.example>"),
        ("list-unsubscribe", "<mailto:x@y.example>"),
        ("list-post", "<mailto:x@y.example>"),
        ("precedence", "bulk"),
        ("precedence", "Junk"),
        ("precedence", "list"),
        ("precedence", "auto_reply"),
        ("x-auto-response-suppress", "DR, OOF, AutoReply"),
        ("x-auto-response-suppress", "All"),
        ("x-autoreply", "yes"),
        ("x-autorespond", "away"),
        ("x-autoresponse", "1"),
        ("x-autoreply-from", "x@y.example"),
        ("x-loop", "help@shop.example"),
        ("feedback-id", "1:2:campaign"),
    ],
)
def test_a_header_of_a_machine_is_a_sign(header):
    assert automatic_sign(a_mail(header), OWN)


@pytest.mark.parametrize(
    "header",
    [
        ("auto-submitted", "no"),
        ("auto-submitted", "No (a person wrote it)"),
        ("x-autoreply", "no"),
        ("precedence", "normal"),
        ("x-auto-response-suppress", "DR"),
        ("subject", "bulk"),
    ],
)
def test_a_header_that_says_no_is_no_sign(header):
    assert automatic_sign(a_mail(header), OWN) == ""


@pytest.mark.parametrize(
    "local",
    [
        "noreply",
        "no-reply",
        "no_reply",
        "do-not-reply",
        "donotreply",
        "mailer-daemon",
        "postmaster",
        "bounce",
        "bounces",
        "bounce+123",
        "notification",
        "notifications",
        "gmail-noreply",
        "noreply-orders",
        "owner-list",
        "list-request",
        "newsletter",
    ],
)
def test_addresses_that_nobody_reads_are_never_answered(local):
    assert automatic_sign(a_mail(sender=f"{local}@anywhere.example"), OWN)


@pytest.mark.parametrize(
    "local", ["norbert.reply", "reply", "anna.bounceur", "postman", "info", "newsome", "notify.me"]
)
def test_addresses_that_only_look_alike_are_answered(local):
    assert automatic_sign(a_mail(sender=f"{local}@anywhere.example"), OWN) == ""


@pytest.mark.parametrize("sender", [SHOP, "orders@shop.example", "help+de@shop.example"])
def test_our_own_addresses_are_never_answered(sender):
    assert automatic_sign(a_mail(sender=sender), OWN)


def test_gmails_dots_hide_no_own_address():
    assert automatic_sign(a_mail(sender="my.shop@googlemail.com"), frozenset({"myshop@gmail.com"}))


@pytest.mark.parametrize("kind", ["multipart/report", "message/delivery-status", "message/disposition-notification"])
def test_a_report_is_never_answered(kind):
    assert automatic_sign(a_mail(part_types=("multipart/mixed", kind)), OWN)


def test_an_invitation_is_never_answered():
    assert automatic_sign(a_mail(calendar_method="REQUEST"), OWN)


@pytest.mark.parametrize("name", sorted(file.name for file in MAILS.glob("never-*.eml")))
def test_own_examples_of_machine_mail_are_caught(name):
    message = parse((MAILS / name).read_bytes())
    # An absence note without a header of its own is known by its words alone: it waits for a person.
    assert bool(suspicion_of(message) if name == "never-absence.eml" else automatic_sign(message, OWN))


@pytest.mark.parametrize("name", sorted(file.name for file in MAILS.glob("person-*.eml")))
def test_own_examples_of_peoples_mail_pass(name):
    assert automatic_sign(parse((MAILS / name).read_bytes()), OWN) == ""


def test_labelled_mail_is_told_apart():
    if not SHARED.exists():
        return
    rows = [json.loads(line) for line in SHARED.read_text().splitlines()]
    signs = {
        row["id"]: automatic_sign(parse((SHARED.parents[1] / row["file"]).read_bytes()), frozenset()) for row in rows
    }
    suspicions = {row["id"]: suspicion_of(parse((SHARED.parents[1] / row["file"]).read_bytes())) for row in rows}
    never = [row["id"] for row in rows if row["auto_answer"] == "never"]
    people = [row["id"] for row in rows if row["kind"] in {"human", "human_reply"}]
    assert [name for name in people if signs[name] or suspicions[name]] == []
    assert sum(1 for name in never if signs[name]) >= 0.9 * len(never)
    assert sum(1 for name in never if signs[name] or suspicions[name]) >= 0.98 * len(never)
    reports = {"bounce", "auto_reply", "feedback_report", "read_receipt"}
    assert [row["id"] for row in rows if row["kind"] in reports and not signs[row["id"]]] == []


@pytest.mark.parametrize("local", ["mark.owner", "offers", "promotions", "renews", "bouncer.tom", "absent"])
def test_a_person_with_an_odd_address_is_not_taken_for_a_machine(local):
    assert automatic_sign(a_mail(sender=f"{local}@anywhere.example"), OWN) == ""


def test_a_reply_that_a_person_approved_elsewhere_is_a_persons():
    assert automatic_sign(a_mail(("x-mailwright-reference", "K7F3Q2")), OWN) == ""


@pytest.mark.parametrize(
    "header",
    [
        ("bcc", "Array"),
        ("message-id", "<a%RANDOM_NUMBER%b@mail.example>"),
        ("from", "{{sender_name}} <a@b.example>"),
    ],
)
def test_what_only_a_program_leaves_in_a_header_is_a_sign(header):
    assert automatic_sign(a_mail(header), OWN)


@pytest.mark.parametrize(
    "header",
    [
        ("message-id", "<CAF$Rx12NDw@mail.example>"),
        ("subject", "Re: Hello {{first_name}}, $FIRST_NAME"),
    ],
)
def test_headers_of_a_persons_mail_that_look_alike_are_none(header):
    assert automatic_sign(a_mail(header), OWN) == ""


@pytest.mark.parametrize("kind", ["multipart/digest", "message/external-body"])
def test_digests_and_announcements_are_mail_of_a_list(kind):
    assert "list" in automatic_sign(a_mail(part_types=("multipart/mixed", "text/plain", kind)), OWN)


def test_a_mail_that_only_wraps_another_is_a_programs_and_one_with_an_attached_mail_a_persons():
    assert automatic_sign(a_mail(content_type="message/rfc822"), OWN)
    attached = a_mail(content_type="multipart/mixed", part_types=("multipart/mixed", "text/plain", "message/rfc822"))
    assert automatic_sign(attached, OWN) == ""


def test_an_address_for_replies_that_only_counts_is_a_machines():
    assert automatic_sign(a_mail(reply_to=(Address("8-15-23-42-4711-90@answers.bulk.example"),)), OWN)
    for address in ("anna.1990@mail.example", "0170-1234567@mail.example", "1.2.3@mail.example"):
        assert automatic_sign(a_mail(reply_to=(Address(address),)), OWN) == ""


def test_hostile_mail_takes_no_time():
    started = time.process_time()
    for bomb in (
        "you have been ",
        "$1,111",
        "funds ",
        "{{a",
        "a0a-",
        "million ",
        "western union ",
        "%RANDOM_",
        "r-e-m-0-",
    ):
        counting = (Address("1." * 9000 + "@x.example"),)
        automatic_sign(a_mail(("message-id", bomb * 9000), text=bomb * 9000, reply_to=counting), OWN)
    assert time.process_time() - started < 10
