"""Recognise our own mail in what Gmail shows of a message.

Gmail rewrites the Message-ID and may drop X- headers, so neither is a sign. A reference of ours stands in one mail only
and survives in its text; a copy without one is ours when it answers the same mail to the same person.
"""

import email
import email.policy
from binascii import Error as BrokenBase64
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import Any

from adapters.gmail.client import decoded
from domain.delivery import Signs

Payload = dict[str, Any]  # a MessagePart of format=full


def is_ours(payload: Payload, signs: Signs) -> bool:
    if signs.reference:
        return any(signs.reference in text for text in _texts(payload))
    if not (signs.in_reply_to and signs.recipient):
        return False
    headers = {entry["name"].lower(): entry["value"] for entry in payload.get("headers", ())}
    answers_it = headers.get("in-reply-to", "").strip() == signs.in_reply_to
    return answers_it and signs.recipient.lower() in headers.get("to", "").lower()


def says_the_same(payload: Payload, mime: bytes) -> bool:
    """Whether a draft still has the recipients, the subject and the one plain text of `mime`, white space aside.

    Gmail may write headers and line ends its own way. Anything more than one plain text is another mail than ours.
    """
    ours = email.message_from_bytes(mime, policy=email.policy.default)
    text = payload.get("body", {}).get("data", "")
    if payload.get("mimeType", "").lower() != "text/plain" or payload.get("parts") or payload.get("filename"):
        return False
    return (
        _recipients(payload) == {address.lower() for _, address in getaddresses([str(ours["to"])])}
        and _line(payload, "subject") == _in_one_line(str(ours["subject"]))
        and _in_one_line(decoded(text).decode("utf-8", errors="replace")) == _in_one_line(ours.get_content())
    )


def _recipients(payload: Payload) -> set[str]:
    named = [_line(payload, name) for name in ("to", "cc", "bcc")]
    return {address.lower() for _, address in getaddresses([one for one in named if one])}


def _line(payload: Payload, name: str) -> str:
    """All values of a header in one line, decoded whether or not Gmail decoded it already."""
    values = [entry["value"] for entry in payload.get("headers", ()) if entry["name"].lower() == name]
    try:
        return _in_one_line(", ".join(str(make_header(decode_header(value))) for value in values))
    except (HeaderParseError, BrokenBase64, LookupError, ValueError):
        return _in_one_line(", ".join(values))


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _texts(part: Payload) -> Iterator[str]:
    if part.get("mimeType", "").startswith("text/"):
        yield decoded(part.get("body", {}).get("data", "")).decode("utf-8", errors="replace")
    for inner in part.get("parts", ()):
        yield from _texts(inner)
