"""Whether a request may be granted by a tenant's policy: the same facts give the same verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.decision import Check
from domain.money import Money
from domain.order import Order
from domain.order_action import Action, WantedItem
from domain.refund_policy import RefundPolicy, Rule
from domain.request import Reason


class Outcome(StrEnum):
    ELIGIBLE = "eligible"
    REFUSED = "refused"
    PERSON = "person"
    REASON_WANTED = "reason_wanted"
    EVIDENCE_WANTED = "evidence_wanted"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing wanted of one order, by its proven customer. `items` empty means the whole order; `evidence` the
    attachments that came. `refunds_this_month` counts what this customer was paid back in 30 days, this one not in it.
    """

    action: Action
    items: tuple[WantedItem, ...] = ()
    reason: Reason | None = None
    evidence: tuple[str, ...] = ()
    refunds_this_month: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`action` and `amount` are what would be done; the amount is None where no money is paid back or expected.

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


Judge = Callable[[Request, Order, RefundPolicy, datetime], Verdict]


def judge(request: Request, order: Order, policy: RefundPolicy, now: datetime) -> Verdict:
    """The verdict about a request of the order's customer."""
    del order, policy, now
    return Verdict(Outcome.PERSON, request.action, "A person decides.", items=request.items)
