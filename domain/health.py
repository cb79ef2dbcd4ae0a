"""How a customer's last ninety days went, as a number from 0 to 100: a sum of few named rules that decides nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

WINDOW = timedelta(days=90)
# A conversation that a person left waiting for longer has waited.
PATIENCE = timedelta(days=1)
# So many mails one after the other without an answer are too many.
MAILS_UNANSWERED = 3
# An order that was not delivered so long after it was placed is late.
LATE_AFTER = timedelta(days=14)

BEST = 100
# From these scores on.
_GOOD, _WATCH = 80, 50


class Rule(StrEnum):
    """What takes points off. The rules are few, so that a person can hold them in the head."""

    REFUSED = "refused"
    UNANSWERED = "unanswered"
    WAITED = "waited"
    COMPLAINT = "complaint"
    LATE = "late"
    UNHAPPY = "unhappy"


POINTS: Mapping[Rule, int] = MappingProxyType({
    Rule.REFUSED: 15, Rule.UNANSWERED: 15, Rule.WAITED: 10, Rule.COMPLAINT: 10, Rule.LATE: 10, Rule.UNHAPPY: 5,
})  # fmt: skip


class Standing(StrEnum):
    GOOD = "good"
    WATCH = "watch"
    AT_RISK = "at risk"


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to a customer, and the row behind it.

    `message` is the mail that shows it, where one does; `order` a number, where it concerns one; `n` how many mails.
    """

    rule: Rule
    at: datetime
    conversation: UUID | None = None
    message: UUID | None = None
    order: str = ""
    subject: str = ""
    n: int = 1

    @property
    def points(self) -> int:
        return POINTS[self.rule]


@dataclass(frozen=True, slots=True)
class Health:
    """`score` is 0 to 100; `happened` is what took points off it, the newest first."""

    score: int
    happened: tuple[Happened, ...] = ()

    @property
    def standing(self) -> Standing:
        if self.score >= _GOOD:
            return Standing.GOOD
        return Standing.WATCH if self.score >= _WATCH else Standing.AT_RISK


def health(happened: Iterable[Happened], now: datetime) -> Health:
    """100, less the points of each thing of the last ninety days. A complaint is not counted as unhappy once more."""
    recent = [one for one in happened if now - WINDOW <= one.at <= now]
    complaints = {one.message for one in recent if one.rule is Rule.COMPLAINT}
    counted = [one for one in recent if one.rule is not Rule.UNHAPPY or one.message not in complaints]
    counted.sort(key=lambda one: one.at, reverse=True)
    return Health(max(0, BEST - sum(one.points for one in counted)), tuple(counted))
