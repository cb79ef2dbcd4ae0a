"""The table at the end of a run, and its last line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chaos.count import Verdict, most_for_a_person
from chaos.state import State

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Told:
    """What a run is told by: its verdict, its course, and the named points."""

    verdict: Verdict
    state: State
    kills: int
    points: Sequence[str]
    hit: Counter[str]
    desk: str
    hours_ahead: float

    @property
    def never_hit(self) -> list[str]:
        """The points at which no worker died, which is most of them where kills are few."""
        return [point for point in self.points if point not in self.hit]


def last_line(told: Told) -> str:
    """The one line that others read; its form is fixed."""
    verdict = told.verdict
    return (
        f"chaos: mails {verdict.mails} kills {told.kills} faults {told.state.faults.total()}"
        f" lost {len(verdict.lost)} doubled {len(verdict.doubled)} needs_a_person {len(verdict.for_a_person)}"
    )


def table(told: Told) -> str:
    verdict, state = told.verdict, told.state
    rows = [
        ("What", "Counted"),
        ("mails of the demonstration mix", f"{verdict.mails} in {state.seconds:.0f} s"),
        ("ended", _in_words(verdict.ends.items())),
        ("killed with -9", f"{told.kills}: {_in_words(_kills(state.struck))}"),
        ("beside them", _in_words((name, number) for name, number in state.struck.items() if " " in name)),
        ("faults played", _in_words(_by_whom(state.faults))),
        ("kinds of fault played", f"{len(state.faults)} (whom, route, fault)"),
        ("named points hit", f"{len(told.points) - len(told.never_hit)} of {len(told.points)}"),
        ("Postgres's clock", f"{told.hours_ahead:.1f} hours ahead in the end"),
        ("at the desk", told.desk),
        ("lost", f"{len(verdict.lost)}"),
        ("doubled", f"{len(verdict.doubled)}"),
        ("needs a person", f"{len(verdict.for_a_person)} (at most {most_for_a_person(verdict.mails)})"),
        *((f"- {reason}", f"{number}") for reason, number in verdict.reasons.most_common(SHOWN)),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"| {name.ljust(width)} | {said} |" for name, said in rows]
    return "\n".join([lines[0], f"| {'-' * width} | --- |", *lines[1:], *_found(verdict)])


def _found(verdict: Verdict) -> Iterator[str]:
    for name, found in (("lost", verdict.lost), ("doubled", verdict.doubled)):
        yield from (f"{name}: {one}" for one in found[:SHOWN])
    yield from (f"needs a person: {mail}: {reason}" for mail, reason in list(verdict.for_a_person.items())[:SHOWN])


def _kills(struck: Counter[str]) -> Iterator[tuple[str, int]]:
    return ((name, number) for name, number in struck.most_common() if " " not in name)


def _by_whom(faults: Counter[str]) -> Iterable[tuple[str, int]]:
    found: Counter[str] = Counter()
    for words, number in faults.items():
        found[words.partition(" ")[0]] += number
    return found.items()


def _in_words(counted: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counted) or "none"
