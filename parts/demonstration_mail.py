"""The demonstration shop's mail as it would have come to one mailbox: bytes and times, reckoned back from now."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

MAILBOX = "support@lumen-oak.example"
DOMAIN = "demonstration.example"

# Mails of today came so far apart.
_APART = timedelta(minutes=6)

# What steers the sandbox, and a date of the past, in mails that are kept as bytes.
_REPLACED = re.compile(rb"^(?:X-Sandbox-[^:\s]*|Date):[^\r\n]*\r?\n", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """One mail: its name, that of the mail that it answers, when it came, its bytes."""

    name: str
    answers: str
    at: datetime
    raw: bytes


def mails(folder: Path, now: datetime) -> list[Told]:
    """All of a folder's, in the order in which they came, the newest just before `now`."""
    files = sorted(file for file in folder.iterdir() if file.suffix in {".json", ".eml"})
    fields = {file.stem: json.loads(file.read_text("utf-8")) for file in files if file.suffix == ".json"}
    of_today = [file.stem for file in files if "minutes_ago" not in fields.get(file.stem, {})]
    told = []
    for file in files:
        known = fields.get(file.stem, {})
        before = timedelta(minutes=known["minutes_ago"]) if "minutes_ago" in known else _before(of_today, file.stem)
        at = now - before
        raw = _written(file.stem, known, at) if known else _as_kept(file.read_bytes(), at)
        told.append(Told(file.stem, str(known.get("reply_to_previous", "")).removesuffix(".json"), at, raw))
    return sorted(told, key=lambda one: one.at)


def _before(of_today: list[str], name: str) -> timedelta:
    return _APART * (len(of_today) - of_today.index(name))


def _as_kept(raw: bytes, at: datetime) -> bytes:
    head, gap, body = raw.partition(b"\n\n")
    return b"Date: " + format_datetime(at).encode() + b"\r\n" + _REPLACED.sub(b"", head + b"\n") + gap[1:] + body


def _written(name: str, fields: dict[str, Any], at: datetime) -> bytes:
    """A mail of JSON as bytes, under the verdict about its sender that Gmail would have written above it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(fields.get("from_name", ""), addr_spec=fields["from"])
    mail["To"] = Address(addr_spec=MAILBOX)
    mail["Subject"] = " ".join(fields.get("subject", "").split())
    mail["Date"] = at
    mail["Message-ID"] = _id(name)
    if fields.get("reply_to_previous"):
        previous = _id(str(fields["reply_to_previous"]).removesuffix(".json"))
        mail["In-Reply-To"] = mail["References"] = previous
    for header, value in fields.get("headers", {}).items():
        del mail[header]
        mail[header] = value
    written, html = fields.get("text", ""), fields.get("html", "")
    if html and not written:
        mail.set_content(html, subtype="html", cte="quoted-printable")
    else:
        mail.set_content(written, cte="quoted-printable")
        if html:
            mail.add_alternative(html, subtype="html", cte="quoted-printable")
    for one in fields.get("attachments", ()):
        main, _, sub = one["content_type"].partition("/")
        mail.add_attachment(one["text"].encode(), maintype=main, subtype=sub, filename=one["name"])
    return _verdict(fields.get("auth", "pass"), fields["from"]).encode() + mail.as_bytes()


def _verdict(auth: str, sender: str) -> str:
    if auth not in {"pass", "fail"}:
        return ""
    return f"Authentication-Results: mx.google.com; dmarc={auth} header.from={sender.rpartition('@')[2]}\r\n"


def _id(name: str) -> str:
    return f"<{re.sub(r'[^A-Za-z0-9.-]', '-', name)}@{DOMAIN}>"
