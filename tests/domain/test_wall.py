import json
import tomllib
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import Address
from domain.supplier import Directory, Purpose, Supplier
from domain.wall import Customer, amounts_of, misdirected, told_to_customer, told_to_supplier
from settings import ROOT

ACME = Supplier("Acme Möbel", ("acme.example",), ("jo@gmail.com",), {Purpose.RETURNS: "returns@acme.example"})
DIRECTORY = Directory((ACME, Supplier("Oy", ("oy.example",))))
ANA = Customer(("Ana López", "Ana"), ("ana.lopez@mail.example",))


@pytest.mark.parametrize(
    ("address", "for_supplier", "stopped"),
    [
        ("returns@acme.example", False, True),
        ("anyone@mail.acme.example", False, True),
        ("jo+x@gmail.com", False, True),
        ("returns@acme.example", True, False),
        ("ana@mail.example", False, False),
        ("ana@mail.example", True, False),
    ],
)
def test_what_is_meant_for_a_customer_never_reaches_a_supplier(address, for_supplier, stopped):
    assert bool(misdirected(Address(address), DIRECTORY, for_supplier=for_supplier)) is stopped


@pytest.mark.parametrize(
    "text",
    [
        "We have asked ACME MOBEL.",
        "acme\nmöbel will send it.",
        "A\u200bcme M\u00f6bel said so.",
        "\u0410cme M\u043ebel said so.",
        "Write to returns@acme.example.",
        "See https://acme.example/track?x=1",
        "Ask shop@ACME.example!",
        "jo@gmail.com knows.",
        "Our order D400000001 is late.",
    ],
)
def test_nothing_of_a_suppliers_is_told_to_a_customer(text):
    assert told_to_customer(text, DIRECTORY, ("D400000001",))


@pytest.mark.parametrize(
    "text",
    [
        "Your lamp is on its way.",
        "Acme is no name of a supplier here, Möbel are furniture.",
        "Write to ana@notacme.example or acme.example.org.",
        "Oy, that is short.",
        "The number XD4000000012 is another.",
        "",
    ],
)
def test_what_is_not_a_suppliers_may_be_told(text):
    assert told_to_customer(text, DIRECTORY, ("D400000001",)) == ""


@pytest.mark.parametrize(
    "link",
    [
        "https://go.example/?u=%41cme%20M%C3%B6bel", "https://go.example/?u=%61cme.example", "https://go.example/%44400000001",
        "https://go.example/?u=https%253A%252F%252Facme%252Eexample", "https://xn--acme-mbel-57a.shop.example/",
    ],
)  # fmt: skip
def test_nothing_of_a_suppliers_is_told_in_what_a_link_encodes(link):
    assert told_to_customer(f"Look: {link}", DIRECTORY, ("D400000001",))


@pytest.mark.parametrize("text", ["50%ab off", "100 % wool", "xn--", "xn--\u20ac", "%ff%fe", "xn--999999999"])
def test_what_only_looks_encoded_is_nobodys(text):
    assert told_to_customer(text, DIRECTORY, ("D400000001",)) == ""


def test_nothing_of_a_customers_is_told_to_a_supplier():
    assert told_to_supplier("ANA LOPEZ waits for it.", ANA) == "It names the customer Ana López."
    assert "ana.lopez@mail.example" in told_to_supplier("Mail <Ana.Lopez@mail.example>, please.", ANA)
    assert told_to_supplier("Ana from our office asks: where is D400000001?", ANA) == ""
    assert told_to_supplier("juana.lopez@mail.example", ANA) == ""


@given(st.text(), st.text())
def test_any_text_and_any_name_can_be_looked_at(text, name):
    directory = Directory((Supplier(name, (name,), (name,)),))
    told_to_customer(text, directory, (name,))
    told_to_supplier(text, Customer((name,), (name,)))
    assert told_to_customer(f"x Acme {text}", Directory((Supplier("Acme"),))) != ""


NUMBER = "D400000001"
COSTS = amounts_of("We charge you 12.40 EUR and 1,250.00 EUR.")
ITEMS = ("Acme Möbel", "acme.example", "jo@gmail.com", "returns@acme.example", NUMBER)
PEOPLE = ("Ana López", "ana.lopez@mail.example")

# What a writer, a mail program or somebody who hides a word puts between two of its letters, and around it.
BETWEEN = ("", "", "", "\u200b", "\u00ad", "\u2060", "*", "**", "_", "`", "\n", "\\")
AFTER_LETTER = ("", "", "", "\u0301", "\u0308")
AROUND = (" ", "\n", "**", "_", "> ", "(", ") ", " “", "\n\n- ", ", ", ".\n")


