"""A shop of two orders, and a judge that says what it is told: what the tests of the refund handler begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from domain.case import Case
from domain.conversation import Conversation
from domain.decision import Decision
from domain.message import Address, Attachment, Message
from domain.money import Money
from domain.order import Order, OrderItem, normal_number
from domain.order_action import Action
from domain.refund_policy import RefundPolicy
from domain.refund_rules import Outcome, Request, Verdict
from domain.understanding import Understanding
from handlers.refund import RefundHandler

NOW = datetime(2026, 3, 10, tzinfo=UTC)
DELIVERED = datetime(2026, 3, 1, tzinfo=UTC)
ANA = Address("ana@customer.example", "Ana Lopez")
MALLORY = Address("mallory@stranger.example", "Mallory")
WISH = "I would like a refund for my whole order."

ORDER = Order(
    "LO-1", "ana@customer.example", "delivered", Money(7990, "EUR"), Money(0, "EUR"), DELIVERED, DELIVERED,
    (OrderItem("LAMP-1", "Desk lamp", 1, 4990), OrderItem("MUG-1", "Mug", 2, 1500)),
)  # fmt: skip
ORDERS = {
    "LO-1": ORDER,
    "LO-2": replace(ORDER, number="LO-2", customer_email="bob@customer.example"),
    "LO-3": replace(ORDER, number="LO-3"),
    "LO-4": replace(ORDER, number="LO-4", customer_email=""),
}


class KnownOrders:
    def __init__(self, orders: Mapping[str, Order]) -> None:
        self._orders = orders

    def find(self, number: str) -> Order | None:
        return self._orders.get(normal_number(number))


class KnownRefunds:
    """Paid each customer back as often as it is told; remembers what it was asked."""

    def __init__(self, times: int = 0, acts: Mapping[str, Sequence[Action]] | None = None) -> None:
        self._times = times
        self._acts = acts or {}
        self.asked: list[tuple[str, datetime]] = []

    def paid_back_since(self, customer: str, since: datetime) -> int:
        self.asked.append((customer, since))
        return self._times

    def actions_on(self, order_number: str) -> Sequence[Action]:
        return self._acts.get(order_number, ())


@dataclass
class Judge:
    """Gives the verdict that it is told, for the request as it came; remembers what it was asked."""

    outcome: Outcome = Outcome.ELIGIBLE
    values: dict[str, object] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request, order: Order, policy: RefundPolicy, now: datetime) -> Verdict:
        self.asked.append(request)
        usual: dict[str, object] = {"amount": Money(4990, "EUR"), "items": request.items, "action": request.action}
        return Verdict(outcome=self.outcome, reason="So says the policy.", **{**usual, **self.values})


@dataclass
class Table:
    """`write` is one mail of one conversation: its case goes on with the next mail as storage keeps it."""

    judge: Judge = field(default_factory=Judge)
    policy: RefundPolicy = field(default_factory=lambda: RefundPolicy(version=7))
    refunds: KnownRefunds = field(default_factory=KnownRefunds)
    orders: dict[str, Order] = field(default_factory=lambda: dict(ORDERS))
    case: Case | None = None

    def write(
        self,
        text: str = WISH,
        *numbers: str,
        sender: Address | None = ANA,
        verified: bool = True,
        language: str = "en",
        subject: str = "A subject",
        pictures: tuple[Attachment, ...] = (),
        **understood: object,
    ) -> Decision:
        message = Message(sender, subject=subject, sender_verified=verified, attachments=pictures, text=text)
        understanding = Understanding(text, language, order_numbers=numbers, **understood)
        handler = RefundHandler(KnownOrders(self.orders), self.refunds, self.policy, lambda: NOW, self.judge)
        decision = handler.decide(message, understanding, Conversation(case=self.case))
        if decision.case is not None:
            self.case = replace(decision.case, version=decision.case.version + 1, trail=())
        return decision
