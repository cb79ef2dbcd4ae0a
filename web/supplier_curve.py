"""Response times by week, laid out in points for an SVG: two lines of times above, the share in time as bars below."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise

from domain.response_times import Times
from web.drawing import Tick

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT = 72, 16
# The upper field is for times, the lower one for shares: from the first line to the second, downwards.
TIMES, SHARES = (16, 216), (256, 336)
WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)
# In hours: the height of the upper field is the first of these that holds all, else whole weeks.
TOPS = (4, 8, 12, 24, 48, 96, 168, 336)
MOST_LABELS = 6

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """`top` is where it begins, `height` how far down it goes; at least a hair, so that 0 % can be seen."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines are broken where a week has no number; each of their points is a mark, too."""

    median: tuple[tuple[Point, ...], ...]
    ninetieth: tuple[tuple[Point, ...], ...]
    bars: tuple[Bar, ...]
    ticks_up: tuple[Tick, ...]
    ticks_share: tuple[Tick, ...]
    ticks_along: tuple[Tick, ...]


def draw(weeks: Sequence[tuple[date, Times]]) -> Drawing | None:
    """None where there is nothing to draw."""
    known = [took for _, one in weeks for took in (one.median, one.ninetieth) if took is not None]
    if not known and not any(one.judged for _, one in weeks):
        return None
    first, count = weeks[0][0], (weeks[-1][0] - weeks[0][0]) // WEEK + 1
    step = (WIDTH - LEFT - RIGHT) / count
    top = _top(max(known, default=HOUR) / HOUR)

    def along(monday: date) -> float:
        return round(LEFT + ((monday - first) // WEEK + 0.5) * step, 1)

    def up(took: timedelta) -> float:
        return round(TIMES[1] - took / HOUR / top * (TIMES[1] - TIMES[0]), 1)

    shares = [(along(day), one.share) for day, one in weeks if one.share is not None]
    every = max(1, -(-count // MOST_LABELS))
    return Drawing(
        median=_lines((day, along(day), up(one.median)) for day, one in weeks if one.median is not None),
        ninetieth=_lines((day, along(day), up(one.ninetieth)) for day, one in weeks if one.ninetieth is not None),
        bars=tuple(_bar(at, share, min(step * 0.6, 24)) for at, share in shares),
        ticks_up=tuple(Tick(up(HOUR * top * part / 2), _hours(top * part / 2)) for part in range(3)),
        ticks_share=tuple(Tick(_down(part / 2), f"{50 * part} %") for part in range(3)),
        ticks_along=tuple(
            Tick(along(first + number * WEEK), f"{first + number * WEEK:%-d %b}") for number in range(0, count, every)
        ),
    )


def _top(hours: float) -> float:
    return next((step for step in TOPS if hours <= step), -(-hours // 336) * 336)


def _hours(hours: float) -> str:
    return f"{hours:g} h" if hours <= 24 else f"{hours / 24:g} d"


def _lines(points: Iterable[tuple[date, float, float]]) -> tuple[tuple[Point, ...], ...]:
    """Weeks that follow one another are one line."""
    every = list(points)
    breaks = [0, *(int(later[0] - earlier[0] > WEEK) for earlier, later in pairwise(every))]
    part, parts = 0, []
    for gap, (_, across, down) in zip(breaks, every, strict=False):
        part += gap
        parts.append((part, (across, down)))
    return tuple(tuple(point for _, point in those) for _, those in groupby(parts, key=lambda one: one[0]))


def _down(share: float) -> float:
    return round(SHARES[1] - share * (SHARES[1] - SHARES[0]), 1)


def _bar(at: float, share: float, width: float) -> Bar:
    top = min(_down(share), SHARES[1] - 1.5)
    return Bar(round(at - width / 2, 1), top, round(width, 1), round(SHARES[1] - top, 1))
