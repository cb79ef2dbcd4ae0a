"""A ticket of the merchant's ticketing system, as far as support needs it (TICKETING_API.md)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum


class TicketType(IntEnum):
    UNKNOWN = 0
    RETURN = 1
    TRACKING = 2
    PRICE = 3
    GENERAL_INFO = 4
    TECH_SUPPORT = 5
    SUPPORT_ENQUIRY = 6
    TRANSPORT_DAMAGE = 7


class Side(IntEnum):
    """Who wrote an entry, and to whom: from operator to operator is an internal note."""

    OPERATOR = 1
    CUSTOMER = 2
    SUPPLIER = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One message on a ticket, in the order in which the system lists them. `text` may be HTML, and is hostile.

    `at` is UTC, None where the system says no time that can be read. `source` and `target` are None where it names a
    side that we do not know.
    """

    id: int | None
    text: str
    at: datetime | None = None
    source: Side | None = None
    target: Side | None = None
    recipient: str = ""

    @property
    def is_internal(self) -> bool:
        return self.source is Side.OPERATOR and self.target is Side.OPERATOR


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """What the merchant ordered of a supplier for this customer's order."""

    number: str
    supplier_name: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """`contact_email` is where the customer is reached; the address on the sales order often is read by nobody.

    `owner_id` and `status_id` are passed back as they were read. `order_number` is the reference as the system has it,
    perhaps with a suffix. Everything but `id` may be missing: empty, None or ().
    """

    id: int
    number: str = ""
    type: TicketType = TicketType.UNKNOWN
    status_id: int | None = None
    status_name: str = ""
    owner_id: int | None = None
    contact_name: str = ""
    contact_email: str = ""
    language: str = ""
    subject: str = ""
    thread_id: str = ""
    order_number: str = ""
    purchase_orders: tuple[PurchaseOrder, ...] = ()
    entries: tuple[Entry, ...] = ()
    tracking_url: str = ""

    @property
    def age(self) -> int:
        """Comparable: the digits behind the two letters of its number; newer tickets have more. -1 where unreadable."""
        digits = self.number[2:]
        return int(digits) if digits.isdecimal() and digits.isascii() else -1


def written_by_supplier(ticket: Ticket) -> tuple[datetime, ...]:
    """When the supplier wrote on it; an entry without a time that can be read counts as the newest there is."""
    latest = datetime.max.replace(tzinfo=UTC)
    return tuple(entry.at or latest for entry in ticket.entries if entry.source is Side.SUPPLIER)


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewTicket:
    """The mail that opens a ticket, or is added to one. `order_number` is a real one: none is ever invented.

    `thread_id` is Gmail's, hexadecimal, or empty. `sent_at` is when the mail came.
    """

    order_number: str
    type: TicketType
    contact_name: str
    comment: str = ""
    subject: str = ""
    body: str = ""
    sender: str = ""
    sent_at: datetime | None = None
    thread_id: str = ""
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketText:
    """Words for a ticket. `marker` stands in them, so that they are found again after an unclear answer."""

    text: str
    marker: str
    recipient: str = ""
    copy_to: str = ""
    files: tuple[File, ...] = ()
