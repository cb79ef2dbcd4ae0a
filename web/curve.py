"""The curve of what would go wrong at each share of answers sent: laid out in points for an SVG, drawn by the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.answering import CurvePoint
from domain.earned import Earned, Standing
from web.drawing import Tick

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 16, 64
# With few answers the bound says nothing, and would press everything else flat.
HIGHEST = 0.3


class Row(Protocol):
    """What has a curve: a way of answering, or a category."""

    @property
    def target(self) -> float: ...

    @property
    def standing(self) -> Standing: ...

    @property
    def curve(self) -> Sequence[CurvePoint]: ...


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything in the units of a drawing WIDTH wide and HEIGHT high. `wrong` and `bound` are points of lines."""

    wrong: str
    bound: str
    target: float
    earned: float | None
    ticks_up: tuple[Tick, ...]
    ticks_along: tuple[Tick, ...]


def draw(row: Row) -> Drawing | None:
    """None where there are too few verdicts for a line."""
    if len(row.curve) < 2:
        return None
    top = _top(row)
    earned = row.standing.coverage if isinstance(row.standing, Earned) else None
    return Drawing(
        wrong=_line((point.coverage, point.risk, top) for point in row.curve),
        bound=_line(_shown(row.curve, top)),
        target=_up(row.target, top),
        earned=None if earned is None else _along(earned),
        ticks_up=tuple(Tick(_up(top * part / 2, top), f"{100 * top * part / 2:.3g}") for part in range(3)),
        ticks_along=tuple(Tick(_along(part / 4), f"{25 * part}") for part in range(5)),
    )


def _top(row: Row) -> float:
    """The highest share of wrong answers that is drawn: room for the target, and for what went wrong."""
    wanted = max(2 * row.target, *(point.risk for point in row.curve), row.curve[-1].upper_bound)
    return next((step for step in (0.1, 0.2, HIGHEST) if wanted <= step), 1.0)


def _shown(curve: Sequence[CurvePoint], top: float) -> Iterator[tuple[float, float, float]]:
    for point in curve:
        if point.upper_bound <= top:
            yield point.coverage, point.upper_bound, top


def _line(points: Iterator[tuple[float, float, float]]) -> str:
    return " ".join(f"{_along(coverage):.1f},{_up(share, top):.1f}" for coverage, share, top in points)


def _along(coverage: float) -> float:
    return round(LEFT + coverage * (WIDTH - LEFT - RIGHT), 1)


def _up(share: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - min(share / top, 1.0) * (HEIGHT - TOP - BOTTOM), 1)
