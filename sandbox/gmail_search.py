"""Understand a search (`q=`) the way Gmail's list calls need it, and refuse what is not played."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.gmail_errors import invalid
from sandbox.gmail_records import ALL, Mail, Order
from sandbox.gmail_store import Mailbox

_TERM = re.compile(r'(-?)(?:(\w+):)?("[^"]*"|\S+)')
_PLACES = {"inbox": "INBOX", "sent": "SENT", "drafts": "DRAFT", "draft": "DRAFT", "spam": "SPAM", "trash": "TRASH"}
_STATES = {"unread": "UNREAD", "starred": "STARRED", "important": "IMPORTANT"}
_AGES = {"d": 86_400, "h": 3_600, "m": 2_592_000, "y": 31_536_000}
HIDDEN = frozenset({"SPAM", "TRASH"})


@dataclass(frozen=True, slots=True)
class Search:
    """What a mail must have, and must not; dates are epoch ms, `after` included and `before` not."""

    labels: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    after_ms: int = 0
    before_ms: int = 0
    rfc_id: str = ""
    words: tuple[re.Pattern[str], ...] = ()
    not_words: tuple[re.Pattern[str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    stored_until: float = 0.0
    impossible: bool = False

    def matches(self, mail: Mail) -> bool:
        if not self.labels <= mail.labels or self.without & mail.labels:
            return False
        if self.stored_until and mail.stored_at > self.stored_until:
            return False
        if mail.internal_ms < self.after_ms or (self.before_ms and mail.internal_ms >= self.before_ms):
            return False
        letter = mail.letter
        return (
            all(value in letter.first(name).lower() for name, value in self.headers)
            and all(word.search(letter.search_text) for word in self.words)
            and not any(word.search(letter.search_text) for word in self.not_words)
        )

    def run(self, mailbox: Mailbox, below: Order | None = None) -> Iterator[Mail]:
        """The mails found, newest first, from below an earlier page's last one."""
        if self.impossible:
            return iter(())
        if self.rfc_id:
            found = sorted(mailbox.with_rfc_id(self.rfc_id), key=lambda mail: mail.order, reverse=True)
            return (mail for mail in found if self.matches(mail) and (below is None or mail.order < below))
        rarest = min(self.labels, key=lambda label: len(mailbox.by_label.get(label, ())), default=ALL)
        found_here = mailbox.newest_first(rarest, before=below, oldest_ms=self.after_ms)
        return (mail for mail in found_here if self.matches(mail))

    def estimate(self, mailbox: Mailbox) -> int:
        """A number like Gmail's resultSizeEstimate: the size of the smallest label asked for, not the true count."""
        return min((len(mailbox.by_label.get(label, ())) for label in self.labels or {ALL}), default=0)


def _moment_ms(value: str) -> int:
    if value.isdigit():
        return int(value) * 1000
    try:
        return int(datetime.strptime(value.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise invalid(f"Invalid date in search: {value}") from None


def _word(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(text.lower())}(?!\w)")


class _Reader:
    """Collects what the terms of one search ask for."""

    def __init__(self, mailbox: Mailbox, now: float) -> None:
        self.mailbox = mailbox
        self.now = now
        self.labels: set[str] = set()
        self.without: set[str] = set()
        self.words: list[re.Pattern[str]] = []
        self.not_words: list[re.Pattern[str]] = []
        self.headers: list[tuple[str, str]] = []
        self.after = self.before = 0
        self.rfc_id = ""
        self.anywhere = self.impossible = False

    def read(self, operator: str, value: str, *, minus: bool) -> None:
        """Take in one term; raises GmailError 400 for one that is not played."""
        match operator:
            case "":
                (self.not_words if minus else self.words).append(_word(value))
            case "in" | "label" | "is":
                self._place(operator, value.lower(), minus=minus)
            case "after" | "newer" | "before" | "older" | "newer_than":
                self._date(operator, value)
            case "rfc822msgid":
                self.rfc_id = value if value.startswith("<") else f"<{value}>"
            case "from" | "to" | "subject" if not minus:
                self.headers.append((operator, value.lower()))
            case _:
                raise invalid(f"The sandbox does not play the search term {'-' * minus}{operator}:{value}")

    def _place(self, operator: str, value: str, *, minus: bool) -> None:
        side = self.without if minus else self.labels
        if (operator, value) == ("in", "anywhere"):
            self.anywhere = True
        elif (operator, value) == ("is", "read"):
            (self.labels if minus else self.without).add("UNREAD")
        elif operator == "is" and value not in _STATES:
            raise invalid(f"The sandbox does not play the search term is:{value}")
        elif label := _STATES.get(value) or _PLACES.get(value) or self.mailbox.label_id(value):
            side.add(label)
        else:
            self.impossible = self.impossible or not minus

    def _date(self, operator: str, value: str) -> None:
        if operator == "newer_than":
            if not value[:-1].isdigit() or value[-1] not in _AGES:
                raise invalid(f"Invalid age in search: {value}")
            self.after = max(self.after, int((self.now - int(value[:-1]) * _AGES[value[-1]]) * 1000))
        elif operator in ("after", "newer"):
            self.after = max(self.after, _moment_ms(value))
        else:
            self.before = min(self.before or _moment_ms(value), _moment_ms(value))


def parse_search(
    q: str, mailbox: Mailbox, *, labels: tuple[str, ...] = (), spam_and_trash: bool = False, now: float, lag_s: float
) -> Search:
    """Turn `q`, `labelIds` and `includeSpamTrash` into a search; raises GmailError 400 for what is not played here."""
    reader = _Reader(mailbox, now)
    reader.labels |= set(labels)
    for minus, operator, quoted in _TERM.findall(q):
        reader.read(operator.lower(), quoted.strip('"'), minus=bool(minus))
    if not spam_and_trash and not reader.anywhere:
        reader.without |= HIDDEN - reader.labels
    return Search(
        frozenset(reader.labels),
        frozenset(reader.without),
        reader.after,
        reader.before,
        reader.rfc_id,
        tuple(reader.words),
        tuple(reader.not_words),
        tuple(reader.headers),
        now - lag_s if lag_s else 0.0,
        reader.impossible,
    )
