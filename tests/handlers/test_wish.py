"""What is read out of ordinary mails, exactly, and which mails raise a doubt."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.message import Address, Message
from domain.money import Money
from domain.order import Order, OrderItem
from domain.order_action import Action, WantedItem
from domain.request import Reason, Wish
from domain.understanding import Understanding
from handlers.wish import read_wish

ROWS = [json.loads(line) for line in Path(__file__).with_name("wishes.jsonl").read_text(encoding="utf-8").splitlines()]
ORDINARY = [row for row in ROWS if not row["doubt"]]
DOUBTFUL = [row for row in ROWS if row["doubt"]]
NAMES = {
    "en": ("Alba table lamp", "Blue mug", "Kilim rug", "Trail running shoes"),
    "de": ("Tischlampe Alba", "Tasse blau", "Teppich Kilim", "Laufschuhe Trail"),
    "fr": ("Lampe de table Alba", "Tasse bleue", "Tapis kilim", "Chaussures de course"),
    "es": ("Lámpara de mesa Alba", "Taza azul", "Alfombra kilim", "Zapatillas de correr"),
}
ANA = Address("ana@customer.example", "Ana Lopez")


def order_in(language="en"):
    lamp, mug, rug, shoes = NAMES[language]
    items = (
        OrderItem("LAMP-1", lamp, 1, 8900),
        OrderItem("MUG-2", mug, 3, 1200),
        OrderItem("RUG-3", rug, 1, 15000),
        OrderItem("SHOE-4", shoes, 1, 9900),
    )
    placed = datetime(2026, 5, 3, tzinfo=UTC)
    return Order(
        "LO-48213", ANA.address, "delivered", Money(37400, "EUR"), Money(0, "EUR"), placed, items=items,
        customer_name="Ana Lopez",
    )  # fmt: skip


def wish_in(text, language="en", order=None, *, subject="", sub_intent="", earlier=None):
    understanding = Understanding(text=text, language=language, sub_intent=sub_intent)
    return read_wish(understanding, Message(sender=ANA, subject=subject), order, earlier=earlier)


def expected(row):
    items = tuple(WantedItem(sku, quantity) for sku, quantity in row.get("items", {}).items())
    return Wish(
        actions=(Action(row["action"]),) if row["action"] else (),
        items=items,
        reason=Reason(row["reason"]) if row["reason"] else None,
        withdrawn=row.get("withdrawn", False),
        asks_status=row.get("asks_status", False),
    )


@pytest.mark.parametrize("row", ORDINARY, ids=lambda row: row["id"])
def test_an_ordinary_mail_is_read_exactly_and_without_a_doubt(row):
    order = order_in(row["language"]) if "items" in row else None
    assert wish_in(row["text"], row["language"], order) == expected(row)


@pytest.mark.parametrize("row", DOUBTFUL, ids=lambda row: row["id"])
def test_a_mail_that_wants_more_or_something_else_raises_a_doubt(row):
    assert wish_in(row["text"], row["language"], order_in(row["language"])).doubts
