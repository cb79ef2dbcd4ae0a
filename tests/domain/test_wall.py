import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import Address
from domain.supplier import Directory, Purpose, Supplier
from domain.wall import Customer, misdirected, told_to_customer, told_to_supplier

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
