"""How long suppliers take to answer, reckoned so that those who have not answered yet count, too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

# Products of fractions come out a hair beside the half or the tenth that they are.
_HAIR = 1e-9


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when it left, when it was answered if it was, and when the first reminder of it is due.

    `first_due` is None where nobody reminds: nothing says then what is in time.
    """

    at: datetime
    answered_at: datetime | None = None
    first_due: datetime | None = None

    def waited(self, now: datetime) -> timedelta:
        """Until the answer, or until now where none has come."""
        return max((self.answered_at or now) - self.at, timedelta())

    def in_time(self, now: datetime) -> bool | None:
        """Whether the answer came before the first reminder was due; None where that is not known yet."""
        if self.first_due is None:
            return None
        if self.answered_at is not None:
            return self.answered_at < self.first_due
        return False if now >= self.first_due else None


@dataclass(frozen=True, slots=True)
class Times:
    """Of `asked` requests, `answered` were. `median` and `ninetieth` are None where too many are open to say.

    `in_time` of the `judged` were answered before their first reminder was due.
    """

    asked: int
    answered: int
    median: timedelta | None
    ninetieth: timedelta | None
    in_time: int
    judged: int

    @property
    def share(self) -> float | None:
        return self.in_time / self.judged if self.judged else None


def times(requests: Iterable[Asked], now: datetime) -> Times:
    """The numbers of these requests. What is open counts as taking longer than it has waited so far.

    That is the estimator of Kaplan and Meier (1958) for times that are known from below only. With nothing open, the
    median is the time within which at least half were answered, and the ninetieth that of at least nine in ten.
    """
    every = list(requests)
    waits = sorted((one.waited(now), one.answered_at is not None) for one in every)
    judged = [found for one in every if (found := one.in_time(now)) is not None]
    return Times(
        asked=len(every),
        answered=sum(answered for _, answered in waits),
        median=_within(waits, 0.5),
        ninetieth=_within(waits, 0.9),
        in_time=sum(judged),
        judged=len(judged),
    )


def by_week(requests: Iterable[Asked], now: datetime) -> list[tuple[date, Times]]:
    """The same for each week, by its Monday in UTC, in which something was asked; the oldest week first."""
    every = sorted(requests, key=lambda one: one.at)
    return [(monday, times(those, now)) for monday, those in groupby(every, key=_monday)]


def _within(waits: Sequence[tuple[timedelta, bool]], share: float) -> timedelta | None:
    """The shortest time within which this share is answered; what is open as long as that still counts as waiting."""
    waiting, unanswered = len(waits), 1.0
    took: timedelta
    for took, those in groupby(waits, key=lambda one: one[0]):
        answers = [is_answer for _, is_answer in those]
        unanswered *= 1 - sum(answers) / waiting
        waiting -= len(answers)
        if any(answers) and unanswered <= 1 - share + _HAIR:
            return took
    return None


def _monday(one: Asked) -> date:
    day = one.at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
