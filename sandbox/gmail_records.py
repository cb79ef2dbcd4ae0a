"""Name what lies in a mailbox: a mail in its place, a line of its history, the system's labels, the ids."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.letter import Letter

CATEGORIES = ("CATEGORY_PERSONAL", "CATEGORY_SOCIAL", "CATEGORY_PROMOTIONS", "CATEGORY_UPDATES", "CATEGORY_FORUMS")
SYSTEM_LABELS = ("INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "CHAT", *CATEGORIES)
FIXED_LABELS = frozenset({"SENT", "DRAFT"})
ALL = "*"
Order = tuple[int, int]


@dataclass(slots=True)
class Mail:
    """A message in its place: `order` is (internal date in epoch ms, arrival number), `stored_at` epoch seconds."""

    id: str
    thread_id: str
    labels: set[str]
    letter: Letter
    order: Order
    history_id: int
    stored_at: float

    @property
    def internal_ms(self) -> int:
        return self.order[0]


@dataclass(frozen=True, slots=True)
class Happening:
    """One history record: what happened to one message, with the labels it had then and those that changed."""

    id: int
    kind: str  # messageAdded, messageDeleted, labelAdded, labelRemoved
    message_id: str
    thread_id: str
    labels: tuple[str, ...]
    changed: tuple[str, ...] = ()


@dataclass(slots=True)
class MailIds:
    """Hexadecimal ids like Gmail's: the time in their upper bits, rising, never given twice."""

    clock: Callable[[], float]
    last: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def next(self) -> str:
        self.last = max(self.last + self.chance.randint(1, 4096), int(self.clock() * 1000) << 20)
        return format(self.last, "016x")
