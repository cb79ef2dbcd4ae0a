"""A threshold is earned: the promise is broken in no more draws than was said, whatever the confidence is worth."""

import numpy as np
import pytest

from domain.earned import Earned, NotEnough
from understanding.thresholds import GRID, choose, upper_bound, zero_error_minimum

DRAWS = 2000
DELTA = 0.1
# Three standard errors of a share of 10 % over so many draws.
MONTE_CARLO = 3 * (DELTA * (1 - DELTA) / DRAWS) ** 0.5


@pytest.mark.parametrize(("target", "least"), [(0.10, 22), (0.05, 45), (0.01, 230)])
def test_so_many_mails_without_an_error_are_the_least_that_prove_anything(target, least):
    assert zero_error_minimum(target) == least
    assert isinstance(choose([(0.999, True)] * (least - 1), target), NotEnough)
    assert isinstance(choose([(0.999, True)] * least, target), Earned)


def test_the_bound_is_the_one_of_clopper_and_pearson():
    from scipy.stats import beta

    for errors, trials in [(0, 45), (1, 77), (3, 132), (10, 40), (39, 40)]:
        expected = float(beta.ppf(1 - DELTA, errors + 1, trials - errors))
        assert upper_bound(errors, trials) == pytest.approx(expected, abs=1e-9)
    assert upper_bound(5, 5) == 1.0


def test_what_is_missing_is_told_as_the_least_number_of_further_mails():
    assert choose([(0.999, True)] * 12) == NotEnough(12, 45)
    assert choose([]) == NotEnough(0, 45)
    spoilt = choose([(0.999, True)] * 49 + [(0.999, False)])
    assert spoilt == NotEnough(50, 77)
    assert spoilt.missing == 27
    assert isinstance(choose([(0.999, True)] * 76 + [(0.999, False)]), Earned)


def test_the_least_threshold_that_keeps_the_target_is_taken_and_none_below_one_that_does_not():
    verdicts = [(0.93, True)] * 60 + [(0.82, True)] * 60 + [(0.71, False)] * 30 + [(0.61, True)] * 9999
    earned = choose(verdicts)
    assert earned.threshold == 0.725
    assert (earned.accepted, earned.errors, earned.n) == (120, 0, 10149)
    assert earned.coverage == pytest.approx(120 / 10149)


def test_one_unlucky_mail_among_the_surest_does_not_end_the_search_where_mails_abound():
    verdicts = [(0.999, True)] * 44 + [(0.999, False)] + [(0.93, True)] * 200
    earned = choose(verdicts)
    assert (earned.threshold, earned.accepted, earned.errors) == (0.6, 245, 1)


def test_the_grid_is_fixed_and_ends_where_nothing_should_be_answered_any_more():
    assert list(GRID) == sorted(GRID, reverse=True)
    assert (GRID[0], GRID[-1]) == (0.995, 0.6)


def calibrated(confidence):
    return 1 - confidence


def overconfident(confidence):
    """Twenty in a hundred wrong where it says five."""
    return np.minimum(1.0, 4 * (1 - confidence))


def upside_down(confidence):
    """The surer it is, the likelier it is wrong."""
    return 0.02 + 0.2 * (confidence - 0.5)


def shifted(confidence):
    return np.clip(1 - confidence + 0.04, 0, 1)


@pytest.mark.parametrize("wrong_at", [calibrated, overconfident, upside_down, shifted])
@pytest.mark.parametrize(("n", "target"), [(120, 0.05), (400, 0.05), (150, 0.10)])
def test_the_target_is_broken_in_no_more_draws_than_was_said(wrong_at, n, target):
    random = np.random.default_rng(7)
    population = 1 - 0.5 * random.beta(0.6, 2.5, 200_000)
    true_error = {at: float(wrong_at(population[population >= at]).mean()) for at in GRID}
    broken = 0
    for _ in range(DRAWS):
        confidence = random.choice(population, n)
        right = random.random(n) >= wrong_at(confidence)
        found = choose(list(zip(confidence.tolist(), right.tolist(), strict=True)), target, DELTA)
        broken += isinstance(found, Earned) and true_error[found.threshold] > target
    assert broken / DRAWS <= DELTA + MONTE_CARLO
