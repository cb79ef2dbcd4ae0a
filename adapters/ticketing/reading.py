"""The ticketing system's JSON as our values: whatever may be missing or null is, and unknown fields are passed over."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from domain.ticket import Entry, PurchaseOrder, Side, Ticket, TicketType

Known = TypeVar("Known", bound=IntEnum)

# 2025-10-16T11:51:04.3271702+02:00: five to seven digits of a second, with or without an offset.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?")


def tickets(body: Any, zone: str) -> tuple[Ticket, ...]:
    """The tickets of a bare array or of one object, the newest first; what has no id is none."""
    rows = body if isinstance(body, list) else [body]
    found = [ticket(row, zone) for row in rows if isinstance(row, dict) and isinstance(row.get("id"), int)]
    return tuple(sorted(found, key=lambda one: (one.age, one.id), reverse=True))


def ticket(row: Mapping[str, Any], zone: str) -> Ticket:
    order = _dict(row, "salesOrder")
    purchases = [one for one in _list(order, "purchaseOrders") if _text(one, "orderNumber")]
    return Ticket(
        id=row["id"],
        number=_text(row, "ticketNumber"),
        type=_member(TicketType, row.get("ticketTypeId")) or TicketType.UNKNOWN,
        status_id=_whole(row, "ticketStatusId"),
        status_name=_text(row, "ticketStatusName"),
        owner_id=_whole(row, "ownerId"),
        contact_name=_text(row, "contactName"),
        contact_email=_text(row, "contactEmail").lower(),
        language=_text(row, "customerLanguageCultureName")[:2].lower(),
        subject=_text(row, "entranceEmailSubject"),
        thread_id=_text(row, "entranceGmailThreadId"),
        order_number=_text(order, "orderNumber") or _text(order, "reference"),
        purchase_orders=tuple(
            PurchaseOrder(_text(one, "orderNumber"), _text(one, "supplierName")) for one in purchases
        ),
        entries=tuple(_entry(one, zone) for one in _list(row, "ticketDetails")),
        tracking_url=next(_trace_urls(purchases), ""),
    )


def moment(said: object, zone: str) -> datetime | None:
    """A time of the system in UTC; one without an offset is in the merchant's zone. None where it is none."""
    match = _MOMENT.fullmatch(said.strip()) if isinstance(said, str) else None
    if match is None:
        return None
    whole, fraction, offset = match.groups()
    try:
        read = datetime.fromisoformat(f"{whole.replace(' ', 'T')}.{(fraction or '0')[:6]:0<6}{offset or ''}")
        return (read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _entry(row: Mapping[str, Any], zone: str) -> Entry:
    return Entry(
        id=_whole(row, "id"),
        text=_text(row, "comment") or _text(row, "entranceEmailBody"),
        at=moment(row.get("createdDateTime"), zone),
        source=_member(Side, row.get("sourceTicketSideTypeId")),
        target=_member(Side, row.get("targetTicketSideTypeId")),
        recipient=_text(row, "receiverEmailAddress").lower(),
    )


def _trace_urls(purchases: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The trace URL of each parcel that has one that is not blank."""
    for purchase in purchases:
        for delivery in _list(purchase, "deliveries"):
            yield from filter(
                None, (_text(parcel, "traceUrl").strip() for parcel in _list(delivery, "deliveryParcels"))
            )


def _dict(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _list(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = row.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(row: Mapping[str, Any], name: str) -> str:
    found = row.get(name)
    return found if isinstance(found, str) else ""


def _whole(row: Mapping[str, Any], name: str) -> int | None:
    found = row.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _member(kinds: type[Known], said: object) -> Known | None:
    return kinds(said) if isinstance(said, int) and said in set(map(int, kinds)) else None
