"""What the sandbox's shop knows of an order, whom it believes, and what it refuses: stricter than real ones."""

import base64
import csv
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.http_server import Request

TOLERANCE = 300
FIELDS = {"id", "type", "order_number", "amount_minor", "currency", "items", "reason", "created_at"}
TYPES = {"refund", "cancel", "return", "exchange", "replacement"}
NEVER_CANCELLED = {"shipped", "delivered", "cancelled", "returned"}


@dataclass
class Order:
    number: str
    total_minor: int
    currency: str
    status: str = "delivered"
    refunded_minor: int = 0


def orders_of(file: Path) -> Iterator[Order]:
    """The orders of a CSV file in the demonstration shop's form."""
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            total, refunded = int(row["total_minor"]), int(row["refunded_minor"] or 0)
            yield Order(row["order_number"], total, row["currency"], row["status"], refunded)


def is_signed(request: Request, secret: str, now: float) -> bool:
    """Whether it was signed with our secret, for this body, within five minutes of `now` (seconds since 1970)."""
    key, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    bytes_of_secret = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = hmac.new(bytes_of_secret, f"{key}.{at}.".encode() + request.body, hashlib.sha256).digest()
    given = request.headers.get("webhook-signature", "").split(" ")
    signed = any(hmac.compare_digest(f"v1,{base64.b64encode(wanted).decode()}", one) for one in given)
    return signed and at.isdigit() and abs(now - int(at)) <= TOLERANCE


def objection(key: str, request: Request, asked: Any, order: Order | None) -> tuple[int, str]:
    """The status and the reason of a refusal; 0 where there is nothing to say against it."""
    if not isinstance(asked, dict) or set(asked) != FIELDS or asked["type"] not in TYPES:
        return 400, "The body is not what was agreed."
    if asked["id"] != key or request.headers.get("idempotency-key") != key:
        return 400, "The keys of the body and of the headers differ."
    if order is None:
        return 404, "There is no such order."
    amount = asked["amount_minor"]
    is_amount = isinstance(amount, int) and amount > 0 and asked["currency"] == order.currency
    objections = (
        (request.headers.get("content-type") != "application/json", 400, "It must be JSON."),
        (amount is not None and not is_amount, 422, "The amount or its currency is wrong."),
        (asked["type"] == "refund" and amount is None, 422, "A refund needs an amount."),
        (asked["type"] == "cancel" and order.status in NEVER_CANCELLED, 409, f"The order is {order.status}."),
        (
            is_amount and order.refunded_minor + amount > order.total_minor,
            422,
            "More than was paid would be paid back.",
        ),
    )
    return next(((status, reason) for objects, status, reason in objections if objects), (0, ""))
