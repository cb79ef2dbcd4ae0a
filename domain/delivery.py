"""What may be done: the states of an effect in the outbox, and the acts that Gmail offers.

`handlers`, `rag` and `understanding` may not import this file: they cannot even name something that acts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.money import Money
from domain.order_action import Action, WantedItem


class EffectState(StrEnum):
    """The send machine of GMAIL.md 5.4. `HELD` waits for a person, `WAITING` for the order action that it tells of, or
    for the ticket by which it leaves. `LEFT_AS_DRAFT` lies in the merchant's Gmail, who sends it or does not.

    The last five are ends.
    """

    HELD = "held"
    WAITING = "waiting"
    PENDING = "pending"
    DRAFTED = "drafted"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    LEFT_AS_DRAFT = "left_as_draft"
    NEEDS_PERSON = "needs_person"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Gate(StrEnum):
    """What stands between a draft and its sending: WAIT ends within seconds, REST by a person or by the clock."""

    OPEN = "open"
    WAIT = "wait"
    REST = "rest"
    HOLD = "hold"
    CANCEL = "cancel"
    LOST = "lost"


OPEN_STATES = (EffectState.PENDING, EffectState.DRAFTED, EffectState.SENDING, EffectState.UNCERTAIN)

# How long to wait before each look for a mail of which Gmail did not say whether it left (GMAIL.md 5.4).
LOOKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))


class DraftState(StrEnum):
    """`CHANGED` is a draft that still waits, but no longer says what we wrote to whom we wrote it."""

    DRAFT = "draft"
    CHANGED = "changed"
    SENT = "sent"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class DraftRef:
    draft_id: str
    message_id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class SentRef:
    gmail_id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class Signs:
    """How our own mail is recognised when it comes back: the reference in its text, the Message-ID it answers."""

    reference: str
    in_reply_to: str
    recipient: str


class Outgoing(Protocol):
    """Acting in one mailbox. Errors beside those named: TryAgain, RateLimited, AuthLost, ScopeMissing, NeedsPerson."""

    def create_draft(self, mime: bytes, thread_id: str) -> DraftRef:
        """May be repeated: the worst case is an orphan draft. Raises Unclear, NotSent (refused for good)."""
        ...

    def find_draft(self, signs: Signs, thread_id: str) -> DraftRef | None:
        """A draft of ours that an unclear answer left behind."""
        ...

    def send_draft(self, draft_id: str) -> SentRef:
        """Never repeated inside. Raises NotSent, Unclear, DraftGone."""
        ...

    def draft_state(self, draft_id: str) -> DraftState:
        """Never CHANGED: what the draft says is not looked at."""
        ...

    def compare_draft(self, draft_id: str, mime: bytes) -> DraftState:
        """CHANGED when its owner gave the draft another recipient, subject, text or an attachment than `mime` has."""
        ...

    def delete_draft(self, draft_id: str) -> None:
        """Idempotent: a draft that is gone is deleted."""
        ...

    def find_sent(self, thread_id: str, signs: Signs, since_history: int) -> SentRef | None:
        """Look for our mail among what was sent. An error while looking is raised, never read as "not sent"."""
        ...

    def message_id_of(self, gmail_id: str) -> str:
        """The Message-ID that Gmail gave a mail when it left; empty where it has none, or is there no more."""
        ...

    def ensure_label(self, name: str) -> str: ...

    def relabel(self, gmail_ids: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...] = ()) -> None:
        """Idempotent; at most 1,000 ids."""
        ...


class ActState(StrEnum):
    """An order action. `HELD` waits for its approvals; of `SENDING` and `UNCERTAIN` nobody knows before a look.

    `DONE` and `REFUSED` are what the shop said; `NEEDS_PERSON` what it never said; `CANCELLED` was never begun.
    """

    HELD = "held"
    PENDING = "pending"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    DONE = "done"
    REFUSED = "refused"
    NEEDS_PERSON = "needs_person"
    CANCELLED = "cancelled"


class TicketState(StrEnum):
    """A ticket of the merchant's system. Of `CREATING` and `UNCERTAIN` nobody knows before a look.

    `WANTED` is looked for before it is made; `NEEDS_PERSON` is what cannot be made, or may have been made twice.
    """

    WANTED = "wanted"
    CREATING = "creating"
    UNCERTAIN = "uncertain"
    KNOWN = "known"
    NEEDS_PERSON = "needs_person"


class WordsState(StrEnum):
    """What goes onto a ticket. `WAITING` waits for a reply to leave; of `SENDING` and `UNCERTAIN` nobody knows.

    `HELD` and `REFUSED` certainly did not get there; of `NEEDS_PERSON` a person has to find out.
    """

    WAITING = "waiting"
    PENDING = "pending"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    DONE = "done"
    HELD = "held"
    REFUSED = "refused"
    NEEDS_PERSON = "needs_person"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ShopTask:
    """One thing that the shop is asked to do. `key` is the same for ever: the shop does it once for one key.

    `created_at` (UTC) is when it was written down, however often the shop is asked.
    """

    key: UUID
    action: Action
    order_number: str
    amount: Money | None = None
    items: tuple[WantedItem, ...] = ()
    reason: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShopDone:
    """The shop did it, under this name of its own."""

    reference: str


class Shop(Protocol):
    """Acting in a tenant's shop. Errors beside those named: TryAgain (before anything was asked), NeedsPerson."""

    def carry_out(self, task: ShopTask) -> ShopDone:
        """Never repeated inside. Raises NotDone (the shop proved that it did not), Unclear."""
        ...

    def look(self, key: UUID) -> ShopDone | None:
        """What became of that key; None where the shop never took it. Raises NotDone where the shop refused it.

        On any other error it raises, too: an error is never "not done".
        """
        ...
