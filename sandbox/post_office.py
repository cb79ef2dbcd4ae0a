"""Lay a mail that is sent into the mailboxes: the sender's copy, and each recipient's with Google's headers."""

import random
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Protocol

from sandbox.gmail_errors import GmailError, invalid
from sandbox.gmail_records import Mail
from sandbox.gmail_store import Mailbox
from sandbox.letter import Letter

AUTH_LEVELS = ("pass", "fail", "none", "as_is")
RECIPIENTS = ("to", "cc", "bcc")
_HEADER = rb"(?im)^%s:[^\n]*\n(?:[ \t][^\n]*\n)*"


class Habits(Protocol):
    """The settings that change how mail is sent."""

    strip_x_headers: bool
    rewrite_message_id: bool
    draft_wrapper_stays: bool
    sent_copy_lag_s: float


class PostOffice:
    """Deliver among the sandbox's own mailboxes; `outside` keeps the last mails to addresses that live elsewhere."""

    def __init__(self, mailboxes: dict[str, Mailbox], habits: Habits, clock: Callable[[], float]) -> None:
        self._mailboxes = mailboxes
        self._habits = habits
        self._clock = clock
        self._chance = random.Random()
        self.outside: deque[tuple[str, bytes]] = deque(maxlen=1000)

    def send(self, sender: Mailbox, raw: bytes, thread_id: str = "", *, from_draft: bool = False) -> Mail:
        """Send as the sender; returns the SENT copy. Raises GmailError 400 without recipient, 404 for a foreign thread.

        A threadId whose conditions (References and subject) are not met is not an error: the mail gets a thread of its
        own, as at Google, so a caller that forgets them must notice it by the answer's threadId. A draft was
        asked when it was made and stays in its thread.
        """
        if thread_id:
            sender.thread(thread_id)
        letter = Letter(raw)
        recipients = letter.addresses(*RECIPIENTS)
        if not recipients:
            raise invalid("Recipient address required")
        sent = Letter(self._outgoing(sender.address, letter))
        to_self = {"INBOX", "UNREAD"} if sender.address in recipients else set()
        thread = sender.thread_of(sent, only=thread_id) if thread_id and not from_draft else thread_id
        lag = 0.0 if self._habits.draft_wrapper_stays else self._habits.sent_copy_lag_s
        mail = sender.add(sent, {"SENT", *to_self}, thread_id=thread, lag_s=lag)
        travelling = without_headers(sent.raw, "Bcc")
        for recipient in recipients:
            if recipient == sender.address:
                continue
            if recipient in self._mailboxes:
                self.receive(recipient, travelling, envelope_from=sender.address)
            else:
                self.outside.append((recipient, travelling))
        return mail

    def receive(
        self,
        recipient: str,
        raw: bytes,
        *,
        envelope_from: str = "",
        auth: str = "pass",
        at: float | None = None,
        spam: bool = False,
    ) -> Mail:
        """Lay a mail into a mailbox; `auth` is what Google says of its sender ("as_is": not a byte is added)."""
        mailbox = self._mailboxes.get(recipient)
        if mailbox is None:
            raise GmailError(404, "notFound", f"There is no mailbox {recipient} here.")
        moment = self._clock() if at is None else at
        if auth != "as_is":
            raw = self._stamped(raw, recipient, envelope_from, auth, moment)
        letter = Letter(raw)
        labels = {"SPAM" if spam else "INBOX", "UNREAD"}
        return mailbox.add(letter, labels, thread_id=mailbox.thread_of(letter), internal_ms=int(moment * 1000))

    def _outgoing(self, address: str, letter: Letter) -> bytes:
        """What leaves: with the own From, a Message-ID of Google's, Date and Received; X- headers gone on demand."""
        raw = re.sub(rb"\r?\n", b"\r\n", letter.raw)
        now = format_datetime(datetime.fromtimestamp(self._clock(), UTC))
        added = [f"Received: from 1000000000000 named unknown by gmailapi.google.com with HTTPREST; {now}"]
        if letter.addresses("from") != (address,):
            raw = without_headers(raw, "From")
            added.append(f"From: {address}")
        if self._habits.rewrite_message_id or not letter.message_id:
            raw = without_headers(raw, "Message-ID")
            added.append(f"Message-ID: <CA+{self._chance.getrandbits(160):040x}@mail.gmail.com>")
        if not letter.first("date"):
            added.append(f"Date: {now}")
        if not letter.first("mime-version"):
            added.append("MIME-Version: 1.0")
        if self._habits.strip_x_headers:
            raw = without_headers(raw, r"X-[^:\s]*")
        return "".join(f"{line}\r\n" for line in added).encode() + raw

    def _stamped(self, raw: bytes, recipient: str, envelope_from: str, auth: str, moment: float) -> bytes:
        letter = Letter(raw)
        given_path = letter.first("return-path")
        sender = envelope_from or (given_path.strip("<>") if given_path else next(iter(letter.addresses("from")), ""))
        shown = next(iter(letter.addresses("from")), sender).rpartition("@")[2] or "unknown.invalid"
        domain = sender.rpartition("@")[2] or shown
        now = format_datetime(datetime.fromtimestamp(moment, UTC))
        token = f"{self._chance.getrandbits(64):016x}"
        lines = [f"Delivered-To: {recipient}", f"Received: by 2002:a05:6a10:b0c1 with SMTP id {token}; {now}"]
        if auth != "none":
            lines.append(_results(auth, sender, domain, shown))
        if not given_path:
            lines.append(f"Return-Path: <{sender}>")
        lines.append(
            f"Received: from mail.{domain} (mail.{domain}. [192.0.2.41])\r\n"
            f"        by mx.google.com with ESMTPS id {token[::-1]} for <{recipient}>;\r\n        {now}"
        )
        return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace") + raw


def _results(auth: str, sender: str, domain: str, shown: str) -> str:
    spf = {"pass": "pass", "fail": "softfail"}[auth]
    verb = {"pass": "designates", "fail": "does not designate"}[auth]
    return (
        f"Authentication-Results: mx.google.com;\r\n"
        f"       dkim={auth} header.i=@{domain} header.s=20230601 header.b=Ab3dEf7h;\r\n"
        f"       spf={spf} (google.com: domain of {sender} {verb} 192.0.2.41 as permitted sender) "
        f"smtp.mailfrom={sender};\r\n"
        f"       dmarc={auth} (p=NONE) header.from={shown}"
    )


def without_headers(raw: bytes, name: str) -> bytes:
    """The mail without the headers that match this name (a regular expression); the body is left alone."""
    cut = raw.find(b"\r\n\r\n")
    cut = cut + 2 if cut >= 0 else raw.find(b"\n\n") + 1 or len(raw)
    return re.sub(_HEADER % name.encode(), b"", raw[:cut]) + raw[cut:]
