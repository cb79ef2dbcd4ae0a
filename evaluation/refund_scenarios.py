"""Scripted customers of a published benchmark (tau2, retail): its orders, and what each customer wants and knows."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.message import Address
from domain.money import Money
from domain.order import Order, OrderItem
from domain.order_action import Action

NOW = datetime(2026, 3, 1, tzinfo=UTC)
# Nothing in the benchmark depends on a day.
PLACED = datetime(2026, 2, 20, tzinfo=UTC)

_ACTIONS = {
    "return_delivered_order_items": Action.RETURN,
    "exchange_delivered_order_items": Action.EXCHANGE,
    "cancel_pending_order": Action.CANCEL,
}
TRANSFER = "transfer_to_human_agents"

# "You want to return your lamp" as its customer would write it.
_FIRST_PERSON = (
    (r"\byou are\b", "I am"), (r"\byou're\b", "I'm"), (r"\byou were\b", "I was"), (r"\byou've\b", "I've"),
    (r"\byou'd\b", "I'd"), (r"\byou'll\b", "I'll"), (r"\byourself\b", "myself"), (r"\byours\b", "mine"),
    (r"\byour\b", "my"), (r"\b(for|to|with|of|by|from|tells?|asks?|gives?|lets?) you\b", r"\1 me"), (r"\byou\b", "I"),
    (r"\b(?:the )?agent(?:'s)?\b", "you"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """One action that the benchmark holds right: of a whole order where `items` is empty."""

    action: Action
    order: str
    items: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`gold` are the actions that are right; `others` says that things are right which this machine never does.

    `transfer`: handing it to a person is right. `numbers` are the orders that the customer knows they mean.
    """

    name: str
    customer: Address
    says: str
    numbers: tuple[str, ...]
    reason: str
    gold: tuple[Wanted, ...]
    others: bool
    transfer: bool

    @property
    def is_about_orders(self) -> bool:
        """About returns, exchanges and cancellations, or about nothing that is done at all."""
        return bool(self.gold) or not self.others


def read_orders(shop: Mapping[str, Any]) -> Iterator[Order]:
    for order in shop["orders"].values():
        paid = Counter[str]()
        for entry in order["payment_history"]:
            paid[entry["transaction_type"]] += round(entry["amount"] * 100)
        pieces = Counter(item["item_id"] for item in order["items"])
        lines = {item["item_id"]: item for item in order["items"]}
        delivered = order["status"] == "delivered"
        yield Order(
            number=order["order_id"],
            customer_email=shop["users"][order["user_id"]]["email"].lower(),
            status=order["status"],
            total=Money(paid["payment"], "USD"),
            refunded=Money(paid["refund"], "USD"),
            placed_at=PLACED,
            delivered_at=PLACED if delivered else None,
            items=tuple(
                OrderItem(sku, lines[sku]["name"], count, round(lines[sku]["price"] * 100))
                for sku, count in pieces.items()
            ),
        )


def read_shop(file: Path) -> dict[str, Any]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        read: dict[str, Any] = json.load(stream)
        return read


def read_scenarios(file: Path, shop: Mapping[str, Any]) -> Iterator[Scenario]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield _scenario(json.loads(line), shop)


def first_person(text: str) -> str:
    """By rules alone, so that nobody helps the machine: what comes out is clumsy now and then."""
    for form, mine in _FIRST_PERSON:
        text = re.sub(form, mine, text, flags=re.IGNORECASE)
    text = " ".join(text.lstrip(". ").split())
    # What stands first in a sentence is written large.
    return re.sub(r"(^|[.!?] )([a-z])", lambda found: found[1] + found[2].upper(), text)


def _scenario(row: Mapping[str, Any], shop: Mapping[str, Any]) -> Scenario:
    acts = row["expected_actions"]
    gold = tuple(_wanted(act["name"], act["arguments"]) for act in acts if act["name"] in _ACTIONS)
    known = tuple(dict.fromkeys(one.order for one in gold)) or tuple(one["order_id"] for one in row["orders"][:1])
    user = shop["users"][row["orders"][0]["user_id"] if row["orders"] else _user(row["known_info"], shop)]
    name = user["name"]
    return Scenario(
        name=row["id"],
        customer=Address(user["email"].lower(), f"{name['first_name']} {name['last_name']}"),
        says=first_person(row["reason_for_call"]),
        numbers=known,
        reason=next((act["arguments"]["reason"] for act in acts if "reason" in act["arguments"]), "I changed my mind"),
        gold=gold,
        others=any(act["name"] not in {*_ACTIONS, TRANSFER} for act in acts),
        transfer=any(act["name"] == TRANSFER for act in acts),
    )


def _wanted(name: str, arguments: Mapping[str, Any]) -> Wanted:
    items: Sequence[str] = arguments.get("item_ids") or ()
    return Wanted(_ACTIONS[name], arguments["order_id"], Counter(items))


def _user(known: str, shop: Mapping[str, Any]) -> str:
    """The user whom the customer says to be, by identifier or name and postcode."""
    return next(
        str(key)
        for key, user in shop["users"].items()
        if key in known
        or (f"{user['name']['first_name']} {user['name']['last_name']}" in known and user["address"]["zip"] in known)
    )
