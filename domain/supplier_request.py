"""What a supplier was asked on one purchase order, and the ladder of reminders and alerts until they answer."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.supplier import Purpose


class RungKind(StrEnum):
    REMIND = "remind"
    ALERT = "alert"


class Channel(StrEnum):
    """By what a rung leaves: an alert that nobody wants by mail stands at the desk alone."""

    GMAIL = "gmail"
    TICKET = "ticket"
    DESK = "desk"


class StepState(StrEnum):
    """A rung that was climbed: it leaves by itself, or a person reads in `last_error` why it does not."""

    PENDING = "pending"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    NEEDS_PERSON = "needs_person"


class FoundBy(StrEnum):
    """How a supplier's mail was found to be about a request."""

    PURCHASE_ORDER = "purchase_order"
    THREAD = "thread"
    ORDER = "order"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Rung:
    """`after` is business time since our newest message, not since the rung before."""

    kind: RungKind
    after: timedelta


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """`zone` is an IANA name, `weekdays` are ISO numbers from 1, Monday, to 7, Sunday. Time stands still on others."""

    zone: str = "Europe/Berlin"
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    holidays: frozenset[date] = frozenset()


LADDER = (
    Rung(RungKind.REMIND, timedelta(hours=24)),
    Rung(RungKind.REMIND, timedelta(hours=48)),
    Rung(RungKind.ALERT, timedelta(hours=72)),
)


@dataclass(frozen=True, slots=True)
class SupplierRules:
    """A tenant's settings. Without an `operations_address` alerts stand at the desk alone."""

    reminding: bool = True
    ladder: tuple[Rung, ...] = LADDER
    days: BusinessDays = field(default_factory=BusinessDays)
    operations_address: str = ""


@dataclass(frozen=True, slots=True)
class SupplierRequest:
    """One row: what one supplier owes an answer to. `asked_at` is None until our message has left.

    `conversation` is the customer's behind it, `message` the mail at the desk for which it was asked, or our own.
    """

    id: UUID
    supplier: UUID
    purchase_order: str
    recipient: str
    purpose: Purpose = Purpose.GENERAL
    order_number: str = ""
    subject: str = ""
    mailbox: UUID | None = None
    thread_id: str = ""
    rfc_message_id: str = ""
    ticket: UUID | None = None
    conversation: UUID | None = None
    message: UUID | None = None
    first_asked_at: datetime | None = None
    asked_at: datetime | None = None
    round: int = 0
    rungs_done: int = 0
    answered_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.closed_at is None


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A person's wish to write to a supplier. Who it goes to follows from the directory, never from a text.

    `wall_reason` is why it leaves though the wall between suppliers and customers objects.
    """

    supplier: UUID
    purchase_order: str
    purpose: Purpose
    recipient: str
    subject: str
    text: str
    order_number: str = ""
    wall_reason: str = ""


def normal_purchase_order(number: str) -> str:
    """The one form in which purchase-order numbers are kept and looked for."""
    return "".join(unicodedata.normalize("NFKC", number).split()).upper()
