"""What code took from a supplier's answer as facts: all that a customer may be told of it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Status(StrEnum):
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class SupplierNews:
    """No word of the supplier's. `arrives` and `leaves` are the days by which they expect it to; `tracking` is an
    https link of printable ASCII, or empty.
    """

    status: Status | None = None
    arrives: date | None = None
    leaves: date | None = None
    tracking: str = ""

    @property
    def is_any(self) -> bool:
        return bool(self.status or self.arrives or self.leaves or self.tracking)

    @property
    def facts(self) -> tuple[str, ...]:
        """In words for members."""
        found = (
            self.status and f"it says: {self.status}",
            self.leaves and f"it leaves by {self.leaves.isoformat()}",
            self.arrives and f"it arrives by {self.arrives.isoformat()}",
            self.tracking and f"a tracking link: {self.tracking}",
        )
        return tuple(one for one in found if one)
