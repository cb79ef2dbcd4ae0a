"""Read from /proc what processes used: processor time, memory, loaded libraries."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident megabytes of one process: now, and at its highest so far."""

    now: float
    peak: float


def children(pid: int) -> list[int]:
    """The process ids of the direct children. A thread, or all of it, may end while it is looked at."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in (PROC / str(pid) / "task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found += map(int, (task / "children").read_text().split())
    return found


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def seconds(pid: int) -> float:
    """Processor seconds of one process, with those of its children that have ended."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    # After the name: utime, stime, cutime, cstime are the fields 14 to 17 of proc(5), whose first is before the name.
    return sum(map(int, fields[11:15])) / _TICKS


def seconds_of_family(pid: int) -> float:
    """Processor seconds of a process and its descendants. One that ends in this instant is passed over."""
    total = 0.0
    for each in family(pid):
        try:
            total += seconds(each)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def used(since: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    return {name: now[name] - since[name] for name in now}


def memory(pid: int) -> Memory:
    """Linux's VmRSS and VmHWM."""
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    kilobytes = {
        name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest
    }
    return Memory(kilobytes["VmRSS"] / 1024, kilobytes["VmHWM"] / 1024)


def loaded(pid: int, libraries: tuple[str, ...]) -> set[str]:
    """Which of these libraries lie in the memory of a process or its descendants."""
    maps = "".join((PROC / str(each) / "maps").read_text() for each in family(pid))
    return {library for library in libraries if f"/{library}" in maps}
