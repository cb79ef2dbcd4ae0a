"""A shop's order, as far as support needs it."""

from dataclasses import dataclass
from datetime import datetime

from domain.money import Money

ORDER_STATUSES = ("pending", "processed", "shipped", "delivered", "cancelled", "returned")


def normal_number(number: str) -> str:
    """The one form in which order numbers are kept and looked for: `#1001`, ` lo-2` and `LO-2` find what they mean."""
    return "".join(number.split()).lstrip("#").upper()


@dataclass(frozen=True, slots=True)
class OrderItem:
    sku: str
    name: str
    quantity: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Order:
    """`customer_email` is the only address that may learn anything about this order."""

    number: str
    customer_email: str
    status: str
    total: Money
    refunded: Money
    placed_at: datetime
    delivered_at: datetime | None = None
    items: tuple[OrderItem, ...] = ()
    customer_name: str = ""
    tracking_url: str = ""