@st.composite
def hidden(draw, items):
    """A letter with one of these in it, in any case, with accents, marks of layout, line breaks, unseen characters."""
    item = draw(st.sampled_from(items))
    letters = []
    for letter in item:
        shown = letter.upper() if draw(st.booleans()) else letter.lower()
        if letter == " ":
            shown = draw(st.sampled_from((" ", "  ", "\n", " *", "\u00a0")))
        elif letter.isalpha():
            shown += draw(st.sampled_from(AFTER_LETTER))
        letters.append(shown + draw(st.sampled_from(BETWEEN)))
    before, after = draw(st.sampled_from(AROUND)), draw(st.sampled_from(AROUND))
    return f"Dear Anna,\n\nyour lamp comes from{before}{''.join(letters)}{after}this week.\n\nKind regards"


@given(hidden(ITEMS))
def test_whatever_hides_it_nothing_of_a_suppliers_is_told_to_a_customer(text):
    assert told_to_customer(text, DIRECTORY, (NUMBER,))


@given(hidden(PEOPLE))
def test_whatever_hides_it_nothing_of_a_customers_is_told_to_a_supplier(text):
    assert told_to_supplier(text, ANA)


@pytest.mark.parametrize(
    "text",
    [
        "It costs us 12.40 EUR.", "for 12,40 €", "€12.40", "EUR 1.250,00", "**12.40** EUR", "1\u200b2.40 EUR",
        "12.40\nEuro", "$12.40",
    ],
)  # fmt: skip
def test_what_a_supplier_charges_is_not_told_to_a_customer(text):
    assert "only a supplier wrote" in told_to_customer(text, DIRECTORY, (), COSTS)


@pytest.mark.parametrize("text", ["It is 12.41 EUR.", "12.40 USD", "in 12 days", "12.40", "article 1250"])
def test_other_amounts_and_numbers_without_money_may_be_told(text):
    currency = tuple(one for one in COSTS if one.currency == "EUR")
    assert told_to_customer(text, DIRECTORY, (), currency) == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Acme Möbel GmbH & Co. KG", "Acme Möbel told us."),
        ("Acme Möbel GmbH", "ACME MOEBEL said so."),
        ("Northmill Ltd.", "northmill sends it"),
        ("A.C.M.E. Corp", "from ACME"),
        ("O'Brien Lamps", "O’Brien lamps"),
    ],
)
def test_a_supplier_is_named_with_or_without_its_legal_form(name, text):
    assert told_to_customer(text, Directory((Supplier(name),)))


def test_a_legal_form_alone_names_nobody():
    assert told_to_customer("It is a GmbH, limited to two.", Directory((Supplier("GmbH"), Supplier("Limited")))) == ""


@pytest.mark.parametrize("text", ["López Ana", "López, Ana", "Frau López", "Mrs. LOPEZ waits"])
def test_a_customer_is_named_in_either_order_and_after_a_title(text):
    assert told_to_supplier(text, ANA)


@pytest.mark.parametrize(
    "text", ["*" * 20_000, "a" + "\n    " * 5_000, " " * 20_000, "acme" * 5_000, "a-\n" * 6_000, "d4" * 9_000]
)  # fmt: skip
def test_no_text_keeps_the_wall_busy(text):
    """Each of these would take minutes where one text could be looked at in more than one way."""
    assert told_to_customer(text, DIRECTORY, (NUMBER,), COSTS) == ""


def _said() -> list[str]:
    """Every sentence of ours that may stand in a mail, and every document of the demonstration shop."""

    def strings(value):
        if isinstance(value, str):
            return [value]
        return list(chain.from_iterable(map(strings, value.values() if isinstance(value, dict) else value)))

    wording = ROOT / "handlers" / "wording"
    ours = [strings(json.loads(file.read_text())) for file in sorted(wording.glob("*.json"))]
    ours += [strings(tomllib.loads(file.read_text())) for file in sorted(wording.glob("*.toml"))]
    return [*chain.from_iterable(ours), *(file.read_text() for file in sorted((ROOT / "knowledge_base").rglob("*.md")))]


def test_nothing_of_our_own_words_or_of_the_demonstration_documents_is_taken_for_a_suppliers():
    accounts = json.loads((ROOT / "demonstration_shop" / "accounts.json").read_text())
    listed = [one for one in accounts if one["role"] == "supplier"]
    mixed = [
        {"name": name, "email": email}
        for file in sorted((ROOT / "sandbox" / "mix_texts").glob("*.toml"))
        for name, email in tomllib.loads(file.read_text())["suppliers"]
    ]
    directory = Directory(
        tuple(
            Supplier(one["name"], (one["email"].partition("@")[2],), (), {Purpose.GENERAL: one["email"]})
            for one in (*listed, *mixed)
        )
    )
    texts = _said()
    assert (len(directory.suppliers), len(texts) > 500) == (14, True)
    assert [wrong for one in texts if (wrong := told_to_customer(one, directory, (NUMBER,), COSTS))] == []
    # The control: the same texts with one name in each are all stopped.
    assert all(told_to_customer(f"{one}\n{listed[0]['name']}", directory) for one in texts)
