"""Whether a request may be granted by a tenant's policy: the same facts give the same verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.decision import Check
from domain.money import Money
from domain.order import Order
from domain.order_action import Action, WantedItem
from domain.refund_amount import Part, part_of
from domain.refund_checks import LOOKS, Asked, Stop
from domain.refund_policy import RefundPolicy, Rule
from domain.refund_request import Outcome, Request

__all__ = ["Judge", "Outcome", "Request", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`action` and `amount` are what would be done; the amount is None where no money is paid back or expected.

    A return's amount is paid when the goods are back. Where a person decides, the amount is what it would be otherwise.
    `is_whole`: a person who says yes has all that it needs, order, pieces and worth; nobody can say it otherwise.
    `approvals` is how many people have to approve: 0, 1 or 2. `rule` names what refused, with its `values` for the
    sentence; `reason` says it to a member.
    """

    outcome: Outcome
    action: Action
    reason: str
    amount: Money | None = None
    items: tuple[WantedItem, ...] = ()
    approvals: int = 1
    rule: Rule | None = None
    values: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
    is_whole: bool = False


Judge = Callable[[Request, Order, RefundPolicy, datetime], Verdict]


def judge(request: Request, order: Order, policy: RefundPolicy, now: datetime) -> Verdict:
    """The verdict about a request of the order's customer, as of `now` (with its time zone).

    What is unclear is a person's; what is refused is refused by a rule that has a name. No money is found here that the
    order does not have: `ledger_entry` makes sure of that a second time, where two verdicts meet.
    """
    action = _done_as(request.action, order, policy)
    asked = Asked(request, order, policy, now, action, part_of(order, request.items))
    checks: list[Check] = []
    for look in LOOKS:
        found = look(asked)
        if isinstance(found, Stop):
            return _verdict(asked, found, (*checks, Check(found.reason, passed=False)))
        if found:
            checks.append(Check(found, passed=True))
    return _verdict(asked, Stop(Outcome.ELIGIBLE, f"The policy allows it: a {action}."), tuple(checks))


def _done_as(wanted: Action, order: Order, policy: RefundPolicy) -> Action:
    """The way in which this shop does what is wanted: it never gives more than was asked for."""
    allowed = policy.allowed.get(order.status, frozenset())
    if wanted is Action.REFUND and wanted not in allowed:
        return next((other for other in (Action.RETURN, Action.CANCEL) if other in allowed), wanted)
    if wanted is Action.RETURN and wanted not in allowed and order.status == "returned" and Action.REFUND in allowed:
        return Action.REFUND  # The goods are back: the money is what is still to come.
    return wanted


def _verdict(asked: Asked, found: Stop, checks: tuple[Check, ...]) -> Verdict:
    order, of_a_person = asked.order, found.outcome is Outcome.PERSON
    # What is refused, or still to be asked for, has no amount yet.
    known = asked.minor > 0 and found.outcome in {Outcome.ELIGIBLE, Outcome.PERSON}
    return Verdict(
        outcome=found.outcome,
        action=asked.action,
        reason=found.reason,
        amount=Money(asked.minor, order.total.currency) if known and asked.action in _MONEY_FOLLOWS else None,
        items=asked.part.items if isinstance(asked.part, Part) else asked.request.items,
        approvals=max(_approvals(asked), 1 if of_a_person else 0),
        rule=found.rule,
        values=(("number", order.number), ("status", order.status), *found.values) if found.rule else (),
        checks=checks,
        is_whole=known,
    )


_MONEY_FOLLOWS = frozenset({Action.REFUND, Action.RETURN, Action.CANCEL})


def _approvals(asked: Asked) -> int:
    """By what leaves the house, money or goods. Where both limits are met, the stricter counts."""
    currency = asked.order.total.currency
    alone = asked.policy.alone_up_to.get(currency)
    second = asked.policy.second_person_above.get(currency)
    if second is None or asked.minor >= second:
        return 2
    return 0 if alone is not None and asked.minor <= alone else 1
