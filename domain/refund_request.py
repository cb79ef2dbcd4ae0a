"""One request as the rules are asked about it, and what can come of it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.order_action import Action, WantedItem
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
