"""Time that passes on business days alone: a moment so much later, and how much of it lies between two moments.

A business day is as long as the sun makes it in the tenant's zone: 23 or 25 hours where clocks are changed.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.supplier_request import BusinessDays

# Further than any ladder and any list of holidays reaches.
LONGEST = timedelta(days=3660)


def later(moment: datetime, duration: timedelta, days: BusinessDays) -> datetime:
    """The first moment on a business day before which `duration` has passed since `moment` (aware), in UTC.

    Raises OverflowError where no business day is left within ten years.
    """
    left = duration
    for start, end in _spans(moment, moment.astimezone(UTC) + LONGEST + duration, days):
        if left < end - start:
            return start + left
        left -= end - start
    raise OverflowError("No business day is left within ten years.")


def between(start: datetime, end: datetime, days: BusinessDays) -> timedelta:
    """The business time from `start` to `end` (aware); nothing where `end` is the earlier one."""
    return sum((until - since for since, until in _spans(start, end, days)), timedelta())


def _spans(start: datetime, end: datetime, days: BusinessDays) -> Iterator[tuple[datetime, datetime]]:
    """What of each business day lies between the two, in UTC: in local time a day's hours could not be subtracted."""
    zone = ZoneInfo(days.zone)
    since, until = start.astimezone(UTC), end.astimezone(UTC)
    day = start.astimezone(zone).date()
    while since < until:
        following = day + timedelta(days=1)
        ends = min(_begins(following, zone), until)
        if day.isoweekday() in days.weekdays and day not in days.holidays and since < ends:
            yield since, ends
        since, day = max(since, ends), following


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
