"""A shop's orders out of CSV text: each row an order, or what is wrong with it in one sentence."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from domain.errors import BadInput
from domain.money import Money
from domain.order import ORDER_STATUSES, Order, OrderItem, normal_number

NEEDED = ("order_number", "customer_email", "status", "currency", "total_minor", "placed_at")
MOST_MINOR = 10**15
LONGEST_NUMBER = 100


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out. `line` counts from 1, the heading included."""

    line: int
    reason: str


def read_orders(lines: TextIO) -> Iterator[Order | BadRow]:
    """The orders of a CSV text, opened with newline="", in its order, and the rows that are none.

    Raises BadInput where it is no such CSV at all, also in the middle of it.
    """
    rows = csv.DictReader(lines)
    try:
        missing = set(NEEDED) - set(rows.fieldnames or ())
        if missing:
            raise BadInput("file", f"The heading lacks: {', '.join(sorted(missing))}.")
        for row in rows:
            try:
                yield _order(row)
            except ValueError as error:
                yield BadRow(rows.line_num, str(error))
    except UnicodeDecodeError:
        raise BadInput("file", "It is not UTF-8 text: save it as CSV in UTF-8.") from None
    except csv.Error:
        raise BadInput("file", f"Near line {rows.line_num} it is no CSV any more: save it anew as CSV.") from None


def _order(row: dict[str, str]) -> Order:
    """Raises ValueError with a sentence."""
    # DictReader keeps what is beyond the heading under None, and gives None for what a short row lacks.
    if None in row or None in row.values():
        raise ValueError("It has more or fewer fields than the heading.")
    if not all(map(_is_storable, row.values())):
        raise ValueError("It holds a character that cannot be stored.")
    number, status, currency = row["order_number"].strip(), row["status"].strip(), row["currency"].strip().upper()
    if not normal_number(number) or "@" not in row["customer_email"]:
        raise ValueError("It needs an order number and the customer's mail address.")
    if len(number) > LONGEST_NUMBER:
        raise ValueError(f"An order number has at most {LONGEST_NUMBER} characters.")
    total, refunded = _whole(row, "total_minor"), _whole(row, "refunded_minor")
    if not 0 <= refunded <= total < MOST_MINOR:
        raise ValueError("What was refunded must be from 0 up to the total, and the total no less than 0.")
    if status not in ORDER_STATUSES:
        raise ValueError(f"The status {status!r} is none of {', '.join(ORDER_STATUSES)}.")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise ValueError(f"The currency must be three letters like EUR, not {currency!r}.")
    return Order(
        number=number,
        customer_email=row["customer_email"].strip().lower(),
        status=status,
        total=Money(total, currency),
        refunded=Money(refunded, currency),
        placed_at=_moment(row["placed_at"]),
        delivered_at=_moment(row["delivered_at"]) if row.get("delivered_at") else None,
        items=_items(row.get("items") or "[]"),
        customer_name=row.get("customer_name", ""),
        tracking_url=row.get("tracking_url", ""),
        status_at=_moment(row["status_at"]) if row.get("status_at") else None,
    )


def _items(text: str) -> tuple[OrderItem, ...]:
    try:
        rows = json.loads(text)
        is_list = isinstance(rows, list)
    except (ValueError, RecursionError):
        is_list = False
    if not is_list:
        raise ValueError("The items must be a JSON list.")
    return tuple(map(_item, rows))


def _item(row: Any) -> OrderItem:
    try:
        item = OrderItem(**row)
    except TypeError:
        raise ValueError("An item has sku, name, quantity, price_minor, and perhaps category, final_sale.") from None
    texts, counts = (item.sku, item.name, item.category), (item.quantity, item.price_minor)
    if not all(isinstance(one, str) and _is_storable(one) for one in texts):
        raise ValueError("An item's sku, name and category are texts.")
    if not all(type(one) is int and 0 <= one < MOST_MINOR for one in counts) or not isinstance(item.final_sale, bool):
        raise ValueError("An item's quantity and price_minor are whole numbers from 0, final_sale is true or false.")
    return item


def _is_storable(text: str) -> bool:
    """Postgres stores no NUL in text, and no half of a character, which JSON can write."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _whole(row: dict[str, str], field: str) -> int:
    text = (row.get(field) or "0").strip()
    # int() itself refuses endless numbers, with a sentence for programmers.
    if not text.removeprefix("-").isdecimal() or len(text) > len(str(MOST_MINOR)):
        raise ValueError(f"{field} must be a whole number of cents, not {text[:40]!r}.")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text.strip()[:40]!r} is no time: write it like 2026-11-02T14:30:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
