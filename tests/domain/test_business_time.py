"""Business time against a slow reference that looks at every minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.business_time import between, later
from domain.supplier_request import BusinessDays

MINUTE = timedelta(minutes=1)
# Clocks change at two, at midnight (Santiago, Beirut), by half an hour (Lord Howe), never; Apia left out a whole day.
ZONES = (
    "Europe/Berlin", "America/New_York", "America/Santiago", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kolkata",
    "Pacific/Apia", "America/Havana",
)  # fmt: skip

zones = st.sampled_from(ZONES)
weekdays = st.frozensets(st.integers(1, 7), min_size=1)
# Around changes of the clock, and the day that Apia left out.
SPECIAL = (
    "2026-03-28T20", "2026-10-24T21", "2011-12-29T03", "2026-04-04T20", "2026-09-05T20", "2026-03-07T20",
    "2026-10-31T20",
)  # fmt: skip
START = datetime(2026, 1, 1, tzinfo=UTC)

moments = st.one_of(
    st.integers(0, 365 * 24 * 60).map(lambda minutes: START + minutes * MINUTE),
    st.sampled_from(SPECIAL).map(lambda hour: datetime.fromisoformat(f"{hour}:00:00+00:00")),
)


@st.composite
def calendars(draw, at):
    near = st.integers(-1, 4).map(lambda days: at.date() + timedelta(days=days))
    return BusinessDays(draw(zones), draw(weekdays), draw(st.frozensets(near, max_size=3)))


@st.composite
def waits(draw):
    at = draw(moments)
    return at, draw(calendars(at)), timedelta(minutes=draw(st.integers(0, 3000)))


def is_business(moment: datetime, days: BusinessDays) -> bool:
    day = moment.astimezone(ZoneInfo(days.zone)).date()
    return day.isoweekday() in days.weekdays and day not in days.holidays


def slowly_later(moment, duration, days):
    left = duration // MINUTE
    while left or not is_business(moment, days):
        left -= is_business(moment, days)
        moment += MINUTE
    return moment


def slowly_between(start, end, days):
    return MINUTE * sum(is_business(start + n * MINUTE, days) for n in range((end - start) // MINUTE))


@settings(max_examples=150)
@given(waits())
def test_a_moment_later_is_the_one_that_counting_minutes_finds(wait):
    at, days, duration = wait
    assert later(at, duration, days) == slowly_later(at, duration, days)


@settings(max_examples=150)
@given(waits())
def test_the_time_between_is_the_number_of_business_minutes(wait):
    at, days, duration = wait
    assert between(at, at + duration, days) == slowly_between(at, at + duration, days)
    assert between(at + duration, at, days) == timedelta()


@settings(max_examples=200)
@given(waits())
def test_what_lies_between_a_moment_and_the_one_later_is_the_duration(wait):
    at, days, duration = wait
    assert between(at, later(at, duration, days), days) == duration


def berlin(day: int, hour: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_day_after_friday_noon_is_monday_noon():
    assert later(berlin(27, 12), timedelta(hours=24), BusinessDays()) == berlin(30, 12)


def test_a_holiday_is_left_out_like_a_sunday():
    days = BusinessDays(holidays=frozenset({date(2026, 11, 30)}))
    assert later(berlin(27, 12), timedelta(hours=24), days) == berlin(1, 12, month=12)


def test_what_is_asked_on_a_sunday_counts_from_monday():
    assert later(berlin(29, 12), timedelta(hours=24), BusinessDays()) == berlin(1, 0, month=12)


def test_a_day_of_25_hours_counts_25_hours():
    all_week = BusinessDays(weekdays=frozenset(range(1, 8)))
    assert between(berlin(25, 0, month=10), berlin(26, 0, month=10), all_week) == timedelta(hours=25)
    assert later(berlin(24, 12, month=10), timedelta(hours=24), all_week) == berlin(25, 11, month=10)


def test_without_any_business_day_it_says_so_instead_of_searching_for_ever():
    with pytest.raises(OverflowError):
        later(berlin(25, 0), timedelta(hours=1), BusinessDays(weekdays=frozenset()))
