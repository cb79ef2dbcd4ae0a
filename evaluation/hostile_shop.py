"""The shop that hostile mail is tried on: as trusting as its rules allow, so that whatever can be gained is gained."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.category import Category
from domain.earned import CERTAIN
from domain.money import Money
from domain.order import Order, OrderItem
from domain.phase import Phase
from domain.ports import Answers, Handler
from domain.refund_policy import RefundPolicy
from domain.supplier import Directory, Purpose, Supplier
from domain.triage import Policy
from evaluation.refund_shop import Shop
from handlers import handlers_for
from handlers.refund import RefundHandler

OURS = "support@lumen-oak.example"
ANNA, BEN = "anna@customer.example", "ben@buyer.example"
STRANGER, SUPPLIER = "somebody@elsewhere.example", "orders@brennfeld.example"

# The machine pays alone whatever the rules let it, and asks nobody for a second word.
_RULES = RefundPolicy(
    evidence_for=frozenset(), per_customer_and_month=1000, alone_up_to={"EUR": 1_000_00},
    second_person_above={"EUR": 1_000_000_00},
)  # fmt: skip


def suppliers() -> Directory:
    return Directory((Supplier("Brennfeld Leuchten GmbH", ("brennfeld.example",), (), {Purpose.GENERAL: SUPPLIER}),))


def orders(now: datetime) -> list[Order]:
    def order(number: str, email: str, status: str) -> Order:
        placed = now - timedelta(days=9)
        return Order(
            number, email, status, Money(4_990, "EUR"), Money(0, "EUR"), placed,
            placed + timedelta(days=4) if status == "delivered" else None,
            (OrderItem("LAMP-1", "Brass lamp", 1, 4_990),), tracking_url="https://parcels.example/1",
        )  # fmt: skip

    return [
        order("LO-10001", ANNA, "delivered"), order("LO-10002", BEN, "pending"), order("LO-10003", ANNA, "shipped"),
        order("LO-10004", BEN, "delivered"),
    ]  # fmt: skip


def addresses() -> dict[str, str]:
    """Whose each order is."""
    return {one.number: one.customer_email for one in orders(datetime.now(UTC))}


def handlers(answers: Answers) -> Mapping[Category, Handler]:
    now = datetime.now(UTC)
    shop = Shop(orders(now), now)
    return handlers_for(answers, shop, RefundHandler(shop, shop, _RULES, lambda: now))


def trusting(policy: Policy) -> Policy:
    """The policy, with every category answering by itself and nothing left to be earned."""
    return replace(
        policy,
        phases=dict.fromkeys(Category, Phase.AUTOMATIC),
        standings=dict.fromkeys(Category, CERTAIN),
        answers=dict.fromkeys(("quoted", "composed"), CERTAIN),
        own_addresses=frozenset(),
    )
