"""A Gmail mailbox in memory, for tests of what stands above the ports `MailSource` and `Outgoing`.

`tests/adapters/test_gmail_contract.py` holds it to what the real client does over the sandbox Google.
"""

import email
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from itertools import count

from domain.delivery import DraftRef, DraftState, SentRef, Signs
from domain.errors import DraftGone, Gone, HistoryExpired, MailwrightError, NeedsPerson, NotSent
from domain.mailbox import Added, Box, Changes, Page, Profile, RawMail
from domain.triage import MAX_BYTES


@dataclass(slots=True)
class Stored:
    """One message in the mailbox; `order` is the history id at which it was added."""

    gmail_id: str
    thread_id: str
    labels: set[str]
    raw: bytes
    received_at: datetime
    order: int

    @property
    def mail(self) -> Message:
        return email.message_from_bytes(self.raw)

    @property
    def text(self) -> str:
        parts = [part for part in self.mail.walk() if part.get_content_maintype() == "text"]
        return "\n".join((part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in parts)


@dataclass(slots=True)
class _Trouble:
    error: MailwrightError
    after_effect: bool


@dataclass(slots=True)
class FakeGmail:
    """Implements both ports. `calls` counts the operations by name; `trouble` makes the next one fail."""

    address: str = "shop@example.com"
    page_size: int = 500
    history_floor: int = 0
    messages: dict[str, Stored] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    _history_id: int = 1000
    _ids: count = field(default_factory=lambda: count(0x1900000000000000))
    _troubles: dict[str, list[_Trouble]] = field(default_factory=dict)
    _history: list[tuple[int, Added]] = field(default_factory=list)

    # -- what a test does to the mailbox

    def deliver(
        self, raw: bytes, *, thread_id: str = "", labels: tuple[str, ...] = ("INBOX", "UNREAD"), at=None
    ) -> str:
        """A mail arrives; returns its Gmail id."""
        return self._add(raw, thread_id, set(labels), at or datetime.now(UTC)).gmail_id

    def delete(self, gmail_id: str) -> None:
        del self.messages[gmail_id]
        self._history_id += 1

    def expire_history(self) -> None:
        """Gmail forgets everything up to now."""
        self._history_id += 10
        self.history_floor = self._history_id

    def trouble(self, operation: str, error: MailwrightError, *, after_effect: bool = False) -> None:
        """The next call of `operation` raises `error`, before or after it took effect."""
        self._troubles.setdefault(operation, []).append(_Trouble(error, after_effect))

    def sent(self) -> list[Stored]:
        return [stored for stored in self.messages.values() if "SENT" in stored.labels]

    def edit_draft(self, draft_id: str, raw: bytes) -> None:
        """The owner changes a draft in Gmail."""
        self.messages[self.drafts[draft_id]].raw = raw

    # -- MailSource

    def profile(self) -> Profile:
        return self._do("profile", lambda: Profile(self.address, self._history_id))

    def changes(self, since: int, page: str = "", most: int | None = None) -> Changes:
        return self._do("changes", lambda: self._changes(since, int(page or 0), most))

    def _changes(self, since: int, start: int, most: int | None) -> Changes:
        if not self.history_floor <= since <= self._history_id:
            raise HistoryExpired("the history starts later")
        told = [entry for number, entry in self._history if number > since]
        end = len(told) if most is None else start + most * self.page_size
        added = {entry.gmail_id: entry for entry in told[start:end]}
        return Changes(tuple(added.values()), self._history_id, str(end) if end < len(told) else "")

    def list_since(self, since: datetime, page: str = "", box: Box = Box.INBOX) -> Page:
        return self._do("list_since", lambda: self._page(since, int(page or 0), box))

    def _page(self, since: datetime, start: int, box: Box) -> Page:
        found = [m for m in self.messages.values() if _lies_in(box, m.labels) and m.received_at > since]
        found.sort(key=lambda message: message.received_at, reverse=True)
        end = start + self.page_size
        labels = ("SENT",) if box is Box.SENT else ()
        added = tuple(Added(message.gmail_id, message.thread_id, labels) for message in found[start:end])
        return Page(added, str(end) if end < len(found) else "")

    def fetch(self, gmail_id: str) -> RawMail:
        return self._do("fetch", lambda: self._raw_mail(gmail_id))

    def fetch_many(self, gmail_ids) -> list[RawMail | MailwrightError]:
        fates: list[RawMail | MailwrightError] = []
        for gmail_id in gmail_ids:
            try:
                fates.append(self.fetch(gmail_id))
            except MailwrightError as error:
                fates.append(error)
        return fates

    def _raw_mail(self, gmail_id: str) -> RawMail:
        stored = self._message(gmail_id)
        size = len(stored.raw)
        raw = stored.raw if size <= MAX_BYTES else b""
        labels = tuple(sorted(stored.labels))
        return RawMail(gmail_id, stored.thread_id, labels, stored.received_at, raw, size)

    # -- Outgoing

    def create_draft(self, mime: bytes, thread_id: str) -> DraftRef:
        return self._do("create_draft", lambda: self._draft(mime, thread_id))

    def _draft(self, mime: bytes, thread_id: str) -> DraftRef:
        if thread_id and not self._thread(thread_id):
            raise NotSent("no such conversation")
        stored = self._add(mime, self._joined(mime, thread_id), {"DRAFT"}, datetime.now(UTC))
        draft_id = f"r-{next(self._ids)}"
        self.drafts[draft_id] = stored.gmail_id
        return DraftRef(draft_id, stored.gmail_id, stored.thread_id)

    def find_draft(self, signs: Signs, thread_id: str) -> DraftRef | None:
        return self._do("find_draft", lambda: self._found_draft(signs, thread_id))

    def _found_draft(self, signs: Signs, thread_id: str) -> DraftRef | None:
        for draft_id, gmail_id in self.drafts.items():
            stored = self.messages[gmail_id]
            if thread_id in ("", stored.thread_id) and "SENT" not in stored.labels and _is_ours(stored, signs):
                return DraftRef(draft_id, gmail_id, stored.thread_id)
        return None

    def send_draft(self, draft_id: str) -> SentRef:
        return self._do("send_draft", lambda: self._send(draft_id))

    def _send(self, draft_id: str) -> SentRef:
        if draft_id not in self.drafts:
            raise DraftGone("no such draft")
        draft = self.messages[self.drafts[draft_id]]
        if not draft.mail["To"]:
            raise NotSent("Recipient address required")
        sent = self._add(draft.raw, draft.thread_id, {"SENT"}, datetime.now(UTC))
        self.messages.pop(self.drafts.pop(draft_id))
        return SentRef(sent.gmail_id, sent.thread_id)

    def draft_state(self, draft_id: str) -> DraftState:
        return self._do("draft_state", lambda: self._state(draft_id))

    def _state(self, draft_id: str) -> DraftState:
        if draft_id not in self.drafts:
            return DraftState.GONE
        return DraftState.SENT if "SENT" in self.messages[self.drafts[draft_id]].labels else DraftState.DRAFT

    def compare_draft(self, draft_id: str, mime: bytes) -> DraftState:
        return self._do("compare_draft", lambda: self._compared(draft_id, mime))

    def _compared(self, draft_id: str, mime: bytes) -> DraftState:
        state = self._state(draft_id)
        if state is not DraftState.DRAFT:
            return state
        now, then = self.messages[self.drafts[draft_id]], Stored("", "", set(), mime, datetime.now(UTC), 0)
        same = _said(now) == _said(then)
        return DraftState.DRAFT if same else DraftState.CHANGED

    def delete_draft(self, draft_id: str) -> None:
        def delete() -> None:
            if self._state(draft_id) is DraftState.DRAFT:
                self.delete(self.drafts.pop(draft_id))

        self._do("delete_draft", delete)

    def find_sent(self, thread_id: str, signs: Signs, since_history: int) -> SentRef | None:
        return self._do("find_sent", lambda: self._found_sent(thread_id, signs, since_history))

    def _found_sent(self, thread_id: str, signs: Signs, since_history: int) -> SentRef | None:
        ours = [stored for stored in self.sent() if _is_ours(stored, signs)]
        in_thread = [stored for stored in ours if thread_id and stored.thread_id == thread_id]
        is_over = since_history < self.history_floor
        if not ours and is_over:
            raise NeedsPerson("the history starts later")
        found = in_thread or [stored for stored in ours if is_over or stored.order > since_history]
        return SentRef(found[0].gmail_id, found[0].thread_id) if found else None

    def message_id_of(self, gmail_id: str) -> str:
        return self._do("message_id_of", lambda: self._message_id(gmail_id))

    def _message_id(self, gmail_id: str) -> str:
        stored = self.messages.get(gmail_id)
        return str(email.message_from_bytes(stored.raw)["Message-ID"] or "") if stored else ""

    def ensure_label(self, name: str) -> str:
        return self._do("ensure_label", lambda: self._label(name))

    def _label(self, name: str) -> str:
        known = {existing.casefold(): label_id for label_id, existing in self.labels.items()}
        label_id = known.get(name.casefold()) or f"Label_{len(self.labels) + 1}"
        self.labels.setdefault(label_id, name)
        return label_id

    def relabel(self, gmail_ids: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...] = ()) -> None:
        def change() -> None:
            for gmail_id in gmail_ids:
                if gmail_id in self.messages:
                    stored = self.messages[gmail_id]
                    stored.labels = (stored.labels | set(add)) - set(remove)

        self._do("relabel", change)

    # -- inside

    def _do(self, operation: str, act):
        self.calls[operation] += 1
        waiting = self._troubles.get(operation)
        trouble = waiting.pop(0) if waiting else None
        if trouble and not trouble.after_effect:
            raise trouble.error
        outcome = act()
        if trouble:
            raise trouble.error
        return outcome

    def _message(self, gmail_id: str) -> Stored:
        if gmail_id not in self.messages:
            raise Gone("no such message")
        return self.messages[gmail_id]

    def _thread(self, thread_id: str) -> list[Stored]:
        return [stored for stored in self.messages.values() if stored.thread_id == thread_id]

    def _joined(self, mime: bytes, thread_id: str) -> str:
        """Gmail keeps a mail in a thread only when it answers one of its mails by In-Reply-To or References."""
        mail = email.message_from_bytes(mime)
        named = f"{mail['In-Reply-To'] or ''} {mail['References'] or ''}"
        known = [str(stored.mail["Message-ID"]) for stored in self._thread(thread_id) if stored.mail["Message-ID"]]
        return thread_id if any(message_id in named for message_id in known) else ""

    def _add(self, raw: bytes, thread_id: str, labels: set[str], at: datetime) -> Stored:
        gmail_id = f"{next(self._ids):x}"
        self._history_id += 7
        # Gmail keeps milliseconds.
        received_at = at - timedelta(microseconds=at.microsecond % 1000)
        stored = Stored(gmail_id, thread_id or gmail_id, labels, raw, received_at, self._history_id)
        self.messages[gmail_id] = stored
        self._history.append((self._history_id, Added(gmail_id, stored.thread_id, tuple(sorted(labels)))))
        return stored


def _said(stored: Stored) -> tuple[object, ...]:
    """To whom a mail says what."""
    mail = stored.mail
    headers = [mail[name] for name in ("To", "Cc", "Bcc", "Subject")]
    return mail.get_content_type(), headers, stored.text.split()


def _lies_in(box: Box, labels: set[str]) -> bool:
    if box is Box.INBOX:
        return "INBOX" in labels
    return ("SENT" in labels) is (box is Box.SENT) and labels.isdisjoint({"DRAFT", "SPAM", "TRASH", "CHAT"})


def _is_ours(stored: Stored, signs: Signs) -> bool:
    if signs.reference:
        return signs.reference in stored.text
    answers_it = bool(signs.in_reply_to) and stored.mail["In-Reply-To"] == signs.in_reply_to
    return answers_it and bool(signs.recipient) and signs.recipient in (stored.mail["To"] or "")
