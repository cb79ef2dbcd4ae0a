"""Name every point at which a worker may be killed: before and after each commit and each call out, read from the code.

A name is file, function, what is done, and its number there: `sending.hand_over send_draft 1`. Before and after it a
process may die, so that each place is two points.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from settings import ROOT

# Where workers commit and call out: their own files, and the rooms that they enter.
FOLDERS = ("worker", "parts")
COMMIT = "commit"
MOMENTS = ("before", "after")
# What the two sides of Gmail, a ticketing system and a shop are called there, and the calls that have no port.
PORTS = frozenset({"gmail", "source", "outgoing", "client", "port"})
CALLS = frozenset({"revoke", "read_page"})
# What asks nothing outside, and whom no worker asks.
QUIET = frozenset({"close", "encode"})
ELSEWHERE = frozenset({"finance"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is committed or asked: lines `first` to `last` of a file."""

    name: str
    file: str
    what: str
    first: int
    last: int

    @property
    def points(self) -> tuple[str, ...]:
        return tuple(f"{moment} {self.name}" for moment in MOMENTS)

    def away(self, line: int) -> int:
        """How many lines lie between; 0 within."""
        return max(self.first - line, line - self.last, 0)


def places(root: Path = ROOT) -> tuple[Place, ...]:
    """Every place, in the order of files and lines."""
    files = [file for folder in FOLDERS for file in sorted((root / folder).glob("*.py"))]
    return tuple(place for file in files if file.stem not in ELSEWHERE for place in _of_file(file))


@cache
def by_file() -> Mapping[str, Sequence[Place]]:
    """Every place, by the file in which it is: read once, since reading takes longer than a mail on its whole way."""
    found: dict[str, list[Place]] = {}
    for place in places():
        found.setdefault(place.file, []).append(place)
    return found


def all_points(root: Path = ROOT) -> tuple[str, ...]:
    return tuple(point for place in places(root) for point in place.points)


def _of_file(file: Path) -> Iterator[Place]:
    counted: Counter[str] = Counter()
    for function, node, what in _found(ast.parse(file.read_text(encoding="utf-8")), ""):
        name = f"{file.stem}.{function} {what}"
        counted[name] += 1
        yield Place(f"{name} {counted[name]}", str(file), what, node.lineno, node.end_lineno or node.lineno)


def _found(node: ast.AST, function: str) -> Iterator[tuple[str, ast.stmt | ast.expr, str]]:
    """Depth first, which is the order of the lines."""
    for child in ast.iter_child_nodes(node):
        inner = function
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = f"{function}.{child.name}".lstrip(".")
        if isinstance(child, ast.With) and any(_commits(item.context_expr) for item in child.items):
            yield function, child, COMMIT
        if isinstance(child, ast.expr) and (asked := _asks(child)):
            yield function, child, asked
        yield from _found(child, inner)


def _commits(used: ast.expr) -> bool:
    return isinstance(used, ast.Call) and isinstance(used.func, ast.Attribute) and used.func.attr == "transaction"


def _asks(used: ast.expr) -> str:
    """The name of what is asked outside here, or nothing. A port's verb may be named first and called later."""
    if isinstance(used, ast.Call) and isinstance(used.func, ast.Name) and used.func.id in CALLS:
        return used.func.id
    if not isinstance(used, ast.Attribute) or used.attr in QUIET | PORTS:
        return ""
    owner = used.value.attr if isinstance(used.value, ast.Attribute) else ""
    owner = used.value.id if isinstance(used.value, ast.Name) else owner
    return used.attr if owner in PORTS else ""
