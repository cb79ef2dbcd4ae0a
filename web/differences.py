"""What differs between two texts, line by line."""

import difflib
from collections import Counter
from dataclasses import dataclass

# Comparing costs more than the lines do: in the worst case each pair of equal lines is looked at once for each line. Of
# lines that all differ these are MOST_LINES squared, about a second; of those that come again and again far more.
MOST_LINES = 5000
MOST_STEPS = MOST_LINES**2
# As difflib does it: in longer texts, a line that is more than a hundredth of all is no beginning of what is equal.
_LONG, _POPULAR = 200, 100


@dataclass(frozen=True, slots=True)
class Line:
    """`kind` is same, added, removed, or gap where lines that are the same in both were left out."""

    kind: str
    text: str


def differences(old: str, new: str, around: int = 3) -> tuple[Line, ...]:
    """The lines that were removed and added, each with a few around it; empty where the texts are the same."""
    before, after = _lines(old), _lines(new)
    if max(len(before), len(after)) > MOST_LINES:
        return (Line("gap", f"The texts have more than {MOST_LINES:,} lines: they are too long to be compared here."),)
    if _steps(before, after) > MOST_STEPS:
        return (Line("gap", "Too many lines of the texts come again and again: they cannot be compared here."),)
    found: list[Line] = []
    for line in list(difflib.unified_diff(before, after, n=around, lineterm=""))[2:]:
        mark, text = line[:1], line[1:]
        if mark == "@":
            if found:
                found.append(Line("gap", ""))
        else:
            found.append(Line({"+": "added", "-": "removed"}.get(mark, "same"), text))
    return tuple(found)


def _lines(text: str) -> list[str]:
    """Ended by line feeds alone: Python's `splitlines` knows ten signs more."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def _steps(before: list[str], after: list[str]) -> int:
    """How many steps difflib takes at most: for each line, each pair of equal ones."""
    if before == after:
        return 0
    mine, theirs = Counter(before), Counter(after)
    most = len(after) // _POPULAR + 1 if len(after) >= _LONG else len(after)
    return min(len(before), len(after)) * sum(mine[line] * n for line, n in theirs.items() if n <= most)
