"""The main curves of a run as one SVG: a panel for each kind of figure, the warm-up in grey."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle

from soak.figures import Sample, series
from soak.verdict import WARM_UP, Series

WIDTH, HEIGHT, COLUMNS = 460, 230, 2  # of one panel
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 44, 28
COLOURS = ("#0a58ca", "#b02a37", "#146c43", "#997404", "#59359a", "#087990", "#d63384", "#495057")
OF_TABLES = 4  # tables in a panel: those that are largest


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    names: Sequence[str]


def picture(samples: Sequence[Sample], title: str) -> str:
    panels = _panels(samples)
    width, height = WIDTH * COLUMNS, HEIGHT * -(-len(panels) // COLUMNS)
    size = f'viewBox="0 0 {width} {height}" font-size="11" font-family="sans-serif"'
    drawn = [
        f'<g transform="translate({WIDTH * (number % COLUMNS)} {HEIGHT * (number // COLUMNS)})">'
        f"{_drawn(panel, samples)}</g>"
        for number, panel in enumerate(panels)
    ]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *drawn,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panels(samples: Sequence[Sample]) -> list[Panel]:
    last = samples[-1].values
    tables = [name.removeprefix("rows ") for name in last if name.startswith("rows ")]
    largest = sorted(tables, key=lambda name: -last[f"bytes {name}"] * last[f"rows {name}"])[:OF_TABLES]

    def of(kind: str) -> list[str]:
        return sorted(name for name in last if name.split()[0] == kind)

    return [
        Panel("Memory, MiB", of("memory")),
        # Postgres has a hundred times as many, and stands in the table.
        Panel("Open file handles, but for Postgres", [name for name in of("handles") if "postgres" not in name]),
        Panel("Connections to Postgres", of("connections")),
        Panel("Redis: keys, clients", ["redis-keys all", "redis-clients all"]),
        Panel("Bytes on disk for each living row", [f"bytes {table}" for table in largest]),
        Panel("Dead rows; at 1 autovacuum comes", [f"dead {table}" for table in largest]),
    ]


def _drawn(panel: Panel, samples: Sequence[Sample]) -> str:
    curves = {name: series(samples, name) for name in panel.names}
    start, end = samples[0].at, max(samples[-1].at, samples[0].at + 1)
    top = max([value for curve in curves.values() for _, value in curve] or [1.0]) * 1.08 or 1.0
    warm = (WIDTH - LEFT - RIGHT) * WARM_UP
    marks = [
        f'<rect x="{LEFT}" y="{TOP}" width="{warm:.1f}" height="{HEIGHT - TOP - BOTTOM}" fill="#f1f1f1"/>',
        f'<text x="{LEFT}" y="16" font-weight="bold">{escape(panel.title)}</text>',
        *(_line_at(top * part, top) for part in (0.0, 0.25, 0.5, 0.75, 1.0)),
        *(_time_at(start + (end - start) * part, start, end) for part in (0.0, 0.25, 0.5, 0.75, 1.0)),
    ]
    x = float(LEFT)
    for colour, (name, curve) in zip(cycle(COLOURS), curves.items(), strict=False):
        said = escape(_legend(name))
        marks.append(f'<text x="{x:.0f}" y="32" fill="{colour}">{said}</text>')
        marks.append(f'<polyline fill="none" stroke="{colour}" points="{_points(curve, start, end, top)}"/>')
        x += 10 + 6.2 * len(said)
    return "".join(marks)


def _legend(name: str) -> str:
    kind, _, whose = name.partition(" ")
    return kind.partition("-")[2] if whose == "all" else whose


def _points(curve: Series, start: float, end: float, top: float) -> str:
    return " ".join(f"{_x(at, start, end):.1f},{_y(value, top):.1f}" for at, value in curve)


def _line_at(value: float, top: float) -> str:
    y = _y(value, top)
    said = f"{value:.0f}" if top >= 20 else f"{value:.1f}"
    return (
        f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd" fill="none"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{said}</text>'
    )


def _time_at(at: float, start: float, end: float) -> str:
    return f'<text x="{_x(at, start, end):.1f}" y="{HEIGHT - 10}" text-anchor="middle">{at / 60:.0f} min</text>'


def _x(at: float, start: float, end: float) -> float:
    return LEFT + (at - start) / (end - start) * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)
