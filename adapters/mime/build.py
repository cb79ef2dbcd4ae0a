"""A mail of ours as bytes: plain text, marked as automatic only when no person approved it (GMAIL.md 4.1).

A reply is threaded; a notice begins a conversation of its own.
"""

import email.policy
import re
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

from adapters.mime.headers import is_plain_address, message_ids
from domain.errors import BadInput
from domain.message import Address

REFERENCE_HEADER = "X-Mailwright-Reference"
MAX_REFERENCES = 20
MAX_SUBJECT = 200

# Re:, Re[2]:, RE :, Aw:, Antw:, SV:, Rép:, Odp:, VS:, R: and Réf: in front of a subject, any number of them.
_ANSWERED = re.compile(r"(?:(?:re|aw|antw|sv|vs|r[eé]p|r[eé]f|odp|r)\s?(?:\[\d{1,3}\])?\s?:\s*)+", re.IGNORECASE)
_REFERENCE = re.compile(r"[A-Z0-9]{4,32}", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.ASCII)


def build_reply(
    *,
    sender: Address,
    to: Address,
    subject: str,
    text: str,
    in_reply_to: str,
    references: tuple[str, ...],
    reference_token: str,
    automatic: bool,
    date: datetime,
    message_id_domain: str = "",
) -> bytes:
    """The reply to one mail, lines ended by CRLF, ASCII throughout. The same arguments give the same bytes.

    `subject`, `in_reply_to` and `references` are those of the mail that is answered: hostile, so ids that are not
    well-formed are left out. `text` ends with the visible line `Ref: <reference_token>`, by which the mail is known
    again when Gmail has rewritten its headers. Raises BadInput where a header cannot be written safely.
    """
    _refuse_line_ends(subject=subject)
    mail = _built(
        sender=sender,
        to=to,
        subject=reply_subject(subject),
        text=text,
        reference_token=reference_token,
        automatic="auto-replied" if automatic else "",
        date=date,
        message_id_domain=message_id_domain,
    )
    return _threading(in_reply_to, references) + mail


def build_notice(
    *,
    sender: Address,
    to: Address,
    subject: str,
    text: str,
    reference_token: str,
    date: datetime,
    automatic: bool = True,
) -> bytes:
    """A mail that answers none: its own subject, no thread, marked as written by a machine (RFC 3834, 5.1) unless a
    person wrote it.

    Lines, letters, reference and errors as in `build_reply`; the same arguments give the same bytes.
    """
    return _built(
        sender=sender,
        to=to,
        subject=subject[:MAX_SUBJECT],
        text=text,
        reference_token=reference_token,
        automatic="auto-generated" if automatic else "",
        date=date,
    )


def _built(
    *,
    sender: Address,
    to: Address,
    subject: str,
    text: str,
    reference_token: str,
    automatic: str,
    date: datetime,
    message_id_domain: str = "",
) -> bytes:
    _refuse_line_ends(subject=subject, sender=sender.name)
    if not _REFERENCE.fullmatch(reference_token):
        raise BadInput("reference_token", "A reference consists of 4 to 32 capital letters and digits.")
    if date.tzinfo is None:
        raise BadInput("date", "The date of a mail needs a time zone.")

    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = _header_address("sender", sender)
    mail["To"] = _header_address("to", Address(to.address))  # the name is theirs, and nobody has checked it
    mail["Subject"] = subject
    mail["Date"] = format_datetime(date)
    if message_id_domain:
        if not _DOMAIN.fullmatch(message_id_domain):
            raise BadInput("message_id_domain", "This is no domain name.")
        mail["Message-ID"] = f"<mailwright.{reference_token.lower()}@{message_id_domain}>"
    mail[REFERENCE_HEADER] = reference_token
    if automatic:
        mail["Auto-Submitted"] = automatic
        mail["X-Auto-Response-Suppress"] = "All"
    # Never 8bit: Google's client library cannot upload it (GMAIL.md 4.4).
    body = f"{text.rstrip()}\n\nRef: {reference_token}\n"
    mail.set_content(body, charset="utf-8", cte="quoted-printable" if _mostly_ascii(body) else "base64")
    return mail.as_bytes()


def reply_subject(subject: str) -> str:
    """`Re: ` once, before a subject on one line of at most `MAX_SUBJECT` characters."""
    line = " ".join(subject.split())
    answered = _ANSWERED.match(line)
    return f"Re: {line[answered.end() if answered else 0 :][:MAX_SUBJECT]}".strip()


def _refuse_line_ends(**values: str) -> None:
    for field, value in values.items():
        if len(value.splitlines()) > 1 or value != value.rstrip("\r\n"):
            raise BadInput(field, "A header cannot hold a line end.")


def _header_address(field: str, address: Address) -> HeaderAddress:
    if not is_plain_address(address.address):
        raise BadInput(field, "This is no address that mail can be sent to.")
    local, _, domain = address.address.rpartition("@")
    return HeaderAddress(address.name, local, domain)


def _threading(in_reply_to: str, references: tuple[str, ...]) -> bytes:
    """In-Reply-To and References, written by hand: the standard library would encode long ids beyond recognition.

    Only ids that passed a strict pattern (ASCII, no white space, at most 250 characters) get here.
    """
    parent = next((found for found in message_ids(in_reply_to) if found == in_reply_to.strip()), "")
    earlier = [one for one in references if message_ids(one) == (one,) and one != parent]
    chain = [*earlier, *([parent] if parent else [])][-MAX_REFERENCES:]
    lines = [f"In-Reply-To: {parent}\r\n"] if parent else []
    if chain:
        lines.append("References: " + "\r\n ".join(chain) + "\r\n")
    return "".join(lines).encode("ascii")


def _mostly_ascii(text: str) -> bool:
    return sum(letter > "\x7f" for letter in text) * 4 <= len(text)
