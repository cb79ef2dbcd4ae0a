"""Response times as the pages show them: over all, by week, by supplier; in time is before the first reminder."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from domain.ladder import next_rung
from domain.response_times import Asked, Times, by_week, times
from domain.supplier_request import SupplierRules
from storage.supplier_numbers import Row

PERIODS = (30, 90, 365)


@dataclass(frozen=True, slots=True)
class OfSupplier:
    """`supplier` is its id."""

    supplier: UUID
    name: str
    times: Times


@dataclass(frozen=True, slots=True)
class Reckoned:
    """`weeks` by their Monday, the oldest first; `suppliers` by their name."""

    every: Times
    weeks: Sequence[tuple[date, Times]]
    suppliers: Sequence[OfSupplier]


def reckoned(rows: Iterable[Row], rules: SupplierRules, now: datetime) -> Reckoned:
    """The numbers of these rows. What is in time follows from the rules of today, for old requests, too."""
    found = [(row, _asked(row, rules)) for row in rows]
    every = [one for _, one in found]
    named = sorted(found, key=lambda pair: (pair[0].name.casefold(), str(pair[0].supplier)))
    suppliers = [
        OfSupplier(*who, times((one for _, one in those), now))
        for who, those in groupby(named, key=lambda pair: (pair[0].supplier, pair[0].name))
    ]
    return Reckoned(times(every, now), by_week(every, now), suppliers)


def span(took: timedelta | None) -> str:
    """A time as a person would say it; empty where none is known."""
    if took is None:
        return ""
    hours = took / timedelta(hours=1)
    if hours < 1:
        return f"{took // timedelta(minutes=1)} min"
    return f"{hours:.0f} h" if hours < 47.5 else f"{hours / 24:.1f} days"


def _asked(row: Row, rules: SupplierRules) -> Asked:
    first = next_rung(rules, row.asked_at, 0)
    return Asked(row.asked_at, row.answered_at, first.due_at if first else None)
