"""Suppliers from a CSV file: its rows, or what is wrong with the file."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from domain.errors import BadInput
from domain.supplier import Purpose, Supplier

COLUMNS = ("name", "domains", "addresses", *Purpose, "language")


def read_suppliers(file: Path) -> Iterator[tuple[int, Supplier]]:
    """Each row with the number of its line, as it stands in the file."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError:
        raise BadInput("file", "It is not UTF-8 text: save it as CSV in UTF-8.") from None
    first = lines[0] if lines else ""
    rows = csv.DictReader(lines, delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        yield from _read(rows)
    except csv.Error as error:
        raise BadInput("file", f"Line {rows.line_num + 1} is no CSV: {error}.") from None


def _read(rows: "csv.DictReader[str]") -> Iterator[tuple[int, Supplier]]:
    known = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    if "name" not in known:
        raise BadInput("file", f"The heading lacks the column name; it may have: {', '.join(COLUMNS)}.")
    unknown = sorted(set(known) - set(COLUMNS) - {""})
    if unknown:
        raise BadInput("file", f"The heading has columns that mean nothing here: {', '.join(unknown)}.")
    for row in rows:
        cells = {name: (row.get(heading) or "") for name, heading in known.items()}
        if any(cell.strip() for cell in cells.values()):
            yield rows.line_num, _supplier(cells)


def _supplier(cells: dict[str, str]) -> Supplier:
    return Supplier(
        name=cells["name"],
        domains=_several(cells.get("domains", "")),
        addresses=_several(cells.get("addresses", "")),
        contacts={purpose: cells.get(purpose, "") for purpose in Purpose},
        language=cells.get("language", ""),
    )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"[\s,;]+", cell)))
