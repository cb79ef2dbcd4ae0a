"""Fill an empty workspace with the demonstration shop: documents, orders, suppliers, and mail that a worker reads.

Nothing is made up that code would have decided: new mail lies there as if it had been fetched, and the real worker
reads, understands and decides. Its mailbox was never connected, so that nothing can leave.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.order_csv import GoodRow, read_orders
from adapters.supplier_csv import read_suppliers
from domain.category import Category
from domain.delivery import EffectState
from domain.errors import BadInput
from domain.mailbox import RawMail
from domain.order import Order
from domain.supplier import Supplier, checked_supplier
from parts.demonstration_mail import MAILBOX, Told, mails
from parts.knowledge import Knowledge
from settings import ROOT
from storage import demonstration, demonstration_past, documents, indexing, orders, supplier_past, suppliers
from storage.demonstration import Arrival
from storage.demonstration_past import Past
from storage.documents import StoredDocument
from storage.supplier_past import PastRequest

SHOP = ROOT / "demonstration_shop"
DOCUMENTS = ROOT / "knowledge_base"

# Documents stand under a folder of their own, so that none of the merchant's is written over.
FOLDER = "demonstration"

# The orders were written for this moment; all their times move with it.
_WRITTEN_FOR = datetime(2026, 11, 21, 12, tzinfo=UTC)

# New mail is read one after the other, so that the queue fills while one watches.
PACE = timedelta(seconds=0.5)

_BROKEN = Past("hold", "It cannot be read as a mail: its parts do not end where they should.")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything as it will be written, read beforehand: no transaction waits for a file or a child process."""

    documents: tuple[StoredDocument, ...]
    orders: tuple[Order, ...]
    suppliers: tuple[Supplier, ...]
    asked: tuple[Mapping[str, Any], ...]
    past: tuple[tuple[Arrival, Past], ...]
    new: tuple[Arrival, ...]


def fill(services: Knowledge, tenant: UUID, *, member: UUID) -> bool:
    """Fill the workspace; False, and nothing changed, where it is not empty. Pressing twice fills it once."""
    with services.database.transaction(tenant) as db:
        if not demonstration.is_empty(db, tenant):
            return False
    now = datetime.now(UTC)
    prepared = prepare(services, now)
    with services.database.transaction(tenant) as db:
        indexing.hold(db, tenant)
        mailbox = demonstration.begin(db, tenant, address=MAILBOX, member=member)
        if mailbox is None:
            return False
        made = list(_suppliers(db, tenant, prepared, now))
        orders.save(db, tenant, prepared.orders)
        for one in prepared.past:
            _became(db, tenant, one, mailbox=mailbox, member=member)
        for arrival in prepared.new:
            demonstration.arrive(db, tenant, mailbox, arrival)
        demonstration.note(
            db, tenant, orders=[one.number for one in prepared.orders], suppliers=made,
            documents=[one.version for one in prepared.documents],
        )  # fmt: skip
        documents.put_all(db, tenant, prepared.documents)
    return True


def prepare(services: Knowledge, now: datetime) -> Prepared:
    decided = json.loads((SHOP / "past.json").read_text("utf-8"))
    told = mails(SHOP / "mails", now)
    answered = {one.name: one.answers for one in told}
    past: list[tuple[Arrival, Past]] = [(_broken(now), _BROKEN)]
    new: list[Arrival] = []
    for one in told:
        arrival = _arrival(services, one, answered)
        if one.name in decided:
            past.append((arrival, _past(decided[one.name])))
        else:
            new.append(replace(arrival, due_in=PACE * len(new)))
    asked = json.loads((SHOP / "asked.json").read_text("utf-8"))
    return Prepared(
        tuple(_documents(services)),
        tuple(_orders(now)),
        tuple(checked_supplier(one, [MAILBOX]) for _, one in read_suppliers(SHOP / "suppliers.csv")),
        tuple(one for one in asked if "took_hours" in one),
        tuple(past),
        tuple(new),
    )


def _documents(services: Knowledge) -> Iterator[StoredDocument]:
    for file in sorted(DOCUMENTS.rglob("*.md")):
        yield services.read_document(f"{FOLDER}/{file.relative_to(DOCUMENTS).as_posix()}", file.read_bytes())


def _orders(now: datetime) -> Iterator[Order]:
    moved = now - _WRITTEN_FOR
    with (SHOP / "orders.csv").open(encoding="utf-8-sig", newline="") as lines:
        for row in read_orders(lines):
            if isinstance(row, GoodRow):
                delivered = row.order.delivered_at + moved if row.order.delivered_at else None
                yield replace(row.order, placed_at=row.order.placed_at + moved, delivered_at=delivered)


def _suppliers(db: Any, tenant: UUID, prepared: Prepared, now: datetime) -> Iterator[UUID]:
    """Add them, and what they were asked and have answered: nothing that anybody would be reminded of."""
    for one in prepared.suppliers:
        try:
            made = suppliers.save(db, tenant, one, actor="machine", is_new=True)
        except BadInput:
            continue  # The merchant has one of this name or address: theirs stays as it is.
        yield made
        for row in prepared.asked:
            if row["supplier"] == one.name:
                at = now - timedelta(days=row["days_ago"])
                answered_at = at + timedelta(hours=row["took_hours"])
                contact = next(iter(one.contacts.values()))
                supplier_past.bring(db, tenant, PastRequest(made, row["purchase_order"], contact, at, answered_at))


def _arrival(services: Knowledge, told: Told, answered: Mapping[str, str]) -> Arrival:
    first = told.name
    while answered.get(first):
        first = answered[first]
    mail = RawMail(told.name, first, ("INBOX",), told.at, told.raw, len(told.raw))
    return Arrival(told.name, first, mail, services.jail.read(told.raw))


def _broken(now: datetime) -> Arrival:
    raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\x00\x00\x00"
    return Arrival("broken", "broken", RawMail("broken", "broken", (), now - timedelta(hours=5), raw, len(raw)), None)


def _past(known: Mapping[str, Any]) -> Past:
    return Past(**{**known, "category": Category(known["category"]), "state": EffectState(known.get("state", "sent"))})


def _became(db: Any, tenant: UUID, one: tuple[Arrival, Past], *, mailbox: UUID, member: UUID) -> None:
    arrival, past = one
    message = arrival.message
    claim = demonstration.arrive(db, tenant, mailbox, arrival, state="decided" if message else "unreadable")
    demonstration_past.became(
        db, claim, past, member=member, at=arrival.mail.received_at,
        sender=message.sender if message else None, subject=message.subject if message else "",
        said=message.text if message else "",
    )  # fmt: skip
