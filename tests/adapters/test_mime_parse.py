"""Any bytes become a message or Unreadable, and the message says what a reader would see."""

import hashlib
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mime.body import MAX_PARTS
from adapters.mime.headers import addresses, decoded, is_plain_address, message_ids
from adapters.mime.parse import parse
from adapters.mime.text import clean, codec, decode
from domain.errors import Unreadable
from domain.message import Address, Attachment, Message

MAILS = Path(__file__).parents[1] / "mails"
SHARED_MAILS = sorted(Path("../shared/data/eml").glob("*/*"))
CRASHERS = [
    b"From: <",
    b'From: "a" <a@',
    b"To: a:;b:",
    b"From: =?utf-8?q?a=0D=0AB?= <a@b.c>",
    b"Message-ID: <",
    b"Message-ID: <[abc]>",
    b"Message-ID: <a@[::1",
    b"Date: Mon, 1 Jan 99999999999999999999 00:00:00 +0000",
    b"Content-Type: text/plain; charset=nonsense",
    b"Content-Type: text/plain; charset=rot13",
    b"Content-Type: text/plain; charset=hex",
    b"Content-Type: text/plain; charset=idna",
    b"Content-Type: text/plain; charset=punycode",
    b"Content-Type: text/plain; charset=undefined",
    b"Content-Type: text/plain; charset=unicode_escape",
    b'Content-Type: text/plain; charset="a\x00b"',
    b"Content-Type: text/plain; charset*=x''%ff; charset*1=y",
    b"Content-Type: multipart/mixed; boundary=\xff",
    b"Content-Type: message/rfc822",
    b"Content-Type: message/delivery-status",
    b"Content-Type: " + b";" * 10_000,
    b"Content-Transfer-Encoding: x-uuencode",
    b"Content-Transfer-Encoding: base64",
]


def read_or_none(raw: bytes) -> Message | None:
    """Nothing but Unreadable may be raised."""
    try:
        return parse(raw)
    except Unreadable:
        return None


@pytest.mark.parametrize("header", CRASHERS)
def test_what_crashes_the_modern_policy_is_read(header):
    message = parse(header + b"\nSubject: Hello\n\nWhere is my parcel? \xfcber 10 Tage.\n")
    assert message.subject == "Hello"


def test_shared_mails_are_read():
    for file in SHARED_MAILS:
        message = parse(file.read_bytes())
        assert message.text or message.attachments or message.headers, file


@pytest.mark.parametrize("raw", [b"", b" \r\n\r\n"])
def test_nothing_is_unreadable(raw):
    with pytest.raises(Unreadable, match="empty"):
        parse(raw)


def test_a_mail_over_25_mb_is_unreadable():
    with pytest.raises(Unreadable, match="25 MB"):
        parse(b"x" * (25 * 1024 * 1024 + 1))


# --- the text ---


def test_a_plain_mail_is_read_whole():
    message = parse((MAILS / "person-question-de.eml").read_bytes())
    assert message.sender == Address("anna.schuster@customer.example", "Anna Schüster")
    assert message.to == (Address("help@shop.example", "Hilfe"),)
    assert message.subject == "Wo ist mein Päckchen?"
    assert message.rfc_message_id == "<q1@customer.example>"
    assert message.sender_verified
    assert "mein Päckchen zur Bestellung 4711 sollte am Freitag ankommen.\n" in message.text
    assert message.text.endswith("Anna Schüster\n\n-- \nSchüster GmbH")
    assert message.html == ""
    assert message.header("DATE") == "Mon, 2 Mar 2026 09:10:00 +0100"
    assert (message.content_type, message.part_types) == ("text/plain", ("text/plain",))
    assert message.defects == ()


def test_html_alone_becomes_text_without_what_it_hides():
    message = parse((MAILS / "person-reply-html.eml").read_bytes())
    assert message.text.startswith("My number is AB-1234.\n")
    assert "> Which order number do you have?" in message.text
    assert "9000" not in message.text + message.html
    assert "class" not in message.html
    assert message.references == ("<q0@customer.example>", "<ours-1@mail.gmail.com>")


def test_attachments_are_named_and_hashed_and_their_words_are_not_the_writers():
    message = parse((MAILS / "person-attachment.eml").read_bytes())
    assert message.text == "The cup is broken, see the picture."
    assert message.html == "<p>The cup is <i>broken</i>, see the picture.</p>"
    picture, nested = message.attachments
    assert picture == Attachment("cupé.png", "image/png", 5, hashlib.sha256(b"hello").hexdigest())
    assert nested.content_type == "message/rfc822"
    assert nested.size > 0
    assert message.part_types[-1] == "message/rfc822"


