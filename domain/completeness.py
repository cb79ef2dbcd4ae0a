"""Where each mail that came in is now, and the days that mail is counted by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Whereabouts(StrEnum):
    """Each mail that came in is in exactly one. `MISSING` is what is in none of the others: nobody would see it.

    `ANSWERED` is what the machine dealt with by itself, `GONE` what left Gmail, or was erased, before or after.
    """

    ANSWERED = "answered"
    HELD = "held"
    PEOPLE = "people"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"
    GONE = "gone"
    WORKING = "working"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a zone's calendar: 23 or 25 hours where clocks are changed. `begins` and `ends` are UTC."""

    date: date
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """How many mails came in on one day, by where they are now."""

    day: Day
    counts: Mapping[Whereabouts, int]

    @property
    def fetched(self) -> int:
        return sum(self.counts.values())

    @property
    def missing(self) -> int:
        return self.of(Whereabouts.MISSING)

    def of(self, *places: Whereabouts) -> int:
        return sum(self.counts.get(one, 0) for one in places)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison with Gmail found: `missing` mails lay there and were not known here; they were taken in."""

    day: date
    at_gmail: int
    here: int
    missing: int
    looked_at: datetime


def days(zone: str, last: date, count: int) -> tuple[Day, ...]:
    """`count` days up to `last`, the newest first. `zone` is an IANA name."""
    return tuple(day_of(zone, last - timedelta(days=number)) for number in range(count))


def day_of(zone: str, wanted: date) -> Day:
    return Day(wanted, _begins(wanted, zone), _begins(wanted + timedelta(days=1), zone))


def today(zone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


def _begins(wanted: date, zone: str) -> datetime:
    return datetime.combine(wanted, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
