"""An order, a policy and the moment at which the rules are asked, as most tests of them need."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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

POLICY = RefundPolicy(alone_up_to={"EUR": 10_000})


def asked(action=Action.REFUND, *items, order=ORDER, policy=POLICY, now=NOW, **request):
    return judge(Request(action, items, **request), order, policy, now)