def test_an_invitation_tells_its_method():
    message = parse((MAILS / "never-invitation.eml").read_bytes())
    assert message.calendar_method == "REQUEST"
    bare = b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:cancel\nEND:VCALENDAR\n"
    assert parse(bare).calendar_method == "CANCEL"


def test_a_boundary_that_is_nowhere_leaves_text():
    assert parse(b"Content-Type: multipart/mixed; boundary=x\n\nHello").text == "Hello"


def test_text_that_is_attached_is_not_the_writers():
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Disposition: attachment\n\nnotes\n"
        b"--b\nContent-Type: text/plain; name=a.txt\n\nmore\n--b--\n"
    )
    message = parse(raw)
    assert message.text == "Hello"
    assert [one.name for one in message.attachments] == ["", "a.txt"]


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("charset=utf-8", "Grüße".encode(), "Grüße"),
        ("charset=iso-8859-1", "Grüße".encode("latin-1"), "Grüße"),
        ("charset=iso-8859-1", "Grüße".encode(), "Grüße"),  # a lie
        ("charset=utf-8", "Grüße".encode("latin-1"), "Grüße"),  # a lie
        ("charset=us-ascii", "Grüße “x” €".encode("cp1252"), "Grüße “x” €"),
        ("charset=gb2312", "镕价".encode("gb18030"), "镕价"),
        ("charset=iso-2022-jp", "こんにちは".encode("iso-2022-jp"), "こんにちは"),
        ("charset=ks_c_5601-1987", "안녕".encode("cp949"), "안녕"),
        ("charset=koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("charset=nonsense", "Grüße".encode(), "Grüße"),
        ("charset=", "Grüße".encode(), "Grüße"),
    ],
)
def test_charsets_are_believed_as_far_as_the_bytes_allow(content_type, body, text):
    assert parse(f"Content-Type: text/plain; {content_type}\n\n".encode() + body).text == text


@given(
    st.binary(max_size=200), st.one_of(st.text(max_size=20), st.sampled_from(["utf-16", "utf-7", "big5", "hz", "idna"]))
)
def test_any_bytes_in_any_charset_are_text(raw, charset):
    assert isinstance(decode(raw, charset), str)
    assert codec(charset) != "rot13"


# --- clean text ---


@pytest.mark.parametrize(
    "unseen", ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\x00", "\x1b", "\x85\x9b"[1], "\xad", "\U000e0041"]
)
def test_what_cannot_be_seen_is_taken_out(unseen):
    message = parse(f"Subject: a{unseen}b\nContent-Type: text/plain; charset=utf-8\n\nc{unseen}d".encode())
    assert (message.subject, message.text) == ("ab", "cd")


def test_text_is_composed():
    assert clean("u\u0308") == "ü"


def test_long_runs_of_marks_do_not_take_long():
    started = time.process_time()
    assert len(clean("a" + "\u0301\u0316" * 400_000)) < 50
    assert time.process_time() - started < 10


@given(st.text())
def test_clean_text_stays_as_it_is(text):
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t" for letter in once)


# --- headers ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?a_b?=", "a b"),
        ("=?utf-8?b?w7w=?= =?utf-8?b?w7w=?=", "üü"),
        ("=?utf-8?b?ww==?= =?utf-8?b?vA==?=", "ü"),  # one character in two words
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?iso-8859-1*de?q?=FC?=", "ü"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        ("=?rot13?q?a?=", "a"),
        ("=?utf-8?b?***?=", ""),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?=?=?=?", "=?=?=?=?"),
        ("a\ud800\udc80", "a\ufffd\ufffd"),
    ],
)
def test_encoded_words_are_decoded(value, text):
    assert decoded(value) == text


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("anna@x.example", Address("anna@x.example")),
        ("Anna <ANNA@X.Example>", Address("anna@x.example", "Anna")),
        ('"Miller, Anna" <anna@x.example>', Address("anna@x.example", "Miller, Anna")),
        (r'"A \"B\"" <anna@x.example>', Address("anna@x.example", 'A "B"')),
        ("Miller, Anna <anna@x.example>", Address("anna@x.example", "Miller, Anna")),
        ("anna@x.example (Anna)", Address("anna@x.example")),
        ("anna@x.example <anna@x.example>", Address("anna@x.example", "anna@x.example")),
        ("=?utf-8?q?boss=40bank=2Eexample=2C?= <anna@x.example>", Address("anna@x.example", "boss@bank.example,")),
        ("boss@bank.example <anna@x.example>", None),
        ("anna@x.example, bob@x.example", None),
        ("anna@x.example, <", None),
        ("anna@localhost", None),
        ("anna@[127.0.0.1]", None),
        ('"anna b"@x.example', None),
        ('"x" anna@x.example', None),
        ("<anna@x.example> x", None),
        ("ännа@x.example", None),
        ("", None),
        ("MAILER-DAEMON (Mail)", None),
    ],
)
def test_a_sender_is_exactly_one_usable_address(value, sender):
    assert parse(b"From: " + value.encode() + b"\n\nx").sender == sender


