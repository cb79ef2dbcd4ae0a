"""How far a run has come, in a file that is replaced whole: an interrupted run goes on where it was."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line: another wish is another run."""

    mails: int
    kills: int
    seed: int
    control: bool = False


@dataclass(slots=True)
class State:
    """`delivered` mails, `blows` and `cards` of the plan are done, in `seconds` over all `parts` of the run.

    `struck` counts what fell, `faults` those that somebody suffered, in words.
    """

    wanted: Wanted
    ready: bool = False
    delivered: int = 0
    blows: int = 0
    cards: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    parts: int = 0
    over: bool = False

    def save(self, file: Path) -> None:
        new = file.with_suffix(".new")
        # Counters as plain objects: asdict makes other counters of them.
        said = {one.name: getattr(self, one.name) for one in fields(self)} | {"wanted": asdict(self.wanted)}
        new.write_text(json.dumps(said, indent=1), encoding="utf-8")
        new.replace(file)


def load(file: Path) -> State | None:
    """None where there is nothing to go on with."""
    if not file.exists():
        return None
    said = json.loads(file.read_text(encoding="utf-8"))
    counted = {name: Counter(said[name]) for name in ("struck", "faults")}
    return State(**{**said, **counted, "wanted": Wanted(**said["wanted"])})
