"""What the tests of wishes share: one order in four languages, its customer, and how a mail of hers is read."""

from datetime import UTC, datetime

from domain.message import Address, Message
from domain.money import Money
from domain.order import Order, OrderItem
from domain.understanding import Understanding
from handlers.wish import read_wish

NAMES = {
    "en": ("Alba table lamp", "Blue mug", "Kilim rug", "Trail running shoes"),
    "de": ("Tischlampe Alba", "Tasse blau", "Teppich Kilim", "Laufschuhe Trail"),
    "fr": ("Lampe de table Alba", "Tasse bleue", "Tapis kilim", "Chaussures de course"),
    "es": ("Lámpara de mesa Alba", "Taza azul", "Alfombra kilim", "Zapatillas de correr"),
}
ANA = Address("ana@customer.example", "Ana Lopez")


def order_of(*items):
    total = sum(item.price_minor * item.quantity for item in items)
    placed = datetime(2026, 5, 3, tzinfo=UTC)
    return Order(
        "LO-48213", ANA.address, "delivered", Money(total, "EUR"), Money(0, "EUR"), placed, items=items,
        customer_name="Ana Lopez",
    )  # fmt: skip


def order_in(language="en"):
    """A lamp, three mugs, a rug and a pair of shoes."""
    lamp, mug, rug, shoes = NAMES[language]
    return order_of(
        OrderItem("LAMP-1", lamp, 1, 8900),
        OrderItem("MUG-2", mug, 3, 1200),
        OrderItem("RUG-3", rug, 1, 15000),
        OrderItem("SHOE-4", shoes, 1, 9900),
    )


def wish_in(text, language="en", order=None, *, subject="", sub_intent="", earlier=None, sender=ANA):
    understanding = Understanding(text=text, language=language, sub_intent=sub_intent)
    return read_wish(understanding, Message(sender=sender, subject=subject), order, earlier=earlier)