def test_two_from_headers_name_no_sender():
    assert parse(b"From: anna@x.example\nFrom: anna@x.example\n\nx").sender is None


def test_groups_and_several_headers_are_read():
    message = parse(b"To: undisclosed-recipients:;\nTo: A: anna@x.example, Bob <bob@x.example>;\nCc: c@x.example\n\nx")
    assert [one.address for one in message.to] == ["anna@x.example", "bob@x.example"]
    assert message.cc == (Address("c@x.example"),)


@given(st.text(alphabet='a@.<>,;:"()\\ \u00fc=?', max_size=60))
def test_any_address_list_is_read(value):
    assert all(is_plain_address(one.address) for one in addresses(value).usable)


def test_message_ids_are_taken_when_they_are_well_formed():
    assert message_ids("<a@b> x <c d@e> <f@g><a@b>") == ("<a@b>", "<f@g>")


def test_in_reply_to_stands_in_for_references():
    assert parse(b"In-Reply-To: <a@b>\n\nx").references == ("<a@b>",)


# --- limits ---


def test_parts_beyond_the_limit_are_left_out():
    parts = b"".join(b"--b\n\npart %d\n" % number for number in range(500))
    message = parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + parts + b"--b--\n")
    assert len(message.part_types) == MAX_PARTS
    assert any("200 parts" in defect for defect in message.defects)


@pytest.mark.parametrize("kind", [b"multipart/mixed; boundary=%d", b"message/rfc822; x=%d"])
def test_deep_nesting_is_read_or_unreadable(kind):
    raw = b"".join(b"Content-Type: " + kind % number + b"\n\n--%d\n" % number for number in range(1000))
    message = read_or_none(raw + b"\n\nx")
    assert message is None or len(message.part_types) <= MAX_PARTS


def test_headers_beyond_the_limit_are_left_out_and_leave_no_sender():
    message = parse(b"From: anna@x.example\n" + b"X: y\n" * 200_000 + b"\nHello")
    assert len(message.headers) == 1000
    assert message.sender is None
    assert message.text == "Hello"
    assert message.defects


# --- fuzz ---

PIECES = [
    b"From: ", b"Content-Type: ", b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=b",
    b"text/html", b"message/rfc822", b"message/delivery-status", b"text/calendar; method=", b"--b\n",
    b"--b--\n", b"\n", b"\n\n", b"charset=", b"utf-16", b"idna", b";", b'"', b"<", b">", b"@", b"=?utf-8?q?",
    b"?=", b"base64", b"quoted-printable", b"Content-Transfer-Encoding: ", b"x-uuencode", b"begin 644 a\n",
    b"filename*0*=utf-8''%ff", b"Content-Disposition: ", b"attachment; ", b"\x00", b"\xff", b"\r", b" ", b"\t",
    b"name*=", b"a", b"format=flowed",
]  # fmt: skip


@settings(max_examples=600)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=60).map(b"".join))
def test_any_bytes_become_a_message_or_unreadable(raw):
    message = read_or_none(raw)
    if message is None:
        return
    assert clean(message.text) == message.text
    assert "\n" not in message.subject
    assert all(size >= 0 for size in (one.size for one in message.attachments))


@settings(max_examples=200)
@given(st.sampled_from(sorted(MAILS.glob("*.eml"))), st.data())
def test_damaged_mails_become_a_message_or_unreadable(file, data):
    raw = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=6))
    message = read_or_none(bytes(raw))
    assert message is None or message.content_type


def test_a_foreign_letter_that_becomes_a_latin_one_when_made_small_is_no_address():
    assert addresses("\u212aim@customer.example").only is None
    assert addresses("Kim <\u212aim@customer.example>").only is None
