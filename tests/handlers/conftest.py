"""Small honest stand-ins for the ports that handlers ask."""

from datetime import UTC, datetime

import pytest

from domain.decision import Citation
from domain.message import Address, Message
from domain.money import Money
from domain.order import Order
from domain.ports import Answer, FoundPassage
from domain.understanding import Understanding
from tests.support.refund_table import KnownOrders, KnownRefunds

ANA = Address("ana@customer.example", "Ana Lopez")
DELIVERED = datetime(2026, 3, 1, tzinfo=UTC)


class KnownAnswers:
    """Knows one sentence; answers questions that contain "return"."""

    def answer(self, question: str, subject: str, language: str) -> Answer:
        passages = (FoundPassage("returns.md", "Returns > How long", 1.0),)
        if "return" not in question:
            return Answer(answered=False, confidence=0.2, passages=passages, reason="Too weak.")
        citation = Citation("returns.md", "Returns > How long", 0, 26, "You have 30 days to return.", "v1")
        return Answer(answered=True, confidence=0.95, text=citation.quote, citations=(citation,), passages=passages)


def order(number: str = "LO-1", email: str = "ana@customer.example") -> Order:
    return Order(
        number=number,
        customer_email=email,
        status="delivered",
        total=Money(4990, "EUR"),
        refunded=Money(0, "EUR"),
        placed_at=DELIVERED,
        delivered_at=DELIVERED,
        tracking_url="https://parcels.example/1",
    )


@pytest.fixture
def orders():
    return KnownOrders({"LO-1": order(), "LO-2": order("LO-2", "bob@customer.example")})


@pytest.fixture
def refunds():
    return KnownRefunds()


@pytest.fixture
def answers():
    return KnownAnswers()


@pytest.fixture
def mail():
    """Build a message from Ana, verified unless told otherwise."""

    def build(sender=ANA, *, verified=True, **others):
        return Message(sender=sender, subject="A subject", sender_verified=verified, **others)

    return build


@pytest.fixture
def asks():
    def build(text="", *numbers, language="en", **others):
        return Understanding(text=text, language=language, order_numbers=numbers, **others)

    return build
