"""The form of *Try a mail*: a text that was typed becomes a mail as Gmail would bring it, a file is taken as it is."""

import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, make_msgid

from flask import request
from werkzeug.datastructures import FileStorage

from domain.errors import BadInput
from domain.triage import MAX_BYTES
from web.addresses import mail_address
from web.fields import letter, line

LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form. `verified`: as if Gmail had verified the sender's address."""

    sender: str = ""
    subject: str = ""
    text: str = ""
    verified: bool = True


def typed() -> Typed:
    known = request.form
    return Typed(
        line(known.get("sender", "")), line(known.get("subject", "")), letter(known.get("text", "")),
        known.get("verified") == "yes",
    )  # fmt: skip


def mail_of(given: Typed, to: str) -> bytes:
    """The bytes of the mail that is to be tried: the file where there is one, else what was typed, addressed to `to`.

    Raises BadInput with one sentence.
    """
    file = request.files.get("file")
    if file is not None and file.filename:
        return _of_file(file)
    if not given.text:
        raise BadInput("text", "Write or paste what the mail says, or choose a file that ends in .eml.")
    if len(given.text) > LONGEST:
        raise BadInput("text", f"At most {LONGEST:,} characters can be pasted: try this mail as a file.")
    return _of_text(given, to)


def _of_file(file: FileStorage) -> bytes:
    if not (file.filename or "").lower().endswith(".eml"):
        raise BadInput("file", "Only a mail can be tried: choose a file that ends in .eml, as mail programs save them.")
    content = file.stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadInput("file", "This file is larger than 25 MB: Gmail would not bring such a mail either.")
    if not content.strip():
        raise BadInput("file", "This file is empty: save the mail once more, and choose it again.")
    return content


def _of_text(given: Typed, to: str) -> bytes:
    found = getaddresses([given.sender])
    name, address = found[0] if len(found) == 1 else ("", "")
    try:
        address = mail_address(address)
        address.encode("ascii")
        sender = Address(name, addr_spec=address)
    except (BadInput, UnicodeError, ValueError, IndexError):
        raise BadInput(
            "sender",
            "From whom? Write one mail address, such as Anna <anna@customer.example>.",
        ) from None
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = given.subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=sender.domain)
    if given.verified:
        mail["Authentication-Results"] = f"mx.google.com; dmarc=pass header.from={sender.domain}"
    mail.set_content(given.text)
    return mail.as_bytes()
