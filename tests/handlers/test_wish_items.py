"""Which items of the order a mail names, and how many of each."""

import pytest

from domain.order import OrderItem
from domain.order_action import WantedItem
from handlers.wish.chosen import WHICH
from handlers.wish.others import AMOUNT, ANOTHER
from handlers.wish.pieces import TOO_MANY, UNCLEAR_MANY, UNCLEAR_WHICH
from tests.handlers.wishing import order_in, order_of, wish_in

TWO_LAMPS = order_of(
    OrderItem("ALBA", "Alba table lamp", 1, 8900),
    OrderItem("SOL", "Soleil floor lamp", 1, 14900),
    OrderItem("BULB-E27", "LED bulb E27, 2700 K", 4, 900),
)


def items_of(text, order=TWO_LAMPS, language="en"):
    return {item.sku: item.quantity for item in wish_in(text, language, order).items}


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Please refund the floor lamp.", {"SOL": 1}),
        ("Please refund the Soleil.", {"SOL": 1}),
        ("Please refund both lamps.", {"ALBA": 1, "SOL": 1}),
        ("Please refund two of the bulbs.", {"BULB-E27": 2}),
        ("Please refund 3 bulbs and the table lamp.", {"ALBA": 1, "BULB-E27": 3}),
        ("Please refund BULB-E27, all four.", {"BULB-E27": 4}),
        ("Please refund all bulbs.", {"BULB-E27": 4}),
        ("I want to return everything but not the bulbs.", {"ALBA": 1, "SOL": 1}),
        ("I want to return the whole order.", {}),
        ("I bought a floor lamp and some bulbs. The floor lamp is broken. Please refund it.", {"SOL": 1}),
    ],
)
def test_items_are_found_by_name_number_and_what_is_kept(text, items):
    assert items_of(text) == items


@pytest.mark.parametrize(
    ("text", "language", "items"),
    [
        ("Ich möchte zwei der Tassen zurückgeben.", "de", {"MUG-2": 2}),
        ("Ich möchte die TASSEN zurückgeben.", "de", {"MUG-2": 3}),
        ("Je voudrais retourner une tasse.", "fr", {"MUG-2": 1}),
        ("Quiero devolver la lampara.", "es", {"LAMP-1": 1}),
        ("Quiero devolver las tres tazas.", "es", {"MUG-2": 3}),
    ],
)
def test_plural_case_and_accents_do_not_matter(text, language, items):
    assert items_of(text, order_in(language), language) == items


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("Please refund the lamp.", UNCLEAR_WHICH),
        ("Please refund the bulb.", UNCLEAR_MANY),
        ("Please refund six bulbs.", TOO_MANY),
        ("Please refund the toaster.", "It names “toaster”, which is no item of the order."),
        ("It is broken. Please refund it.", WHICH),
        ("Please refund everything except the bulb.", UNCLEAR_MANY),
        ("Please refund 45.00 EUR for the floor lamp.", AMOUNT),
        ("Please refund order LO-48999.", ANOTHER),
    ],
)
def test_what_is_unclear_about_items_is_a_doubt(text, doubt):
    assert doubt in wish_in(text, "en", TWO_LAMPS).doubts


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("I'd like to refund the floor lamp, but I'll keep the table lamp.", {"SOL": 1}),
        ("I'll keep the table lamp, but please refund the floor lamp.", {"SOL": 1}),
        ("Please refund the floor lamp, not the table lamp.", {"SOL": 1}),
        ("Please refund all but the bulbs.", {"ALBA": 1, "SOL": 1}),
        ("Cancel only the floor lamp of my order.", {"SOL": 1}),
        ("The floor lamp was cheaper elsewhere. Please cancel my order.", {}),
    ],
)
def test_what_is_kept_or_only_spoken_of_is_not_wanted(text, items):
    assert items_of(text) == items


@pytest.mark.parametrize(
    "text",
    [
        "The bulbs are fine, but the floor lamp is broken. I'd like a refund.",
        "I want a refund for the floor lamp that I bought together with the bulbs.",
        "Please refund the order. I'll keep the floor lamp.",
        "Do not refund the bulbs, only the floor lamp.",
        "Please refund the whole order and not only the floor lamp.",
    ],
)
def test_items_of_which_only_some_are_meant_are_a_doubt(text):
    assert wish_in(text, "en", TWO_LAMPS).doubts


def test_the_price_of_an_item_may_be_named():
    assert wish_in("Please refund the 149,00 € for the floor lamp.", "en", TWO_LAMPS).doubts == ()


def test_without_an_order_no_item_is_looked_for():
    assert wish_in("Please refund the toaster.").items == ()


def test_what_an_exchange_is_for_is_not_what_it_is_of():
    shoes = order_of(OrderItem("S-BLUE", "Blue shoes", 1, 9900), OrderItem("S-RED", "Red shoes", 1, 9900))
    wish = wish_in("I'd like to exchange the blue shoes for a red pair.", "en", shoes)
    assert wish.items == (WantedItem("S-BLUE", 1),)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I want to return one item of my order LO-48213.", "en"),
        ("Please refund some of my order.", "en"),
        ("Please refund part of my order.", "en"),
        ("Please refund the item from my order.", "en"),
        ("Please refund the smaller one of my order.", "en"),
        ("Please refund the rest of my order.", "en"),
        ("One of the items of my order is too small, please refund it.", "en"),
        ("The second one in my order is too small, please refund it.", "en"),
        ("Please cancel one item of my order.", "en"),
        ("Ich möchte einen Artikel meiner Bestellung zurückgeben.", "de"),
        ("Ich möchte etwas aus meiner Bestellung zurückgeben.", "de"),
        ("Je voudrais retourner un article de ma commande.", "fr"),
        ("Por favor reembolsen un artículo de mi pedido.", "es"),
    ],
)
def test_a_part_of_the_order_that_has_no_name_is_never_the_whole(text, language):
    assert WHICH in wish_in(text, language, order_in(language)).doubts


@pytest.mark.parametrize(
    "text",
    [
        "Please refund LO-48213.",
        "I ordered the wrong item. Please cancel my order.",
        "Please refund all items of my order.",
    ],
)
def test_an_order_named_by_its_number_alone_is_the_whole_of_it(text):
    wish = wish_in(text, "en", order_in())
    assert (wish.items, wish.doubts) == ((), ())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I would like to return my order.\n\nYours faithfully,\nP. Jenkins", "en"),
        ("Je voudrais retourner ma commande.\n\nMerci d'avance,\nPaul", "fr"),
        ("Ich möchte meine Bestellung vom 5. März stornieren. Danke und schöne Grüße, Tim", "de"),
    ],
)
def test_a_name_below_a_longer_closing_is_a_name(text, language):
    assert wish_in(text, language, order_in(language)).doubts == ()
