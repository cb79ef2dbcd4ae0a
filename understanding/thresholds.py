"""From which confidence on a category may be answered by itself: chosen for an error rate, with a bound, or not at all.

Learn-then-Test (Angelopoulos et al. 2021, "Learn then Test: Calibrating Predictive Algorithms to Achieve Risk
Control") with fixed-sequence testing: the thresholds of a grid that was fixed beforehand are tested from the strictest
downwards, each at the whole `delta`, until the first that fails. Each test is the exact bound of Clopper and Pearson
(1934) on the share of errors among the mails at or above the threshold. A threshold above which too few mails lie is
passed over: fewer than could prove anything without one error or, where mails abound, with one, so that one unlucky
mail among the surest does not end the search. That looks at how many mails lie there, never at which of them were
wrong, so that the first test that may err is still made at `delta`.

Plain Python: SciPy is on the machine only while models are made, and this runs in the worker and at set-up.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from domain.earned import DELTA, USUAL_TARGET, Earned, NotEnough, Standing

# Below six in ten nothing is answered by itself, however well it went; a finer grid would gain little.
GRID = (0.995, 0.99, 0.98, 0.97, 0.96, *(round(0.95 - 0.025 * step, 3) for step in range(15)))

Verdicts = Sequence[tuple[float, bool]]
"""Of each checked mail that was read as the category: the confidence, and whether that was right."""


def choose(verdicts: Verdicts, target: float = USUAL_TARGET, delta: float = DELTA) -> Standing:
    """The least threshold of the grid that keeps `target`, or how many checked mails are needed for one.

    Whatever the mails are, a threshold whose true error is above `target` is given in at most a share `delta` of draws.
    """
    least = _first_tested(len(verdicts), target, delta)
    best: Earned | None = None
    for threshold in GRID:
        accepted, errors = _above(verdicts, threshold)
        if accepted < least:
            continue
        bound = upper_bound(errors, accepted, delta)
        if bound > target:
            break
        best = Earned(threshold, len(verdicts), accepted, errors, bound, accepted / len(verdicts))
    return best or NotEnough(len(verdicts), _needed(verdicts, target, delta))


@lru_cache(maxsize=4096)
def upper_bound(errors: int, trials: int, delta: float = DELTA) -> float:
    """The exact one-sided bound of Clopper and Pearson (1934): the true share exceeds it in at most `delta` of draws.

    The share at which so few errors, or fewer, have the probability `delta`; found by bisection.
    """
    if errors >= trials:
        return 1.0
    low, high = errors / trials, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(errors, trials, middle) > delta else (low, middle)
    return high


def zero_error_minimum(target: float, delta: float = DELTA) -> int:
    """How many mails without one error prove `target`: 22 for 10 %, 45 for 5 %, 230 for 1 % at 90 %."""
    return math.ceil(math.log(delta) / math.log1p(-target))


def _first_tested(n: int, target: float, delta: float) -> int:
    """How many mails must lie above the first threshold that is tested, of `n` in all."""
    with_one_error = _trials_for(1, target, delta)
    return with_one_error if n >= 2 * with_one_error else zero_error_minimum(target, delta)


def _above(verdicts: Verdicts, threshold: float) -> tuple[int, int]:
    """How many mails lie at or above the threshold, and how many of those were wrong."""
    right = [was_right for confidence, was_right in verdicts if confidence >= threshold]
    return len(right), right.count(False)


def _needed(verdicts: Verdicts, target: float, delta: float) -> int:
    """With how many mails in all the easiest threshold would be reached, if all further ones were right and sure."""
    return len(verdicts) + min(
        max(1, _trials_for(errors, target, delta) - accepted)
        for accepted, errors in (_above(verdicts, threshold) for threshold in _reachable(verdicts, target, delta))
    )


def _reachable(verdicts: Verdicts, target: float, delta: float) -> Sequence[float]:
    """The thresholds down to the first that fails: none below it is tested before it passes."""
    least = _first_tested(len(verdicts), target, delta)
    for place, threshold in enumerate(GRID):
        if _above(verdicts, threshold)[0] >= least:
            return GRID[: place + 1]
    return GRID


@lru_cache(maxsize=4096)
def _trials_for(errors: int, target: float, delta: float) -> int:
    """The least number of mails among which so many errors still keep the target."""
    low, high = errors, zero_error_minimum(target, delta)
    while upper_bound(errors, high, delta) > target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if upper_bound(errors, middle, delta) <= target else (middle, high)
    return high


def _at_most(errors: int, trials: int, share: float) -> float:
    """The probability of at most so many errors in so many trials, each with this share."""
    logs = (
        math.lgamma(trials + 1)
        - math.lgamma(k + 1)
        - math.lgamma(trials - k + 1)
        + k * math.log(share)
        + (trials - k) * math.log1p(-share)
        for k in range(errors + 1)
    )
    return math.fsum(math.exp(one) for one in logs) if 0 < share < 1 else float(share <= 0)
