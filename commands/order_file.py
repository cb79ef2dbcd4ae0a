"""The orders of a CSV file, which is looked at as a whole before any of them is stored."""

from collections.abc import Iterator
from pathlib import Path

from adapters import order_csv
from adapters.order_csv import NO_TEXT, BadRow, GoodRow
from domain.errors import BadInput


def read_orders(file: Path) -> Iterator[GoodRow | BadRow]:
    """As `adapters.order_csv` reads them. Raises BadInput when it is no such file at all."""
    try:
        file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("file", NO_TEXT) from None
    with file.open(encoding="utf-8-sig", newline="") as lines:
        yield from order_csv.read_orders(lines)
