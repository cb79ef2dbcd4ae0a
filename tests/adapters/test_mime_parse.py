"""Any bytes become a message or Unreadable."""

from pathlib import Path

import pytest

from adapters.mime.parse import parse
from domain.errors import Unreadable

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
    b"Content-Type: text/plain; charset=undefined",
    b'Content-Type: text/plain; charset="a\x00b"',
    b"Content-Type: multipart/mixed; boundary=\xff",
    b"Content-Type: message/rfc822",
    b"Content-Transfer-Encoding: x-uuencode",
]


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
