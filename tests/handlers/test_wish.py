"""What is read out of ordinary mails, exactly, and which mails raise a doubt."""

import json
from pathlib import Path

import pytest

from domain.order_action import Action, WantedItem
from domain.request import Reason, Wish
from tests.handlers.wishing import order_in, wish_in

ROWS = [json.loads(line) for line in Path(__file__).with_name("wishes.jsonl").read_text(encoding="utf-8").splitlines()]
ORDINARY = [row for row in ROWS if not row["doubt"]]
DOUBTFUL = [row for row in ROWS if row["doubt"]]


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


def test_the_checked_mails_are_of_four_languages_and_five_actions():
    assert {row["language"] for row in ROWS} == {"en", "de", "fr", "es"}
    assert {row["action"] for row in ORDINARY} == {*Action, None}
    assert {row["reason"] for row in ORDINARY} == {*Reason, None}
