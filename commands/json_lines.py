"""Files of one JSON object a line: read as a stream, with the lines that are none named, and written as they come."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from domain.errors import BadInput


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out. `number` counts from 1."""

    number: int
    reason: str


def read_lines(file: Path, *names: str) -> Iterator[dict[str, Any] | BadLine]:
    """The objects of a file in their order; each must hold all of `names`. Blank lines are passed over."""
    wanted = " and ".join(f'"{name}"' for name in names)
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line, parse_constant=_no_number)
            except (ValueError, RecursionError):
                fields = None
            if isinstance(fields, dict) and all(name in fields for name in names):
                yield fields | {"line": number}
            else:
                yield BadLine(number, f"is no JSON object with {wanted}.")


def _no_number(name: str) -> None:
    """NaN and the infinite are no JSON, and a line that gave them back would be none either."""
    raise ValueError(name)


def opened(output: Path) -> TextIO:
    """The file that is written to. Raises BadInput."""
    try:
        return output.open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput("--output", f"{output} cannot be written: {error.strerror}.") from error


def as_line(fields: dict[str, Any]) -> str:
    # Half a character, as broken input has it, cannot be written as UTF-8.
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"
