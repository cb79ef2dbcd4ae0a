"""What a customer wants of an order, as code read it out of a mail."""

from dataclasses import dataclass
from enum import StrEnum

from domain.order_action import Action, WantedItem


class Reason(StrEnum):
    """Why a customer wants it. What is the shop's fault costs the customer nothing."""

    DAMAGED = "damaged"
    DEFECTIVE = "defective"
    WRONG_ITEM = "wrong_item"
    INCOMPLETE = "incomplete"
    NOT_RECEIVED = "not_received"
    LATE = "late"
    DOES_NOT_FIT = "does_not_fit"
    CHANGED_MIND = "changed_mind"


SHOPS_FAULT = frozenset({
    Reason.DAMAGED, Reason.DEFECTIVE, Reason.WRONG_ITEM, Reason.INCOMPLETE, Reason.NOT_RECEIVED, Reason.LATE
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """`actions` is each thing that the writer asks for, in their order; more than one is a person's. `items` empty
    means the whole order, or nothing said about items.

    `doubts` say in words, for a member, why the machine may not act on it alone: a sentence that it could not place, a
    condition, an item that it did not find. `withdrawn`: the writer takes an earlier wish back.
    `asks_status`: only what became of an earlier request.
    """

    actions: tuple[Action, ...] = ()
    items: tuple[WantedItem, ...] = ()
    reason: Reason | None = None
    withdrawn: bool = False
    asks_status: bool = False
    doubts: tuple[str, ...] = ()
