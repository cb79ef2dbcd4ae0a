"""Response times, by hand and against a slow reckoning with exact fractions: what is open counts as still waiting."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.response_times import Asked, by_week, times

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def answered(hours: float, *, ago: float = 500, due: float | None = None) -> Asked:
    at = NOW - timedelta(hours=ago)
    return Asked(at, at + timedelta(hours=hours), None if due is None else at + timedelta(hours=due))


def waiting(hours: float, *, due: float | None = None) -> Asked:
    at = NOW - timedelta(hours=hours)
    return Asked(at, None, None if due is None else at + timedelta(hours=due))


def hours(span: timedelta | None) -> float | None:
    return None if span is None else span / timedelta(hours=1)


@pytest.mark.parametrize(
    ("requests", "median", "ninetieth"),
    [
        ([], None, None),
        ([answered(5)], 5, 5),
        ([waiting(5)], None, None),
        ([waiting(1), waiting(2), waiting(300)], None, None),
        ([answered(h) for h in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)], 5, 9),
        ([answered(h) for h in (10, 20, 30)], 20, 30),
        # Ties: four of five within two hours.
        ([answered(h) for h in (2, 2, 2, 2, 9)], 2, 9),
        # Two of four answered, two open for longer: exactly half within 20 hours, nothing known of nine in ten.
        ([answered(10), answered(20), waiting(30), waiting(40)], 20, None),
        # Asked a minute ago, it says nothing about who took ten hours.
        ([answered(10), answered(20), waiting(1), waiting(1)], 10, 20),
        # At 10 h one of four (3/4 left); the open one of 15 h leaves; at 20 h one of two (3/8 left).
        ([answered(10), waiting(15), answered(20), waiting(90)], 20, None),
        # Open for exactly as long as another took: it was still waiting then. 2/3 left, then none of one.
        ([answered(10), waiting(10), answered(30)], 30, 30),
    ],
    ids=["none", "one", "one open", "all open", "ten", "three", "ties", "half open", "new ones", "by hand", "tie"],
)
def test_the_numbers_are_those_reckoned_by_hand(requests, median, ninetieth):
    found = times(requests, NOW)
    assert (hours(found.median), hours(found.ninetieth)) == (median, ninetieth)
    assert found.asked == len(requests)
    assert found.answered == sum(one.answered_at is not None for one in requests)


def test_in_time_is_before_the_first_reminder_and_what_may_still_become_so_does_not_count():
    found = times(
        [
            answered(23, due=24),
            answered(24, due=24),  # as the reminder was due: no longer before it
            answered(1),  # nobody reminds: nothing says what is in time
            waiting(3, due=24),
            waiting(24, due=24),
            waiting(90, due=24),
        ],
        NOW,
    )
    assert (found.in_time, found.judged, found.share) == (1, 4, 0.25)
    assert times([waiting(3, due=24)], NOW).share is None


def test_an_answer_that_came_before_the_question_left_took_no_time():
    assert times([answered(-2)], NOW).median == timedelta()


def test_weeks_begin_on_monday_in_utc_and_those_without_a_request_are_not_there():
    sunday, monday = datetime(2026, 11, 8, 23, 59, tzinfo=UTC), datetime(2026, 11, 16, 0, 0, tzinfo=UTC)
    weeks = by_week([Asked(monday), Asked(sunday, sunday + timedelta(hours=2)), Asked(sunday)], NOW)
    assert [(str(day), one.asked) for day, one in weeks] == [("2026-11-02", 2), ("2026-11-16", 1)]


def slowly(requests: list[Asked], share: Fraction) -> timedelta | None:
    """Kaplan and Meier's product as it stands in their paper, counted anew at each time."""
    waits = [(one.waited(NOW), one.answered_at is not None) for one in requests]
    for moment in sorted({took for took, done in waits if done}):
        left = Fraction(1)
        for time in sorted({took for took, done in waits if done and took <= moment}):
            at_risk = sum(took >= time for took, _ in waits)
            left *= 1 - Fraction(sum(done and took == time for took, done in waits), at_risk)
        if left <= 1 - share:
            return moment
    return None


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=40))
def test_they_are_those_of_a_slow_reckoning(rows):
    requests = [answered(took) if done else waiting(took) for took, done in rows]
    found = times(requests, NOW)
    assert found.median == slowly(requests, Fraction(1, 2))
    assert found.ninetieth == slowly(requests, Fraction(9, 10))
    if requests and all(one.answered_at for one in requests):
        # With nothing open it is the plain nearest rank.
        ranked = sorted(one.waited(NOW) for one in requests)
        assert found.median == ranked[(len(ranked) + 1) // 2 - 1]
