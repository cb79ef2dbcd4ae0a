"""The health of a customer: points off for what happened, none twice, never below nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.health import BEST, POINTS, WINDOW, Happened, Rule, Standing, health

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def ago(rule: Rule, days: float = 1, **more) -> Happened:
    return Happened(rule, NOW - timedelta(days=days), **more)


def test_nothing_happened_is_the_best_there_is():
    assert (health([], NOW).score, health([], NOW).standing) == (100, Standing.GOOD)


def test_each_thing_takes_its_points_and_is_named_the_newest_first():
    found = health([ago(Rule.LATE, 9), ago(Rule.REFUSED, 3), ago(Rule.WAITED, 5)], NOW)
    assert found.score == 100 - 15 - 10 - 10
    assert [one.rule for one in found.happened] == [Rule.REFUSED, Rule.WAITED, Rule.LATE]


def test_what_is_older_than_ninety_days_or_still_to_come_does_not_count():
    assert health([ago(Rule.REFUSED, 91), ago(Rule.LATE, -1)], NOW) == health([], NOW)
    assert health([Happened(Rule.REFUSED, NOW - WINDOW)], NOW).score == 85


def test_a_complaint_is_not_counted_as_unhappy_once_more():
    one, other = uuid4(), uuid4()
    found = [ago(Rule.COMPLAINT, message=one), ago(Rule.UNHAPPY, message=one), ago(Rule.UNHAPPY, message=other)]
    assert health(found, NOW).score == 100 - 10 - 5


@pytest.mark.parametrize(
    ("unhappy", "standing"), [(4, Standing.GOOD), (5, Standing.WATCH), (10, Standing.WATCH), (11, Standing.AT_RISK)]
)
def test_the_word_follows_from_the_number(unhappy, standing):
    mails = [ago(Rule.UNHAPPY, message=uuid4()) for _ in range(unhappy)]
    assert health(mails, NOW).standing is standing


@given(st.lists(st.tuples(st.sampled_from(Rule), st.floats(0, 90)), max_size=40))
def test_it_is_always_the_sum_of_what_it_names(drawn):
    found = health([ago(rule, days, message=uuid4()) for rule, days in drawn], NOW)
    assert found.score == max(0, BEST - sum(one.points for one in found.happened))
    assert len(found.happened) == len(drawn)
    assert set(POINTS) == set(Rule)
