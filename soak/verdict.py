"""The rule by which a figure is flat or grows. It was written before the first run, and knows no program. How much is
allowed to each figure stands in soak/figures.py.

The first quarter of the time is warm-up and is not looked at: models are read, pools fill, caches grow to their size.
The rest is cut into equal windows, and the level of a window is the lower quartile of its values: what goes up and
comes down again, as memory between two collections or dead rows between two vacuums, leaves it where it was. Through
the levels goes Theil and Sen's line, the median of the slopes between each two of them, which one odd window cannot
turn.
A figure grows where that line rises, over the time that was watched, by more than is allowed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise
from statistics import median, quantiles
from typing import TypeAlias

WARM_UP = 0.25  # of the time
WINDOWS, FEWEST_WINDOWS, IN_A_WINDOW = 9, 3, 4

Series: TypeAlias = Sequence[tuple[float, float]]


class Verdict(StrEnum):
    FLAT = "flat"
    GROWS = "grows"
    TOO_SHORT = "too short"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A rise within the time watched: this share of the level after warm-up, or `least` where that is more.

    With a `limit` the figure may move below it as it likes, and grows where its last level is above.
    """

    share: float = 0.0
    least: float = 0.0
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The level after warm-up and at the end, the highest value after warm-up, and the line's rise in an hour."""

    before: float
    after: float
    highest: float
    per_hour: float
    verdict: Verdict


def judge(series: Series, allowed: Allowed) -> Judged:
    """Of (seconds, value), in the order of time."""
    watched = after_warm_up(series)
    windows = _windows(watched)
    if not windows:
        last = [value for _, value in series] or [0.0]
        return Judged(last[0], last[-1], max(last), 0.0, Verdict.TOO_SHORT)
    levels = [(median(at for at, _ in window), _level(window)) for window in windows]
    slope = theil_sen(levels)
    rise = slope * (watched[-1][0] - watched[0][0])
    before, after = levels[0][1], levels[-1][1]
    grows = rise > max(allowed.share * before, allowed.least) if allowed.limit is None else after > allowed.limit
    highest = max(value for _, value in watched)
    return Judged(before, after, highest, slope * 3600, Verdict.GROWS if grows else Verdict.FLAT)


def after_warm_up(series: Series) -> Series:
    if not series:
        return []
    start, end = series[0][0], series[-1][0]
    return [(at, value) for at, value in series if at >= start + WARM_UP * (end - start)]


def theil_sen(points: Series) -> float:
    """The median of the slopes between each two points."""
    slopes = [(later[1] - one[1]) / (later[0] - one[0]) for one, later in combinations(points, 2)]
    return median(slopes)


def _windows(watched: Series) -> list[Series]:
    """Of equal numbers of samples; none where there are too few to tell a trend from noise."""
    number = min(WINDOWS, len(watched) // IN_A_WINDOW)
    if number < FEWEST_WINDOWS:
        return []
    cuts = [len(watched) * part // number for part in range(number + 1)]
    return [watched[start:end] for start, end in pairwise(cuts)]


def _level(window: Series) -> float:
    return quantiles((value for _, value in window), n=4, method="inclusive")[0]
