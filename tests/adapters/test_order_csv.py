"""A shop's orders out of CSV: every row is an order or a sentence, whatever it holds."""

import csv
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.order_csv import NEEDED, BadRow, read_orders
from domain.errors import BadInput
from domain.money import Money
from domain.order import Order, OrderItem

FIELDS = (*NEEDED, "refunded_minor", "items", "customer_name", "tracking_url", "delivered_at", "status_at")
GOOD = {
    "order_number": "LO-1", "customer_email": "Anna@X.example", "status": "delivered", "currency": "eur",
    "total_minor": "4990", "placed_at": "2026-11-01", "refunded_minor": "", "customer_name": "Anna", "tracking_url": "",
    "items": '[{"sku": "A", "name": "Lamp", "quantity": 1, "price_minor": 4990, "final_sale": true}]',
    "delivered_at": "2026-11-03T10:00:00+01:00", "status_at": "",
}  # fmt: skip


def as_csv(*rows: dict[str, str], fields=FIELDS) -> StringIO:
    out = StringIO(newline="")
    writer = csv.DictWriter(out, fields)
    writer.writeheader()
    writer.writerows(rows)
    return StringIO(out.getvalue(), newline="")


def test_a_good_row_is_an_order():
    [order] = read_orders(as_csv(GOOD))
    assert isinstance(order, Order)
    assert (order.number, order.customer_email, order.total) == ("LO-1", "anna@x.example", Money(4990, "EUR"))
    assert order.items == (OrderItem("A", "Lamp", 1, 4990, final_sale=True),)
    assert order.placed_at.isoformat() == "2026-11-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("total_minor", "49.90", "total_minor must be a whole number of cents, not '49.90'."),
        ("total_minor", "9" * 5000, "must be a whole number of cents"),
        ("refunded_minor", "5000", "from 0 up to the total"),
        ("status", "lost", "The status 'lost' is none of pending"),
        ("currency", "€", "three letters like EUR, not '€'"),
        ("placed_at", "yesterday", "'yesterday' is no time: write it like 2026-11-02T14:30:00Z."),
        ("customer_email", "anna", "It needs an order number and the customer's mail address."),
        ("order_number", " # ", "It needs an order number"),
        ("order_number", "9" * 101, "at most 100 characters"),
        ("customer_name", "a\0b", "a character that cannot be stored"),
        ("items", "[{", "The items must be a JSON list."),
        ("items", "[" * 100_000, "The items must be a JSON list."),
        ("items", '{"sku": "A"}', "The items must be a JSON list."),
        ("items", '[{"sku": "A", "price": 1}]', "An item has sku, name, quantity, price_minor"),
        ("items", '[{"sku": "A", "name": "L", "quantity": true, "price_minor": 1}]', "are whole numbers from 0"),
        ("items", '[{"sku": "A", "name": "L", "quantity": -1, "price_minor": 1}]', "are whole numbers from 0"),
        ("items", '[{"sku": "A", "name": ["L"], "quantity": 1, "price_minor": 1}]', "are texts"),
        ("items", r'[{"sku": "A", "name": "\ud800", "quantity": 1, "price_minor": 1}]', "are texts"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_leaves_the_others(field, value, said):
    first, bad, last = read_orders(as_csv(GOOD, {**GOOD, field: value}, {**GOOD, "order_number": "LO-2"}))
    assert (first.number, last.number) == ("LO-1", "LO-2")
    assert bad.line == 3
    assert said in bad.reason


def test_rows_of_another_length_than_the_heading_are_bad():
    heading = ",".join(NEEDED)
    rows = list(read_orders(StringIO(f"{heading}\nLO-1,a@x.example\n" + ",".join("x" * 9) + "\n", newline="")))
    assert [row.line for row in rows] == [2, 3]
    assert {row.reason for row in rows} == {"It has more or fewer fields than the heading."}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The heading lacks: currency, customer_email"),
        (b"a,b\n1,2\n", "The heading lacks"),
        (b"PK\x03\x04\xff\xfe\x00", "It is not UTF-8 text"),
        (",".join(NEEDED).encode() + b'\n"' + b"x" * 200_000 + b'"\n', "Near line"),
    ],
)
def test_what_is_no_order_list_is_refused_with_a_sentence(content, said):
    lines = TextIOWrapper(BytesIO(content), encoding="utf-8-sig", newline="")
    with pytest.raises(BadInput, match=said):
        list(read_orders(lines))


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(st.characters(codec="utf-8"), max_size=40)))
def test_whatever_stands_in_a_row_it_is_an_order_or_a_sentence(fields):
    for row in read_orders(as_csv({**GOOD, **fields})):
        assert isinstance(row, Order) or (isinstance(row, BadRow) and row.reason.endswith("."))
