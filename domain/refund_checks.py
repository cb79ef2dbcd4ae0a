"""What is looked at before a request is granted, from top to bottom."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.money import Money
from domain.order import Order, OrderItem, day_of
from domain.order_action import Action
from domain.refund_amount import NoPart, Part, left_of, without_restocking, worth
from domain.refund_policy import RefundPolicy, Rule
from domain.refund_request import Outcome, Request
from domain.request import SHOPS_FAULT, Reason


@dataclass(frozen=True, slots=True)
class Asked:
    """`action` is what would be done for the request, `part` what it is about."""

    request: Request
    order: Order
    policy: RefundPolicy
    now: datetime
    action: Action
    part: Part | NoPart

    @property
    def minor(self) -> int:
        """What would be paid back, or what the goods are worth that would be sent anew; 0 where nobody can say."""
        if isinstance(self.part, NoPart) or self.order.oddness(self.now):
            return 0
        minor = worth(self.order, self.part)
        return without_restocking(minor, self.policy.restocking_percent) if self.keeps_restocking else minor

    @property
    def keeps_restocking(self) -> bool:
        """Whether a part of the money is kept: of what comes back without a fault of the shop's."""
        return (
            self.policy.restocking_percent > 0
            and self.action in {Action.REFUND, Action.RETURN}
            and self.request.reason not in SHOPS_FAULT
        )


@dataclass(frozen=True, slots=True)
class Stop:
    outcome: Outcome
    reason: str
    rule: Rule | None = None
    values: tuple[tuple[str, str], ...] = ()


def _refused(rule: Rule, reason: str, **values: str) -> Stop:
    return Stop(Outcome.REFUSED, reason, rule, tuple(values.items()))


def _person(reason: str) -> Stop:
    return Stop(Outcome.PERSON, f"{reason} A person decides.")


def _data_fits(asked: Asked) -> str | Stop:
    odd = asked.order.oddness(asked.now)
    return _person(odd) if odd else ""


def _is_allowed(asked: Asked) -> str | Stop:
    order, wanted = asked.order, asked.request.action
    if asked.action not in asked.policy.allowed.get(order.status, frozenset()):
        if order.status == "cancelled" and wanted is Action.REFUND and left_of(order) > 0:
            left = Money(left_of(order), order.total.currency)
            return _person(f"The order is cancelled, and {left} of it was not paid back as far as we know.")
        return _refused(Rule.STATUS, f"A {wanted} is not given for an order that is {order.status}.")
    if asked.action is not wanted:
        return f"For an order that is {order.status} a {asked.action} takes the place of a {wanted}."
    return f"A {wanted} is given for an order that is {order.status}."


def _is_in_time(asked: Asked) -> str | Stop:
    """Counted in calendar days of UTC, so that the last day counts to its end."""
    order = asked.order
    days = asked.policy.window_days.get(order.status)
    if days is None:
        return ""
    since = (order.delivered_at if order.status == "delivered" else None) or order.status_at
    # An order that waits has waited since it was placed. Others got their status later, nobody knows when: what is in
    # time from the placing on is in time for sure.
    passed = (day_of(asked.now) - day_of(since or order.placed_at)).days
    if passed < 0:
        return _person(f"The order is {order.status} since a day that is still to come.")
    if passed <= days:
        return f"Day {passed} of {days}."
    if since is None and order.status != "pending":
        return _person(f"Since when the order is {order.status} is not known, and there are {days} days.")
    return _refused(Rule.WINDOW, f"Day {passed}, and there are {days} days.", days=str(days))


def _has_reason(asked: Asked) -> str | Stop:
    if asked.request.reason is not None:
        return f"The reason is {asked.request.reason}."
    if asked.policy.reason_needed or asked.keeps_restocking:
        return Stop(Outcome.REASON_WANTED, "The policy needs a reason, and none was named.")
    return ""


def _is_no_puzzle(asked: Asked) -> str | Stop:
    reason = asked.request.reason
    # What waits in the house has not got lost: to cancel it is no puzzle.
    if reason in {Reason.NOT_RECEIVED, Reason.LATE} and asked.action is not Action.CANCEL:
        return _person(f"Where the parcel is has to be found out ({reason}).")
    if isinstance(asked.part, NoPart):
        return _person(asked.part.reason)
    if reason is Reason.INCOMPLETE and not asked.part.items:
        return _person("Something is missing, and which pieces is not said.")
    return ""


