"""Orders as the pages list them, and one of them with all that was to be done and paid."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import Case
from domain.money import Money
from domain.order import Order, normal_number
from storage import ledger, orders, refunds_list
from storage.case_rows import from_row
from storage.conversations import begins_with, like
from storage.ledger import Line
from storage.refunds_list import Act


@dataclass(frozen=True, slots=True)
class Row:
    """`refunded` is all that was paid back or is promised."""

    number: str
    customer: str
    address: str
    status: str
    total: Money
    refunded: Money
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class CaseOf:
    """A case about an order, and the conversation that it belongs to."""

    conversation: UUID
    case: Case


@dataclass(frozen=True, slots=True)
class Whole:
    """An order with its cases and order actions, newest first, and its ledger, oldest first."""

    order: Order
    cases: tuple[CaseOf, ...]
    acts: tuple[Act, ...]
    lines: tuple[Line, ...]


_ROW = """
    SELECT number, coalesce(nullif(customer_name, ''), customer_email) AS customer, customer_email, status, currency,
        total_minor, refunded_minor, placed_at
    FROM shop_order WHERE tenant_id = :tenant"""

_PAGE = """
    AND (:words = '' OR number LIKE :number OR customer_email ILIKE :pattern OR customer_name ILIKE :pattern)
    AND (:after = '' OR (placed_at, number) <
        (SELECT x.placed_at, x.number FROM shop_order x WHERE x.tenant_id = :tenant AND x.number = :after))
    ORDER BY placed_at DESC, number DESC LIMIT :limit"""

_ORDERS = text(_ROW + _PAGE)

_ORDERS_IN_STATUS = text(_ROW + " AND status = :status" + _PAGE)

_OF_CUSTOMER = text(_ROW + " AND customer_email = :address ORDER BY placed_at DESC, number DESC LIMIT :limit")

_CASES = text("""
    SELECT * FROM support_case WHERE tenant_id = :tenant AND order_number = :number AND order_number <> ''
    ORDER BY moved_at DESC, id LIMIT 100
""")


def page(
    db: Connection, tenant: UUID, *, words: str = "", status: str = "", after: str = "", limit: int = 50
) -> list[Row]:
    """The page of orders after the one with the number `after`, the newest first; `words` looks for the beginning of a
    number, and into the customer's name and address.
    """
    values = {"tenant": tenant, "words": words.strip(), "pattern": like(words.strip()), "limit": limit}
    values |= {"number": begins_with(normal_number(words)), "after": normal_number(after)}
    rows = db.execute(_ORDERS_IN_STATUS, {**values, "status": status}) if status else db.execute(_ORDERS, values)
    return [_row(row) for row in rows]


def of_customer(db: Connection, tenant: UUID, address: str, *, limit: int = 50) -> list[Row]:
    """The newest orders with this address on them."""
    values = {"tenant": tenant, "address": address.lower(), "limit": limit}
    return [_row(row) for row in db.execute(_OF_CUSTOMER, values)]


def one(db: Connection, tenant: UUID, number: str) -> Whole | None:
    """One order with all that belongs to it, or None where there is no such order."""
    order = orders.find(db, tenant, number)
    if order is None:
        return None
    cases = db.execute(_CASES, {"tenant": tenant, "number": order.number})
    return Whole(
        order,
        tuple(CaseOf(row.conversation_id, from_row(row)) for row in cases),
        tuple(refunds_list.of_order(db, tenant, order.number)),
        tuple(ledger.entries(db, tenant, order.number)),
    )


def _row(row: Any) -> Row:
    total, refunded = Money(row.total_minor, row.currency), Money(row.refunded_minor, row.currency)
    return Row(row.number, row.customer, row.customer_email, row.status, total, refunded, row.placed_at)
