"""What differs between two texts, line by line."""

import difflib
from dataclasses import dataclass

# Comparing costs more than the lines do.
MOST_LINES = 5000


@dataclass(frozen=True, slots=True)
class Line:
    """`kind` is same, added, removed, or gap where lines that are the same in both were left out."""

    kind: str
    text: str


def differences(old: str, new: str, around: int = 3) -> tuple[Line, ...]:
    """The lines that were removed and added, each with a few around it; empty where the texts are the same."""
    if max(old.count("\n"), new.count("\n")) > MOST_LINES:
        return (Line("gap", f"The texts have more than {MOST_LINES:,} lines: they are too long to be compared here."),)
    found: list[Line] = []
    for line in list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=around, lineterm=""))[2:]:
        mark, text = line[:1], line[1:]
        if mark == "@":
            if found:
                found.append(Line("gap", ""))
        else:
            found.append(Line({"+": "added", "-": "removed"}.get(mark, "same"), text))
    return tuple(found)
