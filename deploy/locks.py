"""What stands in a lock: each package with its version, its hashes, and who asks for it."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUN_TIME = ROOT / "requirements.lock"
EVERYTHING = ROOT / "requirements-dev.lock"

_ENTRY = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?")
_HASH = re.compile(r"    --hash=(?P<hash>sha256:[0-9a-f]{64})(?: \\)?")
_ASKED_BY = re.compile(r"    #(?: via|  ) +(?P<name>[a-z0-9-]+)")


@dataclass(frozen=True)
class Locked:
    """One entry: `marker` says where it is installed at all, `asked_by` names packages, sorted."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    asked_by: tuple[str, ...]


def read_lock(file: Path) -> tuple[Locked, ...]:
    """The entries of a file that `make lock` wrote, in its order. A package may have several, for other machines."""
    entries: list[Locked] = []
    blocks = re.split(r"\n(?=[a-z0-9])", file.read_text(encoding="utf-8"))
    for block in blocks:
        first, *rest = block.splitlines()
        found = _ENTRY.fullmatch(first)
        if not found:
            raise ValueError(f"{file.name}: {first!r} is not of the form that `make lock` writes.")
        entries.append(
            Locked(
                name=found["name"],
                version=found["version"],
                marker=found["marker"] or "",
                hashes=tuple(match["hash"] for line in rest if (match := _HASH.fullmatch(line))),
                asked_by=tuple(match["name"] for line in rest if (match := _ASKED_BY.fullmatch(line))),
            )
        )
    return tuple(entries)


def asked_for() -> frozenset[str]:
    """The packages of the run time that Mailwright itself asks for: the first part of requirements.txt."""
    first = (ROOT / "requirements.txt").read_text(encoding="utf-8").split("# --- Set-up only")[0]
    names = re.findall(r"^([\w.-]+)(?:\[\w+\])?==", first, re.MULTILINE)
    return frozenset(re.sub(r"[-_.]+", "-", name).lower() for name in names)
