"""What can be done with an order, and for what of it."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """`REFUND` pays money back as it is; `RETURN` only once the goods are back; `CANCEL` stops an order that waits."""

    REFUND = "refund"
    RETURN = "return"
    EXCHANGE = "exchange"
    REPLACEMENT = "replacement"
    CANCEL = "cancel"


# Those that pay money back by themselves: what the ledger must promise before they are carried out.
PAYS_BACK = frozenset({Action.REFUND, Action.CANCEL})


@dataclass(frozen=True, slots=True)
class WantedItem:
    """So many pieces of one item of the order."""

    sku: str
    quantity: int = 1
