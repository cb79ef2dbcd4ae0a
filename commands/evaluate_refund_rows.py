"""The rows of `flask evaluate refund`: an order or a mail out of a JSON object, or what is wrong with it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.mime.headers import addresses
from commands.json_lines import BadLine
from domain.errors import BadInput
from domain.message import Address, Message
from domain.money import Money
from domain.order import Order, OrderItem, normal_number

EARLIEST, LATEST = 1900, 9000


@dataclass(frozen=True, slots=True)
class Mailed:
    """One mail of a conversation; `id` is given back as it came."""

    id: Any
    conversation: str
    message: Message


def ordered(row: dict[str, Any]) -> Order | BadLine:
    try:
        return _order(row)
    except BadInput as error:
        return BadLine(row["line"], f'"{error.field}" {error.reason}')


def mailed(row: dict[str, Any]) -> Mailed | BadLine:
    try:
        return _mail(row)
    except BadInput as error:
        return BadLine(row["line"], f'"{error.field}" {error.reason}')


def _mail(row: dict[str, Any]) -> Mailed:
    sender, text, subject = _text(row, "sender", ""), _text(row, "text"), _text(row, "subject", "")
    conversation = row["conversation"]
    if not isinstance(conversation, str | int) or isinstance(conversation, bool):
        raise BadInput("conversation", "must be a string or a number.")
    if not isinstance(row["authenticated"], bool):
        raise BadInput("authenticated", "must be true or false.")
    message = Message(
        _address(sender), subject=subject, text=text, sender_verified=row["authenticated"], thread_id=str(conversation)
    )
    # 7 and "7" are two names.
    return Mailed(row["id"], repr(conversation), message)


def _order(row: dict[str, Any]) -> Order:
    number, currency, status = _text(row, "order_number").strip(), _text(row, "currency"), _text(row, "status")
    if not normal_number(number):
        raise BadInput("order_number", "is empty.")
    items = row.get("items") or []
    if not isinstance(items, list):
        raise BadInput("items", "must be a list.")
    return Order(
        number=number,
        customer_email=_text(row, "customer_email", "").strip().lower(),
        status=status.strip().lower(),
        total=Money(_whole(row, "total_minor"), currency.strip().upper()),
        refunded=Money(_whole(row, "refunded_minor", 0), currency.strip().upper()),
        placed_at=_time(row, "placed_at"),
        delivered_at=_time(row, "delivered_at") if row.get("delivered_at") else None,
        items=tuple(map(_item, items)),
        customer_name=_text(row, "customer_name", ""),
    )


def _item(row: object) -> OrderItem:
    if not isinstance(row, dict):
        raise BadInput("items", "must hold objects alone.")
    return OrderItem(
        _text(row, "sku"),
        _text(row, "name", ""),
        _whole(row, "quantity", 1),
        _whole(row, "price_minor"),
        category=_text(row, "category", ""),
        final_sale=row.get("final_sale") is True,
    )


def _text(row: dict[str, Any], name: str, usual: str | None = None) -> str:
    """A field that is text; where `usual` is given it may be missing or null."""
    value = row.get(name)
    if value is None and usual is not None:
        return usual
    if not isinstance(value, str):
        raise BadInput(name, "must be a string.")
    return value


def _whole(row: dict[str, Any], name: str, usual: int | None = None) -> int:
    value = row.get(name)
    if value is None and usual is not None:
        return usual
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadInput(name, "must be a whole number, 0 or more.")
    return value


def _time(row: dict[str, Any], name: str) -> datetime:
    try:
        return moment_of(_text(row, name).strip())
    except ValueError:
        raise BadInput(name, "must be a time like 2026-03-01T12:00:00Z.") from None


def moment_of(said: str) -> datetime:
    """A moment in ISO 8601, as UTC; without a time zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(said)
    # At the very ends of the calendar no day can be counted, nor a zone be left.
    if not EARLIEST <= moment.year <= LATEST:
        raise ValueError(said)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _address(sender: str) -> Address | None:
    """The one writer of a From line, read as strictly as that of a mail; None where it names none, or several."""
    named = addresses(" ".join(sender.split()))
    return named.only if not named.fragments else None
