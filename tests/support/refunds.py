"""An order, a policy and the moment at which the rules are asked, as most tests of them need."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.money import Money
from domain.order import Order, OrderItem
from domain.order_action import Action
from domain.refund_policy import RefundPolicy
from domain.refund_rules import Request, judge

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

LAMP = OrderItem("LAMP-1", "Brass lamp", 1, 4990, "lamps")
BULB = OrderItem("BULB-2", "Bulb", 3, 500, "bulbs")

ORDER = Order(
    number="LO-1", customer_email="anna@customer.example", status="delivered", total=Money(6490, "EUR"),
    refunded=Money(0, "EUR"), placed_at=NOW - timedelta(days=20), delivered_at=NOW - timedelta(days=10),
    items=(LAMP, BULB),
)  # fmt: skip
PENDING = replace(ORDER, status="pending", delivered_at=None)

_ACT = text(
    "INSERT INTO order_act (tenant_id, id, action, order_number, amount_minor, currency, approvals_needed, state)"
    " VALUES (:tenant, :key, 'refund', :number, :amount, 'EUR', 1, 'held')"
)
_ENTRY = text(
    "INSERT INTO ledger_entry (tenant_id, order_number, key, kind, amount_minor, currency, actor)"
    " VALUES (:tenant, :number, :key, :kind, :amount, 'EUR', 'machine')"
)

POLICY = RefundPolicy(alone_up_to={"EUR": 10_000})


def asked(action=Action.REFUND, *items, order=ORDER, policy=POLICY, now=NOW, **request):
    return judge(Request(action, items, **request), order, policy, now)


def enter(db, tenant: UUID, kind: str, amount: int, number: str = "LO-1", key: UUID | None = None) -> UUID:
    """An entry of the ledger in euro cents; a promise comes with the action that it is for. Returns its key."""
    values = {"tenant": tenant, "number": number, "key": key or uuid4(), "kind": kind, "amount": amount}
    if key is None:
        db.execute(_ACT, values)
    db.execute(_ENTRY, values)
    return values["key"]
