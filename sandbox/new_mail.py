"""Write the bytes of a new mail, as a customer's mail program would."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail; its content is text."""

    name: str
    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class NewMail:
    """What a person fills in; `html` without `text` is a mail of HTML only.

    `date` is epoch seconds; `references` are Message-IDs, the oldest first.
    """

    to: str
    sender: str
    subject: str
    text: str
    date: float
    from_name: str = ""
    html: str = ""
    references: tuple[str, ...] = ()
    message_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


def compose(mail: NewMail) -> bytes:
    """RFC 5322 bytes with CRLF; raises ValueError with one sentence when a field cannot stand in a header."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(mail.from_name, addr_spec=mail.sender)
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = datetime.fromtimestamp(mail.date, UTC)
        message["Message-ID"] = mail.message_id or f"<{secrets.token_hex(12)}@{mail.sender.rpartition('@')[2]}>"
        if mail.references:
            message["In-Reply-To"] = mail.references[-1]
            message["References"] = " ".join(mail.references)
        for name, value in mail.headers.items():
            del message[name]
            message[name] = value
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        raise ValueError(f"a header of the mail {mail.subject!r} cannot be written: {error}") from None
    if mail.html and not mail.text:
        message.set_content(mail.html, subtype="html", cte="quoted-printable")
    else:
        message.set_content(mail.text, cte="quoted-printable")
    if mail.html and mail.text:
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    for attachment in mail.attachments:
        main, _, sub = attachment.content_type.partition("/")
        message.add_attachment(
            attachment.text.encode(), maintype=main, subtype=sub or "octet-stream", filename=attachment.name
        )
    return message.as_bytes()


def from_json(fields: dict[str, Any], now: float, references: tuple[str, ...] = ()) -> NewMail:
    """From `{to, from, subject, text, from_name?, html?, headers?, attachments?, message_id?}`; or ValueError."""
    missing = [name for name in ("to", "from") if not isinstance(fields.get(name), str) or not fields[name]]
    if missing:
        raise ValueError(f"the mail lacks {' and '.join(missing)}")
    texts = {name: fields.get(name) or "" for name in ("subject", "text", "html", "from_name", "message_id")}
    wrong = [name for name, value in texts.items() if not isinstance(value, str)]
    headers = fields.get("headers") or {}
    files = fields.get("attachments") or []
    if wrong or not isinstance(headers, dict) or not isinstance(files, list):
        raise ValueError(f"the mail {texts['subject']!r} has a field of the wrong type")
    attachments = tuple(
        Attachment(str(file["name"]), str(file.get("content_type") or "text/plain"), str(file.get("text") or ""))
        for file in files
    )
    return NewMail(
        to=fields["to"].strip().lower(), sender=fields["from"].strip(), date=now, references=references,
        headers=headers, attachments=attachments, **texts,
    )  # fmt: skip
