"""What a customer is told of a supplier's answer: never anything of the supplier's, whatever their mail says."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import wall
from domain.message import Address
from domain.supplier import Directory, Purpose, Supplier
from domain.supplier_news import Status, SupplierNews
from handlers.supplier_news import told
from understanding.supplier_news import news_in

NORTH = Supplier("Nordwind GmbH", (), ("jo@nord.example",))
ACME = Supplier("Acme Möbel", ("acme.example",), ("jo@gmail.com",), {Purpose.RETURNS: "returns@acme.example"})
DIRECTORY = Directory((ACME, NORTH))
ANNA = Address("anna@customer.example", "Anna")
PURCHASES = ("D400000001",)
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
LINK = "https://parcels.example/track/1"
ALL = SupplierNews(Status.DISPATCHED, date(2026, 12, 3), None, LINK)
TOLD = {
    "en": ("The goods have been sent.", "03 December 2026"),
    "de": ("Die Ware wurde versandt.", "03.12.2026"),
    "fr": ("La marchandise a été expédiée.", "03/12/2026"),
    "es": ("La mercancía ha sido enviada.", "03/12/2026"),
}


@pytest.mark.parametrize("language", TOLD)
def test_it_says_what_was_taken_in_the_customers_language(language):
    letter = told(ALL, ANNA, language, DIRECTORY, PURCHASES)
    assert all(part in letter for part in (*TOLD[language], LINK, "Anna"))


@pytest.mark.parametrize("language", TOLD)
@pytest.mark.parametrize("status", Status)
def test_every_status_has_its_words(language, status):
    assert told(SupplierNews(status, leaves=date(2026, 12, 1)), ANNA, language, DIRECTORY, ())


def test_nothing_is_drafted_where_there_is_nothing_to_say_or_nobody_to_say_it_to():
    assert told(SupplierNews(), ANNA, "en", DIRECTORY, ()) == ""
    assert told(ALL, ANNA, "it", DIRECTORY, ()) == told(ALL, ANNA, "", DIRECTORY, ()) == ""
    assert told(ALL, Address("returns@acme.example"), "en", DIRECTORY, ()) == ""


@pytest.mark.parametrize(
    "link",
    [
        "https://acme.example/track/1", "https://track.acme.example/1", "https://parcels.example/track?for=D400000001",
        "https://parcels.example/track/xD400000001y", "https://parcels.example/track/acme-mobel",
        "https://acmemobel.parcels.example/track", "https://parcels.example/track?to=returns@acme.example",
        "https://parcels.example/track?to=%41cme%20M%C3%B6bel", "https://parcels.example/track/%61cme%6dobel",
        "https://parcels.example/%44400%30%300001",
        "https://parcels.example/%2544400000001", "https://xn--acmembel-r4a.parcels.example/track",
        "https://xn--acme-mbel-57a.example/track", "https://parcels.example/track/acmemoebel-shop",
        "https://parcels.example/track/nordwindshipping",
    ],
)  # fmt: skip
def test_a_link_that_shows_whose_it_is_is_left_out(link):
    letter = told(SupplierNews(Status.DISPATCHED, tracking=link), ANNA, "en", DIRECTORY, PURCHASES)
    assert letter
    assert "https" not in letter


def test_a_supplier_whose_name_is_a_word_of_the_letter_gives_none():
    assert told(ALL, ANNA, "en", Directory((Supplier("Customer Service", ("c.example",)),)), ()) == ""


def suppliers_texts() -> list[str]:
    """Every text of the demonstration shop's mailbox that is a supplier's, and each part of those of the mix."""
    shop = Path("demonstration_shop")
    expected = json.loads((shop / "expected.json").read_text(encoding="utf-8"))
    names = [name for name, row in expected.items() if isinstance(row, dict) and row.get("category") == "supplier"]
    files = [file for name in names for file in shop.rglob(f"{name}.*")]
    mixed = [file.read_text(encoding="utf-8") for file in sorted(Path("sandbox/mix_texts").glob("*.toml"))]
    return [file.read_text(encoding="utf-8") for file in files] + [
        part for text in mixed for part in text.split("\n\n")
    ]


def test_there_are_texts_of_suppliers_to_try():
    assert len(suppliers_texts()) > 20


HOSTILE = st.lists(
    st.sampled_from([
        "Acme Möbel", "ACME MOBEL", "returns@acme.example", "D400000001", "https://acme.example/track/1",
        "It was shipped.", "Track it:", LINK, "https://parcels.example/track/D400000001", "Price: 12.00 EUR.",
        "arrives on 3 December", "is out of stock", "{url}", "{name}", "\n", "Sent by Acme", "jo@gmail.com",
        "https://parcels.example/track/ac\u200bme-mobel", "https://parcels.example/track?n=Acme%20M",
    ]),
    max_size=14,
).map(" ".join)  # fmt: skip


def of_nothing_but_templates(letter: str, news: SupplierNews, language: str) -> bool:
    """Whether every letter is of the fixed sentences but for the facts: the same facts give the same letter."""
    return letter in {
        told(news, ANNA, language, Directory(), ()),
        told(SupplierNews(news.status, news.arrives, news.leaves), ANNA, language, Directory(), ()),
    }


@given(st.one_of(HOSTILE, st.sampled_from(suppliers_texts()), st.text(max_size=300)), st.sampled_from(sorted(TOLD)))
def test_nothing_of_a_suppliers_is_in_any_customers_draft(text, language):
    news = news_in(text, language, NOW, verified=True)
    letter = told(news, ANNA, language, DIRECTORY, PURCHASES)
    assert wall.told_to_customer(letter, DIRECTORY, PURCHASES) == ""
    assert not letter or of_nothing_but_templates(letter, news, language)
    assert "12.00" not in letter
