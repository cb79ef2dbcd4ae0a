"""The risk–coverage curve: how many questions can be answered at which share of wrong answers, and its picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.risk import upper_bound

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 360, 60, 50
TOP, RIGHT = 20, 20


@dataclass(frozen=True, slots=True)
class Point:
    """The `accepted` surest of `n` questions: `threshold` is the least confidence among them, `bound` that of the risk
    at 90 % (Clopper and Pearson, one-sided).
    """

    n: int
    accepted: int
    wrong: int
    threshold: float
    bound: float

    @property
    def coverage(self) -> float:
        return self.accepted / self.n

    @property
    def risk(self) -> float:
        return self.wrong / self.accepted


def curve(verdicts: Sequence[tuple[float, bool]]) -> list[Point]:
    """Of (confidence, right): one point for each threshold that makes a difference, the strictest first."""
    confidence, right = (np.array(column) for column in zip(*verdicts, strict=True))
    order = np.argsort(-confidence.astype(float), kind="stable")
    sure, wrong = confidence[order].astype(float), np.cumsum(~right[order].astype(bool))
    last = [at for at in range(len(sure)) if at + 1 == len(sure) or sure[at + 1] < sure[at]]
    return [
        Point(len(sure), at + 1, int(wrong[at]), float(sure[at]), upper_bound(int(wrong[at]), at + 1)) for at in last
    ]


def widest(points: Sequence[Point], risk: float) -> Point | None:
    """The point of most coverage with at most this share of wrong answers."""
    return max((point for point in points if point.risk <= risk), key=lambda point: point.accepted, default=None)


def table(points: Sequence[Point]) -> str:
    """Every twentieth of coverage, one line each."""
    lines = [f"{'coverage':>9}{'accepted':>10}{'wrong':>7}{'risk':>8}{'bound':>8}{'threshold':>11}"]
    for step in range(1, 21):
        point = next((one for one in points if one.coverage >= step / 20 - 1e-9), points[-1])
        lines.append(
            f"{point.coverage:>9.2f}{point.accepted:>10}{point.wrong:>7}{point.risk:>8.3f}{point.bound:>8.3f}"
            f"{point.threshold:>11.4f}"
        )
    return "\n".join(lines)


def picture(points: Sequence[Point], title: str) -> str:
    """The curve as SVG: risk in blue, its bound in grey, read on a ground of its own."""
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-size="12" font-family="sans-serif"'
    bound = _path([(one.coverage, one.bound) for one in points])
    risk = _path([(one.coverage, one.risk) for one in points])
    below = f'x="{WIDTH // 2}" y="{HEIGHT - 10}" text-anchor="middle"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{title}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *map(_tick, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        f'<polyline fill="none" stroke="#999" points="{bound}"/>',
        f'<polyline fill="none" stroke="#0a58ca" stroke-width="2" points="{risk}"/>',
        f"<text {below}>coverage: share of all questions that are answered</text>",
        f'<text x="{LEFT + 8}" y="{TOP + 14}">risk: share of wrong answers (grey: its bound at 90 %)</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _path(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_x(coverage):.1f},{_y(risk):.1f}" for coverage, risk in pairs)


def _tick(share: float) -> str:
    x, y = _x(share), _y(share)
    return (
        f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd" fill="none"/>'
        f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{share:.1f}</text>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.1f}</text>'
    )


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