def _has_evidence(asked: Asked) -> str | Stop:
    if asked.request.reason not in asked.policy.evidence_for:
        return ""
    if not asked.request.evidence:
        return Stop(Outcome.EVIDENCE_WANTED, f"A picture is needed ({asked.request.reason}), and none came.")
    return "A picture came."


def _is_no_final_sale(asked: Asked) -> str | Stop:
    return _bars(asked, Rule.FINAL_SALE, asked.policy.final_sale, "final sale")


def _is_not_excluded(asked: Asked) -> str | Stop:
    return _bars(asked, Rule.CATEGORY, asked.policy.excluded, "excluded")


def _bars(asked: Asked, rule: Rule, names: frozenset[str], word: str) -> str | Stop:
    """Refused where everything that is wanted is barred. Where only some of it is, a person finds the way."""
    assert isinstance(asked.part, Part)
    folded = {name.strip().casefold() for name in names}

    def is_barred(line: OrderItem) -> bool:
        named = {line.sku.strip().casefold(), line.category.strip().casefold()} & folded
        return bool(named) or (rule is Rule.FINAL_SALE and line.final_sale)

    lines = asked.part.lines
    if folded and not lines:
        return _person(f"Which items the order has is not known, and some are {word}.")
    barred = [line.name or line.sku for line in lines if is_barred(line)]
    if not barred:
        return ""
    if asked.request.reason in SHOPS_FAULT:
        return _person(f"{barred[0]} is {word}, but the reason is the shop's fault ({asked.request.reason}).")
    if len(barred) < len(lines):
        return _person(f"{barred[0]} is {word}, other items are not.")
    return _refused(rule, f"{barred[0]} is {word}.", item=barred[0])


def _may_be_part(asked: Asked) -> str | Stop:
    assert isinstance(asked.part, Part)
    if asked.part.is_whole:
        return ""
    if not asked.policy.partial:
        return _refused(Rule.PARTIAL, "Only a part of the order is wanted, and the policy knows the whole alone.")
    if asked.action is Action.CANCEL:
        return _person("Only a part of an order that waits is to be cancelled.")
    return "A part of the order may be wanted."


def _is_left(asked: Asked) -> str | Stop:
    assert isinstance(asked.part, Part)
    order, moves_goods = asked.order, asked.action in {Action.EXCHANGE, Action.REPLACEMENT}
    if left_of(order) == 0 and asked.action in {Action.REFUND, Action.RETURN}:
        return _refused(Rule.NOTHING_LEFT, f"All of it was paid back: {order.refunded} of {order.total}.")
    # For which items is not known: the same item must not be paid back twice, nor paid back and sent anew.
    if order.refunded.minor > 0 and (moves_goods or not asked.part.is_whole):
        return _person(f"{order.refunded} of the order was paid back already, for which items is not known.")
    if asked.minor <= 0:
        return _person("What it is worth is not known, or nothing.")
    amount = Money(asked.minor, order.total.currency)
    kept = f", {asked.policy.restocking_percent} % kept" if asked.keeps_restocking else ""
    return f"It is worth {amount}{kept}; {Money(left_of(order), order.total.currency)} is left of the order."


def _customer_may(asked: Asked) -> str | Stop:
    """Never told to the customer: it is our own question, and may be answered with yes."""
    count, most = asked.request.refunds_this_month, asked.policy.per_customer_and_month
    if count >= most:
        return _person(f"The customer got {count} refunds in 30 days, and {most} need nobody's look.")
    return f"The customer got {count} refunds in 30 days."


# From top to bottom. The first that stops decides.
LOOKS: tuple[Callable[[Asked], str | Stop], ...] = (
    *(_data_fits, _is_allowed, _is_in_time, _has_reason, _is_no_puzzle, _has_evidence),
    *(_is_no_final_sale, _is_not_excluded, _may_be_part, _is_left, _customer_may),
)
