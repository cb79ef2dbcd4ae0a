"""What verdicts earn answers: the promise is broken in no more draws than was said, also after a refit."""

import numpy as np
import pytest

from domain.answering import COMPOSED, QUOTED, AnswerLook, Verdict
from domain.earned import Earned, NotEnough
from parts.judging import curve, learn
from rag.evidence import Abstention
from rag.refit import from_json

NAMES = ("coverage", "margin", "unknown", "length")
PRIOR = Abstention(
    dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 1.0), {"coverage": 1.5, "margin": 1.0}, 1.0, 0.5
)  # fmt: skip
DRAWS = 300
TARGET, DELTA = 0.05, 0.1
# Three standard errors of a share of 10 % over so many draws.
MONTE_CARLO = 3 * (DELTA * (1 - DELTA) / DRAWS) ** 0.5


def verdicts_of(rows, right, answered=None, method=QUOTED):
    found = []
    for row, is_right in zip(rows, right, strict=True):
        features = dict(zip(NAMES, map(float, row), strict=True))
        sure = PRIOR.probability(features)
        look = AnswerLook(method, sure, features, sure >= PRIOR.threshold if answered is None else answered)
        found.append(Verdict(look, bool(is_right)))
    return found


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def as_shipped(rows):
    return sigmoid(rows @ np.array([1.5, 1.0, 0.0, 0.0]) + 1.0)


def another_shop(rows):
    return sigmoid(rows @ np.array([0.3, 2.5, -1.0, 0.0]) + 1.5)


def too_sure(rows):
    """Half of what is wrong lies where the shipped one is surest."""
    return np.minimum(as_shipped(rows), 0.93)


@pytest.mark.parametrize("right_at", [as_shipped, another_shop, too_sure])
@pytest.mark.parametrize("n", [150, 400])
def test_the_target_is_broken_in_no_more_draws_than_was_said(right_at, n):
    random = np.random.default_rng(11)
    population = random.normal(size=(20_000, len(NAMES)))
    truth = right_at(population)
    broken = 0
    for _ in range(DRAWS):
        at = random.integers(0, len(population), n)
        right = random.random(n) < truth[at]
        lesson = learn(PRIOR, verdicts_of(population[at], right))
        [row] = lesson.rows("m", TARGET)
        if isinstance(row.standing, Earned):
            own = from_json(PRIOR, lesson.weights) if lesson.weights else PRIOR
            weights = np.array([own.weights.get(name, 0.0) for name in NAMES])
            sure = sigmoid(population @ weights + own.intercept)
            out = sure >= row.standing.threshold
            broken += 1 - truth[out].mean() > TARGET
    assert broken / DRAWS <= DELTA + MONTE_CARLO


def test_with_few_verdicts_the_shipped_abstention_stands_and_is_what_is_judged():
    rows = np.full((60, len(NAMES)), 2.0)
    lesson = learn(PRIOR, verdicts_of(rows, [True] * 60))
    assert (lesson.n, lesson.weights) == (0, {})
    [row] = lesson.rows("m/1", 0.05)
    assert (row.standing.n, row.standing.errors, row.model) == (60, 0, "m/1")
    assert lesson.judged[QUOTED][0][0] == pytest.approx(PRIOR.probability(dict.fromkeys(NAMES, 2.0)))


def test_each_way_of_answering_earns_for_itself():
    rows = np.full((60, len(NAMES)), 2.0)
    lesson = learn(PRIOR, [*verdicts_of(rows, [True] * 60), *verdicts_of(rows[:12], [True] * 12, method=COMPOSED)])
    found = {row.method: row.standing for row in lesson.rows("m", 0.05)}
    assert isinstance(found[QUOTED], Earned)
    assert found[COMPOSED] == NotEnough(12, 45)


def test_what_was_not_drafted_counts_against_the_machine_and_never_for_it():
    rows = np.full((50, len(NAMES)), 2.0)
    right = learn(PRIOR, verdicts_of(rows, [True] * 50, answered=False))
    wrong = learn(PRIOR, verdicts_of(rows, [False] * 50, answered=False))
    assert right.judged[QUOTED] == []
    assert len(wrong.judged[QUOTED]) == 50


def test_no_verdicts_earn_nothing():
    [row] = learn(PRIOR, []).rows("m", 0.05)
    assert (row.standing, row.curve) == (NotEnough(0, 45), ())


def test_the_curve_begins_with_the_surest():
    points = curve([(0.9, True)] * 10 + [(0.5, False)] * 10)
    assert (points[0].accepted, points[0].wrong, points[0].threshold) == (1, 0, 0.9)
    assert (points[-1].coverage, points[-1].risk, points[-1].threshold) == (1.0, 0.5, 0.5)
    assert [point.accepted for point in points] == sorted({point.accepted for point in points})
