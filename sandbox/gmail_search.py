"""Understand a search (`q=`) the way Gmail's list calls need it, and refuse what is not played."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.gmail_errors import invalid
from sandbox.gmail_store import ALL, Mail, Mailbox, Order

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


def parse_search(
    q: str,
    mailbox: Mailbox,
    *,
    labels: tuple[str, ...] = (),
    spam_and_trash: bool = False,
    now: float,
    lag_s: float = 0,
) -> Search:
    """Turn `q`, `labelIds` and `includeSpamTrash` into a search; raises GmailError 400 for what is not played here."""
    wanted = set(labels)
    without: set[str] = set()
    words: list[re.Pattern[str]] = []
    not_words: list[re.Pattern[str]] = []
    headers: list[tuple[str, str]] = []
    after = before = 0
    rfc_id = ""
    impossible = False
    for minus, operator, quoted in _TERM.findall(q):
        value = quoted.strip('"')
        side = without if minus else wanted
        match operator.lower(), value.lower():
            case "in", "anywhere":
                spam_and_trash = True
            case "in", place if place in _PLACES:
                side.add(_PLACES[place])
            case "is", "read":
                (wanted if minus else without).add("UNREAD")
            case "is", state if state in _STATES:
                side.add(_STATES[state])
            case "in" | "label", name:
                label = mailbox.label_id(name)
                impossible = impossible or (not label and not minus)
                side |= {label} - {""}
            case (("after" | "newer"), _):
                after = max(after, _moment_ms(value))
            case (("before" | "older"), _):
                before = min(before or _moment_ms(value), _moment_ms(value))
            case "newer_than", age if age[:-1].isdigit() and age[-1] in _AGES:
                after = max(after, int((now - int(age[:-1]) * _AGES[age[-1]]) * 1000))
            case "rfc822msgid", _:
                rfc_id = value if value.startswith("<") else f"<{value}>"
            case ("from" | "to" | "subject") as name, text:
                headers.append((name, text))
            case "", text:
                (not_words if minus else words).append(_word(text))
            case _:
                raise invalid(f"The sandbox does not play the search operator {operator}:{value}")
    if not spam_and_trash:
        without |= HIDDEN - wanted
    until = now - lag_s if lag_s else 0.0
    return Search(
        frozenset(wanted),
        frozenset(without),
        after,
        before,
        rfc_id,
        tuple(words),
        tuple(not_words),
        tuple(headers),
        until,
        impossible,
    )
