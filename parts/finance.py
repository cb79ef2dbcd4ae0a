"""What was paid back, as finance takes it over: one CSV row for each payment, safe to be opened in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC
from io import StringIO
from itertools import chain

from domain.money import Money
from storage.ledger import Line

HEADING = ("paid_at", "order_number", "amount", "currency", "amount_minor", "key", "reference", "actor")

# With these a spreadsheet begins a formula, also behind a blank or a tab; order numbers and references are strangers'.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def safe(cell: str) -> str:
    """The cell as text in every spreadsheet: what could be run stands behind an apostrophe."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def cells(line: Line) -> tuple[str, ...]:
    """One payment. `amount` has a point and the currency's digits, times are UTC."""
    return (
        line.at.astimezone(UTC).isoformat(timespec="seconds"),
        safe(line.order_number),
        str(Money(line.amount.minor, line.amount.currency)).removesuffix(f" {line.amount.currency}"),
        safe(line.amount.currency),
        str(line.amount.minor),
        str(line.key),
        safe(line.provider_reference),
        safe(line.actor),
    )


def csv_lines(lines: Iterable[Line]) -> Iterator[str]:
    """The heading, then each payment, as lines of CSV."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    for row in chain((HEADING,), map(cells, lines)):
        writer.writerow(row)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
