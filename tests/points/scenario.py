"""A scenario, played to its end: once undisturbed, then with a worker that dies at one of the points it passed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from chaos.points import places
from tests.points.seen import Seen, inside, outside
from tests.points.world import DoomedServices, World

# What a line of `differences` says of what a person has.
A_PERSONS = ("needs_person", " | hold | ")

Step = Callable[[World], None]
Opened = Callable[[type[DoomedServices]], AbstractContextManager[World]]


@dataclass(frozen=True)
class Scenario:
    """`steps` in their order, in any of which the worker may die; what follows a death is another process.

    `otherwise` are points, each with the reason why a death there ends in another way than no death: then nothing may
    happen outside that does not happen without it, and nothing may be left that is still to be done, but by a person.
    `again` are points that an earlier scenario passed, at which something else is written or asked here.
    `rounds` says how often what waits comes due again after a death, and at the end.
    """

    name: str
    steps: tuple[Step, ...]
    kind: type[DoomedServices] = DoomedServices
    otherwise: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 3
    again: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """`passed` are the named points in the order in which they were passed first; `killed` is empty where none died."""

    passed: tuple[str, ...]
    killed: str
    outside: Seen
    inside: Seen


def play(scenario: Scenario, opened: Opened, point: str = "") -> Ending:
    """With a worker that dies at `point`, or with none that does."""
    with opened(scenario.kind) as world:
        world.doom.wanted = point
        for step in scenario.steps:
            world.take(step, scenario.rounds)
        passed = tuple(dict.fromkeys(world.doom.passed))
        world.doom.wanted = ""
        world.shop.settle_over_time(scenario.rounds)
        return Ending(passed, world.killed, outside(world), inside(world))


def differences(usual: Ending, other: Ending) -> list[str]:
    """What is more or less than without a death, a line each."""
    return [
        f"{sign} {number} x {' | '.join(what)}"
        for before, after in ((usual.outside, other.outside), (usual.inside, other.inside))
        for sign, more in (("less:", before - after), ("more:", after - before))
        for what, number in more.items()
    ]


def every_point(files: Collection[str], scenarios: Iterable[Scenario], opened: Opened) -> list[str]:
    """Kill a worker at each point of these files in turn; returns, a line each, what then ended otherwise.

    Each scenario is played for the points that it passes and no earlier one did. What none passes is told, too.
    """
    wanted = {point for place in places() if place.name.partition(".")[0] in files for point in place.points}
    trouble = []
    for scenario in scenarios:
        usual = play(scenario, opened)
        for point in usual.passed:
            if point not in wanted and point not in scenario.again:
                continue
            wanted.discard(point)
            other = play(scenario, opened, point)
            if other.killed != point:
                # As where a retry that comes due by itself is quick enough only now and then.
                trouble.append(f"{scenario.name}, {point}: it is not always passed")
                continue
            found = differences(usual, other)
            if point in scenario.otherwise:
                trouble += [f"{scenario.name}, {point}: it ends as usual"] * (not found)
                found = [line for line in found if line.startswith("more: ") and not _is_a_persons(line)]
            trouble += [f"{scenario.name}, {point}: {line}" for line in found]
    return trouble + [f"never passed: {point}" for point in sorted(wanted)]


def _is_a_persons(line: str) -> bool:
    return any(sign in line for sign in A_PERSONS)
