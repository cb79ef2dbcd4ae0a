"""A shop's orders out of CSV: every row is an order or a sentence, whatever it holds."""

import csv
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.order_csv import NEEDED, BadRow, GoodRow, read_orders
from domain.errors import BadInput

FIELDS = (*sorted(NEEDED), "refunded_minor", "items", "customer_name", "tracking_url", "delivered_at", "status_at")
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


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("total_minor", "9" * 5000, "must be a whole number of cents"),
        ("order_number", "9" * 101, "A number has at most 100 characters"),
        ("customer_email", "a@" + "x" * 400, "an address 320"),
        ("customer_name", "a\0b", "It has a NUL character."),
        ("items", "[" * 100_000, "The items are neither JSON nor"),
        ("items", r'[{"sku": "A", "name": "\ud800", "quantity": 1, "price_minor": 1}]', "An item's name cannot be"),
        ("placed_at", "0001-01-01T00:00:00+14:00", "placed_at must be a date"),
        ("delivered_at", "9999-12-31T23:59:59-12:00", "delivered_at must be a date"),
        ("items", f"A | L | {'9' * 5000} | 1", "is not `number | name | pieces | price in cents`"),
    ],
)
def test_a_hostile_row_is_named_by_its_line_and_leaves_the_others(field, value, said):
    first, bad, last = read_orders(as_csv(GOOD, {**GOOD, field: value}, {**GOOD, "order_number": "LO-2"}))
    assert (first.order.number, last.order.number) == ("LO-1", "LO-2")
    assert bad.line == 3
    assert said in bad.reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The heading lacks: currency, customer_email"),
        (b"a,b\n1,2\n", "The heading lacks"),
        (b"PK\x03\x04\xff\xfe\x00", "It is not UTF-8 text"),
        (",".join(sorted(NEEDED)).encode() + b'\n"' + b"x" * 200_000 + b'"\n', "Line 1 is no CSV"),
    ],
)
def test_what_is_no_order_list_is_refused_with_a_sentence(content, said):
    lines = TextIOWrapper(BytesIO(content), encoding="utf-8-sig", newline="")
    with pytest.raises(BadInput, match=said):
        list(read_orders(lines))


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(st.characters(codec="utf-8"), max_size=40)))
def test_whatever_stands_in_a_row_it_is_an_order_or_a_sentence(fields):
    for row in read_orders(as_csv({**GOOD, **fields})):
        assert isinstance(row, GoodRow) or (isinstance(row, BadRow) and row.reason.endswith("."))
