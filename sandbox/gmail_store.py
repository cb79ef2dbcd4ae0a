"""Keep one mailbox in memory: messages, threads, labels, drafts and the history of what happened to them.

Every look-up goes through an index, so a call costs the same in a mailbox of five mails and of five thousand.
"""

import random
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sandbox.gmail_errors import GmailError, invalid, not_found
from sandbox.gmail_records import ALL, FIXED_LABELS, SYSTEM_LABELS, Happening, Mail, MailIds, Order
from sandbox.letter import Letter


class Mailbox:
    """One account's mail. Callers hold the sandbox's lock. `changed(kind, key)` is told of every row that differs."""

    def __init__(
        self,
        address: str,
        ids: MailIds,
        clock: Callable[[], float],
        changed: Callable[[str, str], None],
        history_start: int,
    ) -> None:
        self.address = address
        self.history_id = history_start
        self.history_floor = 0
        self.messages: dict[str, Mail] = {}
        self.threads: dict[str, list[str]] = {}
        self.drafts: dict[str, str] = {}
        self.labels: dict[str, str] = {}  # user labels: id -> name
        self.history: list[Happening] = []
        self.watching: dict[str, Any] = {}
        self.coming: list[tuple[float, Mail]] = []
        self.by_label: defaultdict[str, list[Order]] = defaultdict(list)
        self._by_order: dict[Order, Mail] = {}
        self._by_rfc_id: defaultdict[str, list[str]] = defaultdict(list)
        self._ids = ids
        self._clock = clock
        self._changed = changed
        self._arrivals = 0
        self._chance = random.Random()

    # -- messages

    def add(
        self,
        letter: Letter,
        labels: Iterable[str],
        *,
        thread_id: str = "",
        internal_ms: int | None = None,
        lag_s: float = 0.0,
    ) -> Mail:
        """Store a mail, in its own thread when none is given; with a lag it has its id now and is found later."""
        now = self._clock()
        mail_id = self._ids.next()
        self._arrivals += 1
        order = (int(now * 1000) if internal_ms is None else internal_ms, self._arrivals)
        mail = Mail(mail_id, thread_id or mail_id, set(labels), letter, order, self.history_id, now)
        if lag_s:
            self.coming.append((now + lag_s, mail))
        else:
            self._enter(mail)
        return mail

    def settle(self) -> None:
        """Let the mail whose lag is over be found from now on."""
        now = self._clock()
        due = [mail for at, mail in self.coming if at <= now]
        self.coming = [(at, mail) for at, mail in self.coming if at > now]
        for mail in due:
            self._enter(mail)

    def _enter(self, mail: Mail) -> None:
        mail.history_id = self._rise()
        self.place(mail)
        self._note("messageAdded", mail)

    def place(self, mail: Mail) -> None:
        """Enter a mail into the indexes, without history: a part of `add`, and how a saved mailbox is restored."""
        self._arrivals = max(self._arrivals, mail.order[1])
        self.messages[mail.id] = mail
        self.threads.setdefault(mail.thread_id, []).append(mail.id)
        self._by_order[mail.order] = mail
        for label in (ALL, *mail.labels):
            insort(self.by_label[label], mail.order)
        if mail.letter.message_id:
            self._by_rfc_id[mail.letter.message_id].append(mail.id)

    def message(self, mail_id: str) -> Mail:
        found = self.messages.get(mail_id)
        if found is None:
            if not _hexadecimal(mail_id):
                raise GmailError(400, "invalidArgument", "Invalid id value")
            raise not_found()
        return found

    def remove(self, mail_id: str) -> None:
        mail = self.message(mail_id)
        for label in (ALL, *mail.labels):
            self._forget(label, mail.order)
        del self.messages[mail_id]
        del self._by_order[mail.order]
        thread = self.threads[mail.thread_id]
        thread.remove(mail_id)
        if not thread:
            del self.threads[mail.thread_id]
        if mail.letter.message_id:
            self._by_rfc_id[mail.letter.message_id].remove(mail_id)
        self._rise()
        self._note("messageDeleted", mail)

    def relabel(self, mail: Mail, add: Iterable[str], remove: Iterable[str]) -> None:
        """Add and remove label ids; only what differs is written into the history."""
        gained = [label for label in dict.fromkeys(add) if label not in mail.labels]
        lost = [label for label in dict.fromkeys(remove) if label in mail.labels]
        for label in gained:
            mail.labels.add(label)
            insort(self.by_label[label], mail.order)
        for label in lost:
            mail.labels.discard(label)
            self._forget(label, mail.order)
        for kind, changed in (("labelAdded", gained), ("labelRemoved", lost)):
            if changed:
                mail.history_id = self._rise()
                self._note(kind, mail, tuple(changed))

    def with_rfc_id(self, message_id: str) -> list[Mail]:
        return [self.messages[mail_id] for mail_id in self._by_rfc_id.get(message_id, ())]

    def newest_first(self, label: str, *, before: Order | None = None, oldest_ms: int = 0) -> Iterator[Mail]:
        """The mails of a label (`ALL` = every mail), newest first, from below `before` down to `oldest_ms`."""
        orders = self.by_label.get(label, [])
        top = len(orders) if before is None else bisect_left(orders, before)
        bottom = bisect_left(orders, (oldest_ms, 0))
        for place in range(top - 1, bottom - 1, -1):
            yield self._by_order[orders[place]]

    # -- threads

    def thread(self, thread_id: str) -> list[Mail]:
        """The mails of a thread in the order they came; raises GmailError 404."""
        if thread_id not in self.threads:
            if not _hexadecimal(thread_id):
                raise invalid("Invalid thread_id value")
            raise not_found()
        return [self.messages[mail_id] for mail_id in self.threads[thread_id]]

    def thread_of(self, letter: Letter, *, only: str = "") -> str:
        """The thread that a mail joins by references and subject ("" = none), looked for in thread `only` if given."""
        for reference in letter.references:
            for mail in self.with_rfc_id(reference):
                if only in ("", mail.thread_id) and mail.letter.thread_subject == letter.thread_subject:
                    return mail.thread_id
        return ""

    # -- labels

    def label_id(self, name: str) -> str:
        """The id of the label with this name, as a search or a seed spells it ("" = none)."""
        if name.upper() in SYSTEM_LABELS:
            return name.upper()
        wanted = name.lower().replace(" ", "-")
        return next((key for key, own in self.labels.items() if own.lower().replace(" ", "-") == wanted), "")

    def create_label(self, name: str) -> str:
        if not name.strip():
            raise invalid("Invalid label name")
        if self.label_id(name):
            raise GmailError(409, "aborted", "Label name exists or conflicts")
        label_id = f"Label_{max([0, *(int(key.removeprefix('Label_')) for key in self.labels)]) + 1}"
        self.labels[label_id] = name
        self._changed("mailbox", self.address)
        return label_id

    def check_labels(self, labels: Iterable[str], *, may_be_fixed: bool = False) -> None:
        for label in labels:
            if label not in SYSTEM_LABELS and label not in self.labels:
                raise invalid(f"Invalid label: {label}")
            if label in FIXED_LABELS and not may_be_fixed:
                raise invalid(f"Cannot modify labels: {label}")

    # -- history

    def since(self, start: int) -> Iterator[Happening]:
        """What happened after history id `start`."""
        for place in range(bisect_right(self.history, start, key=lambda record: record.id), len(self.history)):
            yield self.history[place]

    def expire_history(self) -> int:
        """Make every history id given out so far too old; returns the new floor."""
        self.history_floor = self._rise()
        self._changed("mailbox", self.address)
        return self.history_floor

    def add_draft(self, draft_id: str, mail: Mail) -> None:
        self.drafts[draft_id] = mail.id
        self._changed("mailbox", self.address)

    def drop_draft(self, draft_id: str) -> None:
        del self.drafts[draft_id]
        self._changed("mailbox", self.address)

    def _rise(self) -> int:
        self.history_id += self._chance.randint(1, 40)
        return self.history_id

    def _note(self, kind: str, mail: Mail, changed: tuple[str, ...] = ()) -> None:
        labels = tuple(sorted(mail.labels))
        self.history.append(Happening(self.history_id, kind, mail.id, mail.thread_id, labels, changed))
        self._changed("mail", f"{self.address}/{mail.id}")
        self._changed("history", f"{self.address}/{self.history_id}")
        self._changed("mailbox", self.address)

    def _forget(self, label: str, order: Order) -> None:
        orders = self.by_label[label]
        del orders[bisect_left(orders, order)]


def _hexadecimal(text: str) -> bool:
    return 0 < len(text) <= 16 and all(char in "0123456789abcdef" for char in text)
