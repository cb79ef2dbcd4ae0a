"""The ledger: money promised back, paid back or given up of each order, appended and never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from domain.errors import BadInput
from domain.money import Money
from domain.order import normal_number
from storage import orders

MACHINE = "machine"


class Entry(StrEnum):
    """`PROMISED` takes money from what is left of an order; it ends as `PAID`, or as `RELEASED`: given back."""

    PROMISED = "promised"
    PAID = "paid"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. `key` is the order action that it belongs to; `actor` "machine" or a member's id."""

    id: int
    at: datetime
    order_number: str
    key: UUID
    kind: Entry
    amount: Money
    actor: str
    provider_reference: str


_INSERT = text("""
    INSERT INTO ledger_entry (tenant_id, order_number, key, kind, amount_minor, currency, actor, provider_reference)
    SELECT a.tenant_id, a.order_number, a.id, :kind, a.amount_minor, a.currency, :actor, :reference
    FROM order_act a WHERE a.tenant_id = :tenant AND a.id = :key AND a.amount_minor IS NOT NULL
    RETURNING id
""")

_END = text("""
    INSERT INTO ledger_entry (tenant_id, order_number, key, kind, amount_minor, currency, actor, provider_reference)
    SELECT p.tenant_id, p.order_number, p.key, :kind, p.amount_minor, p.currency, :actor, :reference
    FROM ledger_entry p WHERE p.tenant_id = :tenant AND p.key = :key AND p.kind = 'promised'
    ON CONFLICT DO NOTHING RETURNING id
""")

_ACT = text("""
    SELECT order_number, amount_minor, currency FROM order_act WHERE tenant_id = :tenant AND id = :key
""")

_OF_ORDER = text("""
    SELECT id, at, order_number, key, kind, amount_minor, currency, actor, provider_reference
    FROM ledger_entry WHERE tenant_id = :tenant AND order_number = :number ORDER BY id
""")

# What Postgres says where less is left than is wanted, and where the order has another currency.
_OVER, _NO_SUCH_ORDER = "23514", "23503"


def promise(db: Connection, tenant: UUID, key: UUID, *, actor: str = MACHINE) -> None:
    """Take the money of the order action `key` from what is left of its order, before anybody is asked to pay.

    Raises BadInput, and nothing is changed, where less than that is left. A second promise under one key is refused by
    the database: IntegrityError, since only a defect of ours would ask for it.
    """
    values = {"tenant": tenant, "key": key, "kind": Entry.PROMISED.value, "actor": actor, "reference": ""}
    try:
        with db.begin_nested():
            written = db.execute(_INSERT, values).scalar()
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", "") not in {_OVER, _NO_SUCH_ORDER}:
            raise
        raise BadInput("amount", _what_is_left(db, tenant, key)) from None
    if written is None:
        raise BadInput("amount", "There is nothing to promise: it pays no money back.")


def paid(db: Connection, tenant: UUID, key: UUID, *, reference: str = "", actor: str = MACHINE) -> bool:
    """The promise was kept, under this name of the payer's own. False where there is no promise, or it has ended."""
    return _ended(db, tenant, key, Entry.PAID, reference=reference, actor=actor)


def released(db: Connection, tenant: UUID, key: UUID, *, reference: str = "", actor: str = MACHINE) -> bool:
    """The promise is given up: the order has the money again. False where there is no promise, or it has ended."""
    return _ended(db, tenant, key, Entry.RELEASED, reference=reference, actor=actor)


def entries(db: Connection, tenant: UUID, order_number: str) -> list[Line]:
    """Everything of one order, in the order in which it happened."""
    rows = db.execute(_OF_ORDER, {"tenant": tenant, "number": normal_number(order_number)})
    return [_line(row) for row in rows]


def _ended(db: Connection, tenant: UUID, key: UUID, kind: Entry, *, reference: str, actor: str) -> bool:
    values = {"tenant": tenant, "key": key, "kind": kind.value, "actor": actor, "reference": reference[:200]}
    return db.execute(_END, values).scalar() is not None


def _what_is_left(db: Connection, tenant: UUID, key: UUID) -> str:
    act = db.execute(_ACT, {"tenant": tenant, "key": key}).one()
    wanted, order = Money(act.amount_minor, act.currency), orders.find(db, tenant, act.order_number)
    if order is None or order.total.currency != act.currency:
        return f"Order {act.order_number} is not in {act.currency}."
    left = Money(order.total.minor - order.refunded.minor, act.currency)
    return f"Only {left} of order {act.order_number} is left to pay back, not {wanted}."


def _line(row: Any) -> Line:
    amount = Money(row.amount_minor, row.currency)
    return Line(row.id, row.at, row.order_number, row.key, Entry(row.kind), amount, row.actor, row.provider_reference)
