"""What was paid back, as finance takes it over: CSV with a row for each payment, safe to open in a spreadsheet."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TextIO
from uuid import UUID

from storage import refund_export
from storage.database import Database
from storage.refund_export import Paid

HEADING = (
    *("at", "order_number", "customer_email", "action", "amount", "amount_minor", "currency", "key", "reference"),
    "approved_by",
)
# A spreadsheet takes a cell that begins so for a formula, or for the end of one before it.
_BEGINS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
FORMULA = re.compile(rf"\s*[{_BEGINS}]|[\t\r\n]")
# Where a comma parts numbers from their cents, a semicolon parts cells, and a cell of ours may become several.
WITHIN = re.compile(rf"([;|\t\r\n][\s\"']*)(?=[{_BEGINS}])")


def payments(database: Database, tenant: UUID, since: datetime, until: datetime) -> Iterator[Paid]:
    """What was paid from `since` on and before `until`, in the ledger's order, read a page at a time."""
    after = 0
    while True:
        with database.transaction(tenant) as db:
            page = refund_export.paid(db, tenant, since=since, until=until, after=after)
        yield from page
        if len(page) < refund_export.PAGE:
            return
        after = page[-1].id


def write_rows(file: TextIO, rows: Iterable[Paid]) -> int:
    """One line for each, as it comes; returns how many."""
    lines = csv.writer(file)
    lines.writerow(HEADING)
    count = 0
    for row in rows:
        amount = str(row.amount).rpartition(" ")[0]
        approved = ";".join(row.approved_by) or "machine"
        cells = (
            *(f"{row.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", row.order_number, row.customer_email, row.action.value),
            *(amount, str(row.amount.minor), row.amount.currency, str(row.key), row.reference, approved),
        )
        lines.writerow([safe_cell(cell) for cell in cells])
        count += 1
    return count


def safe_cell(cell: str) -> str:
    """The cell as text to every spreadsheet, whoever wrote it: order numbers and references are strangers' words."""
    # Some spreadsheets leave blanks before a formula out.
    mark = "'" if FORMULA.match(cell) else ""
    return mark + WITHIN.sub(r"\1'", cell)
