"""Raw bytes to a `Message`, whatever the bytes are (GMAIL.md 4.4)."""

import codecs
import email
import email.policy
from dataclasses import dataclass
from email.message import Message as Part

from adapters.mime.body import BodyReader, part_type
from adapters.mime.headers import AddressList, addresses, decoded, message_ids, raw_text
from adapters.mime.html import to_safe_html
from adapters.mime.sender import is_verified
from adapters.mime.text import clean
from domain.errors import Unreadable
from domain.message import Address, Message
from domain.triage import MAX_BYTES

MAX_HEADER_CHARACTERS = 100_000
MAX_HEADERS = 1_000

# What the standard library is known to raise on hostile mail. A RecursionError is a RuntimeError.
FAULTS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    MemoryError,
)


def parse(raw: bytes) -> Message:
    """Read one mail. Raises Unreadable with the reason, and nothing else.

    `html` of the message is already safe to show. Headers beyond `MAX_HEADER_CHARACTERS` are left out, and then the
    mail has no sender: what was left out might be a second From, or the sign that a machine wrote it.
    """
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"The mail is larger than {MAX_BYTES // 1024 // 1024} MB.")
    if not raw.strip():
        raise Unreadable("The mail is empty.")
    try:
        return _read(tree(raw))
    except FAULTS as fault:
        raise Unreadable(f"The mail cannot be parsed ({type(fault).__name__}).") from fault


def tree(raw: bytes) -> Part:
    """The parts of a mail, for everybody who counts them. Raises what stands in FAULTS."""
    start = raw.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    # compat32: the modern policy parses headers on access and fails on many of them.
    return email.message_from_bytes(start, policy=email.policy.compat32)


def _read(root: Part) -> Message:
    headers = _Headers.of(root)
    body = BodyReader()
    text, html = body.read(root)
    defects = [*headers.defects, *body.defects, *(type(defect).__name__ for defect in root.defects)]
    references = message_ids(headers.all("references")) or message_ids(headers.all("in-reply-to"))
    return Message(
        sender=headers.sender(),
        to=headers.addresses("to").usable,
        cc=headers.addresses("cc").usable,
        reply_to=headers.addresses("reply-to").usable,
        subject=decoded(headers.first("subject"))[:1000],
        text=clean(text).strip("\n"),
        html=to_safe_html(html) if html else "",
        headers=tuple((name, decoded(value)) for name, value in headers.pairs),
        rfc_message_id=next(iter(message_ids(headers.first("message-id"))), ""),
        references=references,
        content_type=part_type(root),
        part_types=tuple(body.part_types),
        calendar_method=body.calendar_method,
        attachments=tuple(body.attachments),
        sender_verified=headers.complete and is_verified(headers.pairs),
        defects=tuple(dict.fromkeys(defects))[:20],
    )


@dataclass(frozen=True, slots=True)
class _Headers:
    """The headers of the whole mail: (lower-case name, value on one line with its words still encoded)."""

    pairs: tuple[tuple[str, str], ...]
    complete: bool

    @classmethod
    def of(cls, root: Part) -> "_Headers":
        pairs: list[tuple[str, str]] = []
        room = MAX_HEADER_CHARACTERS
        complete = True
        for name, value in root.raw_items():
            size = len(name) + len(str(value))
            if size > room or len(pairs) >= MAX_HEADERS:
                complete = False
                break
            room -= size
            pairs.append((raw_text(name).strip().lower(), raw_text(value)))
        return cls(tuple(pairs), complete)

    @property
    def defects(self) -> tuple[str, ...]:
        return () if self.complete else ("The headers are too long; some were left out.",)

    def first(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> str:
        return " ".join(value for key, value in self.pairs if key == name)

    def addresses(self, name: str) -> AddressList:
        return addresses(",".join(value for key, value in self.pairs if key == name))

    def sender(self) -> Address | None:
        froms = [value for name, value in self.pairs if name == "from"]
        return addresses(froms[0]).only if len(froms) == 1 and self.complete else None
