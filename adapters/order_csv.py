"""A shop's orders out of CSV text: its columns, and what is wrong with a row that is no order."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from domain.errors import BadInput
from domain.money import Money
from domain.order import ORDER_STATUSES, Order, OrderItem, normal_number

EARLIEST, LATEST = 1900, 9000
NEEDED = frozenset({"order_number", "customer_email", "status", "currency", "total_minor", "placed_at"})
MOST_MINOR, MOST_PIECES = 10**15, 10**6
LONGEST_NUMBER, LONGEST_ADDRESS = 100, 320
NO_TEXT = "It is not UTF-8 text: save it as CSV in UTF-8."

_YES = {"yes", "true", "1", "final", "final sale"}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out. `line` counts from 1, the heading included; of a row with line breaks it is the last."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class GoodRow:
    line: int
    order: Order


def read_orders(lines: TextIO) -> Iterator[GoodRow | BadRow]:
    """The orders of a CSV text, opened with newline="", in its order, and what is wrong with the rows that are none.

    Columns that are not known are left alone. Raises BadInput when it is no such text at all, also in the middle of it.
    """
    rows = csv.DictReader(lines, restval="")
    try:
        missing = NEEDED - set(rows.fieldnames or ())
        if missing:
            raise BadInput("file", f"The heading lacks: {', '.join(sorted(missing))}.")
        for row in rows:
            yield _row(rows.line_num, row)
    except UnicodeDecodeError:
        raise BadInput("file", NO_TEXT) from None
    except csv.Error as error:
        raise BadInput("file", f"Line {rows.line_num} is no CSV: {error}.") from None


def _row(line: int, row: dict[str, str]) -> GoodRow | BadRow:
    if None in row:
        return BadRow(line, "It has more cells than the heading.")
    if any("\x00" in cell for cell in row.values()):
        return BadRow(line, "It has a NUL character.")
    try:
        return GoodRow(line, _order({name: cell.strip() for name, cell in row.items()}))
    except ValueError as error:
        return BadRow(line, str(error))


def _order(row: dict[str, str]) -> Order:
    status, currency = row["status"].lower(), row["currency"].upper()
    if not normal_number(row["order_number"]) or "@" not in row["customer_email"]:
        raise ValueError("It needs an order number and the customer's mail address.")
    if len(row["order_number"]) > LONGEST_NUMBER or len(row["customer_email"]) > LONGEST_ADDRESS:
        raise ValueError(f"A number has at most {LONGEST_NUMBER} characters, an address {LONGEST_ADDRESS}.")
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise ValueError(f"The currency {row['currency']!r} is no code of three letters such as EUR.")
    total, refunded = _whole(row, "total_minor"), _whole(row, "refunded_minor")
    if not 0 <= refunded <= total < MOST_MINOR:
        raise ValueError("What was refunded must be from 0 up to the total, and the total no less than 0.")
    if status not in ORDER_STATUSES:
        raise ValueError(f"The status {status!r} is none of {', '.join(ORDER_STATUSES)}.")
    return Order(
        number=row["order_number"],
        customer_email=row["customer_email"].lower(),
        status=status,
        total=Money(total, currency),
        refunded=Money(refunded, currency),
        placed_at=_moment(row, "placed_at"),
        delivered_at=_moment(row, "delivered_at") if row.get("delivered_at") else None,
        items=_items(row.get("items", "")),
        customer_name=row.get("customer_name", ""),
        tracking_url=row.get("tracking_url", ""),
        status_at=_moment(row, "status_at") if row.get("status_at") else None,
    )


def _whole(row: dict[str, str], field: str) -> int:
    text = row.get(field) or "0"
    if not text.lstrip("-").isdecimal() or len(text) > 20:
        raise ValueError(f"{field} must be a whole number of cents, not {text[:40]!r}.")
    return int(text)


def _moment(row: dict[str, str], field: str) -> datetime:
    """As ISO 8601 writes it; without a time zone it is UTC."""
    try:
        moment = datetime.fromisoformat(row[field])
    except ValueError:
        raise ValueError(f"{field} must be a date such as 2026-11-05, not {row[field][:40]!r}.") from None
    # At the very ends of the calendar no day can be counted, nor a zone be left.
    if not EARLIEST <= moment.year <= LATEST:
        raise ValueError(f"{field} must be a date such as 2026-11-05, not {row[field][:40]!r}.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _items(text: str) -> tuple[OrderItem, ...]:
    """As a JSON list, or for people: `LAMP-1 | Brass lamp | 1 | 4990 | lamps | final sale; BULB-2 | Bulb | 3 | 500`.

    The price is of one piece, in minor units; category and final sale may be left out.
    """
    if not text.startswith(("[", "{")):
        return tuple(_plain_item(one) for one in text.split(";") if one.strip())
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(
            "The items are neither JSON nor `number | name | pieces | price` with ; between them."
        ) from None
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise ValueError("The items must be a JSON list of objects.")
    return tuple(map(_json_item, rows))


def _plain_item(text: str) -> OrderItem:
    cells = [cell.strip() for cell in text.split("|")]
    if not 4 <= len(cells) <= 6 or not all(one.isdecimal() and len(one) < 20 for one in cells[2:4]):
        raise ValueError(f"The item {text.strip()!r} is not `number | name | pieces | price in cents`.")
    sku, name, quantity, price, category, final = (*cells, "", "")[:6]
    return _sound(OrderItem(sku, name, int(quantity), int(price), category, final.lower() in _YES))


def _json_item(row: dict[str, object]) -> OrderItem:
    unknown = set(row) - set(_KINDS)
    if unknown:
        raise ValueError(f"An item has no field {', '.join(sorted(unknown))}.")
    missing = {"sku", "quantity", "price_minor"} - set(row)
    if missing:
        raise ValueError(f"An item lacks {', '.join(sorted(missing))}.")
    wrong = [name for name, value in row.items() if not _KINDS[name](value)]
    if wrong:
        raise ValueError(f"An item's {wrong[0]} cannot be {row[wrong[0]]!r}.")
    return _sound(OrderItem(**{"name": "", **row}))  # type: ignore[arg-type]  # each was looked at just before


def _sound(item: OrderItem) -> OrderItem:
    if not item.sku.strip() or not 1 <= item.quantity <= MOST_PIECES or not 0 <= item.price_minor < MOST_MINOR:
        raise ValueError("An item needs a number, one piece at least, and a price of 0 or more.")
    return item


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    """Postgres stores no NUL in text, and no half of a character, which JSON can write."""
    return isinstance(value, str) and not any(one == "\x00" or "\ud800" <= one <= "\udfff" for one in value)


_KINDS: dict[str, Callable[[object], bool]] = {
    "sku": _is_text,
    "name": _is_text,
    "quantity": _is_number,
    "price_minor": _is_number,
    "category": _is_text,
    "final_sale": lambda value: isinstance(value, bool),
}
