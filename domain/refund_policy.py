"""A tenant's rules for refunds and order actions: one typed document, versioned as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.order_action import Action
from domain.request import Reason

A = Action


class Rule(StrEnum):
    """What can refuse a request. Each has its sentence in each language (`handlers/wording/`), and a tenant's own."""

    STATUS = "status"
    WINDOW = "window"
    FINAL_SALE = "final_sale"
    CATEGORY = "category"
    PARTIAL = "partial"
    NOTHING_LEFT = "nothing_left"


_ORDER = frozenset({"number", "status"})

# What a sentence for a rule may name in braces.
PLACEHOLDERS: Mapping[Rule, frozenset[str]] = {
    **dict.fromkeys(Rule, _ORDER),
    Rule.WINDOW: _ORDER | {"days"},
    Rule.FINAL_SALE: _ORDER | {"item"},
    Rule.CATEGORY: _ORDER | {"item"},
}


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """All money in minor units of the order's own currency.

    `allowed` names the actions for each status of an order. Where a refund is asked for and is not among them, a
    return or a cancellation that is takes its place: money comes back by the way that the shop has.
    `window_days` counts days by status: since the delivery for what was delivered, else since the order has that status
    or was placed; a status that is not named has no end. `evidence_for` are the reasons that need a picture.
    `final_sale` and `excluded` name articles by number or category, whatever is asked for: neither is cancelled, taken
    back or exchanged. `restocking_percent` is kept from what a customer gives back without a fault of the shop's; it
    makes a reason needed. `per_customer_and_month` counts refunds in 30 days: whatever is asked for after that many is
    for a person to decide.
    `alone_up_to`: what the machine may pay back, or send anew, without a person, by currency: nothing where none is
    named.
    `second_person_above`: from this amount on two people approve; in a currency not named, always.
    `phrases`: the tenant's sentence for a rule, by language, with {number}, {status}, {days} or {item} in it.
    """

    version: int = 0
    allowed: Mapping[str, frozenset[Action]] = field(
        default_factory=lambda: {
            "pending": frozenset({A.CANCEL}),
            "delivered": frozenset({A.REFUND, A.RETURN, A.EXCHANGE, A.REPLACEMENT}),
            "returned": frozenset({A.REFUND}),
        }
    )
    window_days: Mapping[str, int] = field(default_factory=lambda: {"delivered": 30, "returned": 60})
    final_sale: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    evidence_for: frozenset[Reason] = frozenset({Reason.DAMAGED, Reason.WRONG_ITEM})
    reason_needed: bool = False
    partial: bool = True
    restocking_percent: int = 0
    per_customer_and_month: int = 2
    alone_up_to: Mapping[str, int] = field(default_factory=dict)
    second_person_above: Mapping[str, int] = field(
        default_factory=lambda: dict.fromkeys(("EUR", "USD", "GBP", "CHF"), 20_000)
    )
    phrases: Mapping[Rule, Mapping[str, str]] = field(default_factory=dict)
