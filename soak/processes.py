"""What a program holds, with all its children: memory, open files, threads. Read from Linux's /proc."""

from contextlib import suppress
from dataclasses import dataclass

from evaluation.bench_cpu import PROC, family

KIB = 1024


@dataclass(frozen=True, slots=True)
class Held:
    """`resident` counts what processes share once for each of them; `own` (RssAnon) only what is a process's alone."""

    resident: float = 0.0
    own: float = 0.0
    handles: int = 0
    threads: int = 0

    def __add__(self, other: "Held") -> "Held":
        return Held(
            self.resident + other.resident,
            self.own + other.own,
            self.handles + other.handles,
            self.threads + other.threads,
        )


def held(pid: int) -> Held:
    """By a process and all that descend from it, in bytes. Who ends in this instant holds nothing."""
    total = Held()
    for each in family(pid):
        with suppress(FileNotFoundError, ProcessLookupError, KeyError):
            total += _held(each)
    return total


def _held(pid: int) -> Held:
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    said = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.strip()}
    return Held(
        int(said["VmRSS"]) * KIB,
        int(said["RssAnon"]) * KIB,
        sum(1 for _ in (PROC / str(pid) / "fd").iterdir()),
        int(said["Threads"]),
    )
