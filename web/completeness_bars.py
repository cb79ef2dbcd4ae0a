"""The mail of each day as a bar for an SVG: piled up by what became of it, laid out here and drawn by the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from domain.completeness import Counted, Whereabouts
from web.drawing import Tick

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 16, 44
MOST_LABELS = 4

# From the bottom up, with the name of its part of the drawing.
PILE = (
    ("itself", (Whereabouts.ANSWERED, Whereabouts.IGNORED)),
    ("people", (Whereabouts.PEOPLE,)),
    ("waits", (Whereabouts.HELD, Whereabouts.UNREADABLE)),
    ("rest", (Whereabouts.WORKING, Whereabouts.GONE)),
    ("missing", (Whereabouts.MISSING,)),
)


@dataclass(frozen=True, slots=True)
class Part:
    """What is piled up on a day's bar: `name` is one of PILE's."""

    name: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything in the units of a drawing WIDTH wide and HEIGHT high."""

    parts: tuple[Part, ...]
    ticks_up: tuple[Tick, ...]
    ticks_along: tuple[Tick, ...]


def draw(newest_first: Sequence[Counted]) -> Drawing | None:
    """None where no mail came in on any of the days."""
    days = list(reversed(newest_first))
    most = max((one.fetched for one in days), default=0)
    if most == 0:
        return None
    top = _top(most)
    step = (WIDTH - LEFT - RIGHT) / len(days)
    every = -(-len(days) // MOST_LABELS)
    return Drawing(
        parts=tuple(part for number, one in enumerate(days) for part in _bar(one, LEFT + number * step, step, top)),
        ticks_up=tuple(Tick(_up(top * part / 2, top), f"{top * part // 2}") for part in range(3)),
        ticks_along=tuple(
            Tick(round(LEFT + (number + 0.5) * step, 1), _label(days[number].day.date))
            for number in range(len(days) - 1, -1, -every)
        ),
    )


def _bar(one: Counted, left: float, step: float, top: int) -> Iterator[Part]:
    """A part that has any mail is at least a hair high, so that one mail of thousands can be seen."""
    at, width = float(HEIGHT - BOTTOM), round(min(step * 0.7, 24), 1)
    for name, places in PILE:
        n = one.of(*places)
        if n:
            height = max(round(n / top * (HEIGHT - TOP - BOTTOM), 1), 1.5)
            at = round(at - height, 1)
            yield Part(name, round(left + (step - width) / 2, 1), at, width, height)


def _top(most: int) -> int:
    """An even number of two digits at most, so that its half is one as well."""
    unit: int = max(10 ** (len(str(most)) - 1) // 5, 1) * 2
    return -(-most // unit) * unit


def _up(n: float, top: int) -> float:
    return round(HEIGHT - BOTTOM - n / top * (HEIGHT - TOP - BOTTOM), 1)


def _label(day: date) -> str:
    return f"{day:%-d %b}"
