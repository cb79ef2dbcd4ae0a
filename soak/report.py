"""What a run is told by: a table of every figure that may not grow, what naturally grows, and a last line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from soak.figures import KINDS, NATURAL, Sample, judged, per_mail, series
from soak.pace import Pace
from soak.verdict import Judged, Verdict

# Tables have three figures each: of those that do not grow, so many with the most bytes are shown.
OF_TABLES, SHOWN = frozenset({"bytes", "dead", "changed"}), 8


@dataclass(frozen=True)
class Told:
    """A run by its samples alone; the last of them says what the run was."""

    samples: Sequence[Sample]

    @cached_property
    def judged(self) -> Mapping[str, Judged]:
        return judged(self.samples)

    @property
    def last(self) -> Mapping[str, float]:
        return self.samples[-1].values

    @property
    def pace(self) -> Pace:
        return Pace(self.last["pace full"], self.last["pace cores"], self.last["pace mails"])

    @property
    def restarts(self) -> int:
        return int(self.last["run restarts"])

    @property
    def minutes(self) -> float:
        return self.samples[-1].at / 60

    @property
    def mails(self) -> tuple[int, int]:
        """Those that came, and those that were decided, at the run's pace."""
        came, decided = (series(self.samples, f"mails {what}") for what in ("delivered", "decided"))
        return int(came[-1][1] - came[0][1]), int(decided[-1][1] - decided[0][1])


def table(told: Told) -> str:
    figures = told.judged
    shown = [name for name in figures if _is_shown(told, name, figures[name])]
    rows = [
        ("Figure", "After warm-up", "At the end", "Highest", "An hour", "Verdict"),
        *((_called(name), *_told(figures[name])) for name in shown),
    ]
    left = len(figures) - len(shown)
    lines = [*_aligned(rows), "", f"{left} more figures of tables are not shown; none of them grows."]
    natural = [("Grows with the mails", "For each mail"), *_natural(told)]
    return "\n".join([*_head(told), "", *lines, "", *_aligned(natural)])


def last_line(told: Told) -> str:
    """Its form is fixed: others read it."""
    verdicts = [one.verdict for one in told.judged.values()]
    return (
        f"soak: minutes {told.minutes:.0f} mails {told.mails[1]} figures {len(verdicts)}"
        f" flat {verdicts.count(Verdict.FLAT)} grow {verdicts.count(Verdict.GROWS)}"
        f" too_short {verdicts.count(Verdict.TOO_SHORT)} restarts {told.restarts}"
    )


def exit_code(told: Told) -> int:
    """1 where something grows or a program ended, 2 where the run was too short to say."""
    verdicts = {one.verdict for one in told.judged.values()}
    if Verdict.GROWS in verdicts or told.restarts:
        return 1
    return 2 if Verdict.TOO_SHORT in verdicts else 0


def _head(told: Told) -> list[str]:
    last, pace, (came, decided) = told.last, told.pace, told.mails
    pages, approved, dismissed, away = (
        # Nobody dismissed anything in runs before 27 November 2026.
        int(last.get(f"desk {what}", 0))
        for what in ("pages", "approved", "dismissed", "away")
    )
    why = "half of it" if pace.is_half else "less than half of it, as was asked for"
    return _aligned(
        [
            ("What", "Measured"),
            ("full pace", f"{pace.full:.0f} mails a minute, {pace.cores:.2f} cores"),
            ("pace of the run", f"{pace.mails:.0f} mails a minute, {why}; {last['run cores']:.2f} cores"),
            ("mails in the run", f"{came} came, {decided} were decided, in {told.minutes:.0f} minutes"),
            (
                "at the desk",
                f"{pages} pages read, {approved} approvals pressed, {dismissed} mails dismissed, web away {away} times",
            ),
            ("samples", f"{len(told.samples)}, {last['run missed']:.0f} missed"),
            ("programs that ended and were started again", f"{told.restarts}"),
        ]
    )


def _is_shown(told: Told, name: str, one: Judged) -> bool:
    kind, _, whose = name.partition(" ")
    if kind not in OF_TABLES or one.verdict is Verdict.GROWS:
        return True
    sizes = {table: told.last[f"bytes {table}"] * told.last[f"rows {table}"] for table in _tables(told.last)}
    return whose in sorted(sizes, key=lambda table: -sizes[table])[:SHOWN]


def _tables(values: Mapping[str, float]) -> list[str]:
    return [name.removeprefix("rows ") for name in values if name.startswith("rows ")]


def _called(name: str) -> str:
    kind, _, whose = name.partition(" ")
    return KINDS[kind].what if whose == "all" else f"{KINDS[kind].what}: {whose}"


def _told(one: Judged) -> tuple[str, str, str, str, str]:
    return _short(one.before), _short(one.after), _short(one.highest), f"{one.per_hour:+.3g}", str(one.verdict)


def _natural(told: Told) -> list[tuple[str, str]]:
    found = per_mail(told.samples)
    named = [(f"{NATURAL[name.split()[0]]}: {name.partition(' ')[2]}", value) for name, value in found.items()]
    return [(name, _short(value)) for name, value in named if abs(value) >= 0.01]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]]
