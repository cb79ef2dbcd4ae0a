"""The rows of `flask evaluate refund`: who is taken for the writer, and which rows are none."""

from datetime import UTC, datetime

import pytest

from commands.evaluate_refund_rows import Mailed, mailed, moment_of, ordered
from commands.json_lines import BadLine

ORDER = {
    "line": 1, "order_number": "#W1", "status": "delivered", "total_minor": 100, "currency": "EUR",
    "placed_at": "2026-03-01T00:00:00Z",
}  # fmt: skip


def mail(**others):
    row = {"line": 1, "id": 1, "conversation": "a", "sender": "ana@customer.example", "authenticated": True, "text": ""}
    return mailed({**row, **others})


def sender_of(written):
    read = mail(sender=written)
    assert isinstance(read, Mailed)
    return read.message.sender.address if read.message.sender else None


@pytest.mark.parametrize(
    "written",
    [
        "eve@stranger.example, ana@customer.example",
        "Eve <eve@stranger.example>, Ana <ana@customer.example>",
        "Ana <ana@customer.example>, Eve <eve@stranger.example>",
        "<eve@stranger.example> <ana@customer.example>",
        "eve@stranger.example <ana@customer.example>",
        "eve@stranger.example\n<ana@customer.example>",
        "Eve, Ana <ana@customer.example>",
        "@",
        "ana@customer",
        "Ana",
        "",
        # Made small, the sign for kelvin is a k.
        "\u212aim@customer.example",
        "Kim <\u212aim@customer.example>",
    ],
)
def test_a_from_line_that_names_several_or_nobody_clearly_has_no_writer(written):
    assert sender_of(written) is None


@pytest.mark.parametrize(
    "written",
    ["ana@customer.example", "ANA@Customer.example", "Ana <ana@customer.example>", '"Eve, A." <ana@customer.example>'],
)
def test_one_address_is_the_writer_whatever_the_name_says(written):
    assert sender_of(written) == "ana@customer.example"


def test_a_name_that_is_an_address_proves_nothing():
    assert sender_of('"ana@customer.example" <eve@stranger.example>') == "eve@stranger.example"


def test_a_number_and_a_text_name_two_conversations():
    seven, text = mail(conversation=7), mail(conversation="7")
    assert isinstance(seven, Mailed)
    assert isinstance(text, Mailed)
    assert seven.conversation != text.conversation
    assert isinstance(mail(conversation=True), BadLine)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1492-10-12", "soon"])
@pytest.mark.parametrize("field", ["placed_at", "delivered_at"])
def test_a_day_that_cannot_be_counted_is_named(moment, field):
    read = ordered({**ORDER, field: moment})
    assert isinstance(read, BadLine)
    assert read.reason == f'"{field}" must be a time like 2026-03-01T12:00:00Z.'


def test_moments_are_utc():
    assert moment_of("2026-03-01T12:00:00+02:00") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert moment_of("2026-03-01").tzinfo is UTC
