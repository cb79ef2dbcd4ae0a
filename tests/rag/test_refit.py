"""A tenant's own abstention: moved by verdicts as far as they carry, the same each time, and honest about itself."""

import numpy as np
import pytest

from domain.answering import AnswerLook, Verdict
from domain.errors import BadInput
from rag.evidence import Abstention
from rag.refit import FEWEST, are_enough, as_json, can_be_used, from_json, out_of_fold, refit

NAMES = ("coverage", "margin", "noise")
PRIOR = Abstention(dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 1.0), {"coverage": 1.0}, 0.0, 0.5)


def drawn(n, weights, seed=1):
    """`n` verdicts of a shop in which these weights say how probable a right answer is."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, len(NAMES)))
    right = random.random(n) < 1 / (1 + np.exp(-rows @ np.array(weights)))
    return [
        verdict(dict(zip(NAMES, map(float, row), strict=True)), bool(one)) for row, one in zip(rows, right, strict=True)
    ]


def verdict(features, is_right):
    return Verdict(AnswerLook("quoted", 0.5, features, answered=True), is_right)


def test_few_verdicts_leave_the_shipped_weights_nearly_as_they_are_and_many_make_their_own():
    few, many = refit(PRIOR, drawn(10, (3, 0, 0))), refit(PRIOR, drawn(4000, (-3, 0, 0)))
    assert few.weights["coverage"] == pytest.approx(1.0, abs=0.4)
    assert many.weights["coverage"] == pytest.approx(-3.0, abs=0.4)


def test_the_same_verdicts_give_the_same_in_whatever_order_they_came():
    verdicts = drawn(200, (2, 1, 0))
    assert as_json(refit(PRIOR, verdicts)) == as_json(refit(PRIOR, verdicts[::-1]))
    assert out_of_fold(PRIOR, verdicts) == pytest.approx(out_of_fold(PRIOR, verdicts[::-1])[::-1])


def test_what_is_learned_fits_better_than_what_was_shipped():
    verdicts, fresh = drawn(300, (0, 3, 0)), drawn(2000, (0, 3, 0), seed=2)
    own = refit(PRIOR, verdicts)

    def loss(abstention):
        sure = np.array([abstention.probability(one.look.features) for one in fresh])
        return -np.log(np.where([one.is_right for one in fresh], sure, 1 - sure)).mean()

    assert loss(own) < loss(PRIOR) - 0.1


def test_what_judges_an_answer_has_not_seen_it():
    """Chance alone: a refit that had seen its own verdicts would seem to tell them apart."""
    verdicts = drawn(FEWEST, (0, 0, 0))
    own = refit(PRIOR, verdicts)
    sure = np.array(out_of_fold(PRIOR, verdicts))
    seen = np.array([own.probability(one.look.features) for one in verdicts])
    right = np.array([one.is_right for one in verdicts])
    assert sure[right].mean() - sure[~right].mean() < seen[right].mean() - seen[~right].mean()


def test_there_must_be_enough_of_both_kinds():
    assert not are_enough(drawn(FEWEST - 1, (1, 0, 0)))
    assert are_enough(drawn(FEWEST, (1, 0, 0)))
    assert not are_enough([verdict(dict.fromkeys(NAMES, 0.0), is_right=True)] * FEWEST)


def test_a_verdict_of_another_release_without_these_features_is_left_out():
    assert can_be_used(verdict(dict.fromkeys(NAMES, 0.0), is_right=True), PRIOR)
    assert not can_be_used(verdict({"coverage": 0.0}, is_right=True), PRIOR)


def test_it_is_stored_as_numbers_and_read_back():
    own = refit(PRIOR, drawn(150, (2, 1, 0)))
    again = from_json(PRIOR, as_json(own))
    assert again.probability(dict.fromkeys(NAMES, 0.7)) == pytest.approx(own.probability(dict.fromkeys(NAMES, 0.7)))


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"weights": {"coverage": 1.0}, "intercept": 0.0},
        {"weights": dict.fromkeys(NAMES, "x"), "intercept": 0.0},
        {"weights": dict.fromkeys(NAMES, float("nan")), "intercept": 0.0},
        {"weights": [1.0], "intercept": 0.0},
    ],
)
def test_what_is_damaged_is_refused(stored):
    with pytest.raises(BadInput):
        from_json(PRIOR, stored)


def test_absurd_features_end_in_numbers():
    far = [verdict(dict.fromkeys(NAMES, 1e6), is_right=bool(n % 2)) for n in range(FEWEST)]
    assert all(np.isfinite(one) for one in refit(PRIOR, far).weights.values())
