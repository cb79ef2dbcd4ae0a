"""A shop's order, as far as support needs it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from domain.money import Money

ORDER_STATUSES = ("pending", "processed", "shipped", "delivered", "cancelled", "returned")


def normal_number(number: str) -> str:
    """The one form in which order numbers are kept and looked for: `#1001`, ` lo-2` and `LO-2` find what they mean."""
    return "".join(number.split()).lstrip("#").upper()


def day_of(moment: datetime) -> date:
    """The calendar day, in UTC, by which windows are counted."""
    return moment.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class OrderItem:
    """`price_minor` is the price of one piece. `category` is the shop's own word for the kind of article."""

    sku: str
    name: str
    quantity: int
    price_minor: int
    category: str = ""
    final_sale: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """`customer_email` is the only address that may learn anything about this order.

    `as_of` is when the shop last told us of it, None where that is not known; `status_at` since when it has its
    status, where the shop said so.
    """

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
    as_of: datetime | None = None
    status_at: datetime | None = None

    @property
    def is_moving(self) -> bool:
        """Whether its status is still to change by itself, so that what we know of it grows old."""
        return self.status in {"pending", "processed", "shipped"}

    @property
    def status_since(self) -> datetime | None:
        return self.status_at or (self.delivered_at if self.status == "delivered" else None)

    @property
    def safe_tracking_url(self) -> str:
        """The tracking link where it may stand in a mail, else an empty string."""
        url = self.tracking_url.strip()
        return url if url.startswith("https://") and url.isprintable() and " " not in url else ""

    def oddness(self, now: datetime) -> str:
        """What cannot be so, in a sentence for members, or an empty string: nothing is decided by such an order."""
        total, refunded = self.total, self.refunded
        if total.currency != refunded.currency or not 0 <= refunded.minor <= total.minor:
            return "The order's amounts do not fit each other."
        if any(not one.sku.strip() or one.quantity < 1 or one.price_minor < 0 for one in self.items):
            return "The order's items have odd quantities or prices."
        if self.status not in ORDER_STATUSES:
            return f"The order has an unknown status ({self.status})."
        delivered = self.delivered_at or self.placed_at
        if max(self.placed_at, delivered) > now or day_of(delivered) < day_of(self.placed_at):
            return "The order's dates do not fit each other."
        return ""
