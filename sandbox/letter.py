"""Read as much of a mail's bytes as a mail server must: headers, addresses, thread, a first line of text."""

import base64
import binascii
import email
import email.header
import re
from dataclasses import dataclass
from email.message import Message
from functools import cached_property

_BLANK = re.compile(rb"\r?\n\r?\n")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
_REPLY_PREFIX = re.compile(r"^\s*(?:re|aw|sv|antw|r|rv|ref|fwd?|wg|tr)\s*(?:\[\d+\])?\s*:\s*", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_TAG = re.compile(r"(?s)<(?:style|script|head)\b.*?</(?:style|script|head)>|<!--.*?-->|<[^>]*>")
SNIPPET_LENGTH = 200
ODD_MAIL = (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError, AssertionError)
"""What the email package raises on hostile mail instead of its own errors."""


@dataclass(frozen=True)
class Letter:
    """The bytes of a mail as they lie in a mailbox, and what is read from them on first use."""

    raw: bytes

    @cached_property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Names and unfolded values in their order; bytes that are no UTF-8 are replaced."""
        found = _BLANK.search(self.raw)
        head = self.raw[: found.start()] if found else self.raw
        rows: list[tuple[str, str]] = []
        for line in head.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
            if line[:1] in (" ", "\t") and rows:
                name, value = rows[-1]
                rows[-1] = (name, f"{value} {line.strip()}")
                continue
            name, colon, value = line.partition(":")
            if colon:
                rows.append((name, value.strip()))
        return tuple(rows)

    def first(self, name: str) -> str:
        """The first header of that name (lower case), decoded; empty when there is none."""
        return next((decoded(value) for found, value in self.headers if found.lower() == name), "")

    def addresses(self, *names: str) -> tuple[str, ...]:
        """The plain addresses of these headers, lower case, each once, in order."""
        found: dict[str, None] = {}
        for name, value in self.headers:
            if name.lower() in names:
                found.update(dict.fromkeys(address.lower() for address in _ADDRESS.findall(_QUOTED.sub("", value))))
        return tuple(found)

    @cached_property
    def message_id(self) -> str:
        found = _MESSAGE_ID.search(self.first("message-id"))
        return found.group() if found else ""

    @cached_property
    def references(self) -> tuple[str, ...]:
        """The Message-IDs that this mail answers, the nearest first."""
        ids = _MESSAGE_ID.findall(self.first("references")) + _MESSAGE_ID.findall(self.first("in-reply-to"))
        return tuple(dict.fromkeys(reversed(ids)))

    @cached_property
    def thread_subject(self) -> str:
        """The subject without reply prefixes, case and spacing: what must match for a mail to join a thread."""
        return bare_subject(self.first("subject"))

    @cached_property
    def text(self) -> str:
        """The readable text, HTML only as its bare words; empty for a mail that cannot be parsed."""
        try:
            return _text_of(email.message_from_bytes(self.raw)).replace("\r\n", "\n")
        except ODD_MAIL:
            return ""

    @cached_property
    def snippet(self) -> str:
        return " ".join(self.text[: SNIPPET_LENGTH * 4].split())[:SNIPPET_LENGTH]

    @cached_property
    def search_text(self) -> str:
        return " ".join([self.first("subject"), self.first("from"), self.first("to"), self.text]).lower()


def bare_subject(subject: str) -> str:
    while (shorter := _REPLY_PREFIX.sub("", subject)) != subject:
        subject = shorter
    return " ".join(subject.lower().split())


def decoded(value: str) -> str:
    """A header value with its encoded words decoded; as it stands when it cannot be."""
    if "=?" not in value:
        return value
    try:
        return str(email.header.make_header(email.header.decode_header(value)))
    except (email.errors.HeaderParseError, *ODD_MAIL):
        return value


def part_bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def part_text(part: Message) -> str:
    charset = part.get_content_charset() or "utf-8"
    data = part_bytes(part)
    try:
        return data.decode(charset, "replace")
    except ODD_MAIL:
        return data.decode("latin-1")


def _text_of(message: Message) -> str:
    fallback = ""
    for part in message.walk():
        if part.is_multipart() or part.get_filename():
            continue
        if part.get_content_type() == "text/plain":
            return part_text(part)
        if part.get_content_type() == "text/html" and not fallback:
            fallback = _TAG.sub(" ", part_text(part))
    return fallback


def from_base64url(text: str) -> bytes:
    """Bytes of a base64url text, padded or not; raises ValueError when it is none."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(f"no base64url: {error}") from None


def to_base64url(data: bytes, *, padded: bool = True) -> str:
    text = base64.urlsafe_b64encode(data).decode("ascii")
    return text if padded else text.rstrip("=")
