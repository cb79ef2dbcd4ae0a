"""`flask orders import`: what a row may say, and what becomes of rows that say something else."""

import json
import os
import pty
import subprocess
import sys
from dataclasses import replace

import pytest

from adapters.order_csv import BadRow, GoodRow
from commands.demo import environment
from commands.importing import save_orders
from commands.order_file import read_orders
from domain.errors import BadInput
from domain.order import OrderItem
from storage import orders
from tests.commands.test_upkeep import ROOT, flask
from tests.support.refunds import enter

COLUMNS = (
    "order_number,customer_email,status,currency,total_minor,placed_at,items,refunded_minor,delivered_at,tracking_url"
)
LAMP = {"sku": "LAMP-1", "name": "Brass lamp", "quantity": 1, "price_minor": 4990}


@pytest.fixture
def write(tmp_path):
    def written(*rows, columns=COLUMNS):
        file = tmp_path / "orders.csv"
        file.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
        return file

    return written


def row(number="A-1", **changed):
    usual = {
        "order_number": number, "customer_email": "Anna@X.example", "status": "Delivered", "currency": "eur",
        "total_minor": 4990, "placed_at": "2026-11-01", "items": "", "refunded_minor": "", "delivered_at": "",
        "tracking_url": "https://parcels.example/1",
    }  # fmt: skip
    cells = {**usual, **changed}
    return ",".join('"' + str(cells[name]).replace('"', '""') + '"' for name in COLUMNS.split(","))


def only(file):
    (found,) = read_orders(file)
    return found


def test_a_row_is_an_order_with_its_items_category_and_final_sale(write):
    items = json.dumps(
        [{**LAMP, "category": "lamps", "final_sale": True}, {"sku": "B", "quantity": 2, "price_minor": 0}]
    )
    order = only(write(row(items=items, delivered_at="2026-11-03T10:00:00+02:00"))).order
    assert order.items == (
        OrderItem("LAMP-1", "Brass lamp", 1, 4990, "lamps", final_sale=True),
        OrderItem("B", "", 2, 0),
    )
    assert (order.status, str(order.total), order.customer_email) == ("delivered", "49.90 EUR", "anna@x.example")
    assert (order.placed_at.isoformat(), order.delivered_at.isoformat()) == (
        "2026-11-01T00:00:00+00:00",
        "2026-11-03T10:00:00+02:00",
    )
    assert order.tracking_url == "https://parcels.example/1"


def test_items_may_be_written_without_json(write):
    order = only(write(row(items=" LAMP-1 | Brass lamp | 1 | 4990 | lamps | final sale; B | Bulb | 3 | 500 ;"))).order
    assert order.items == (
        OrderItem("LAMP-1", "Brass lamp", 1, 4990, "lamps", final_sale=True),
        OrderItem("B", "Bulb", 3, 500),
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"items": "[{"}, "neither JSON"),
        ({"items": '{"sku": "A"}'}, "must be a JSON list"),
        ({"items": '["A"]'}, "must be a JSON list"),
        ({"items": '[{"sku": "A"}]'}, "lacks price_minor, quantity"),
        ({"items": json.dumps([{**LAMP, "colour": "red"}])}, "no field colour"),
        ({"items": json.dumps([{**LAMP, "quantity": "1"}])}, "quantity cannot be '1'"),
        ({"items": json.dumps([{**LAMP, "quantity": True}])}, "quantity cannot be True"),
        ({"items": json.dumps([{**LAMP, "final_sale": "no"}])}, "final_sale cannot be 'no'"),
        ({"items": json.dumps([{**LAMP, "quantity": 0}])}, "one piece at least"),
        ({"items": json.dumps([{**LAMP, "price_minor": -1}])}, "0 or more"),
        ({"items": json.dumps([{**LAMP, "sku": " "}])}, "needs a number"),
        ({"items": "LAMP-1 | Brass lamp | one | 4990"}, "is not `number"),
        ({"items": "LAMP-1, 2 pieces"}, "is not `number"),
        ({"currency": "EURO"}, "three letters"),
        ({"placed_at": "yesterday"}, "placed_at must be a date"),
        ({"placed_at": ""}, "placed_at must be a date"),
        ({"delivered_at": "32.13.2026"}, "delivered_at must be a date"),
        ({"refunded_minor": 4991}, "from 0 up to the total"),
        ({"total_minor": "49.90"}, "whole number of cents"),
        ({"total_minor": "9" * 30}, "whole number of cents"),
        ({"customer_email": "anna"}, "mail address"),
        ({"order_number": "#"}, "order number"),
        ({"status": "lost"}, "none of pending"),
    ],
)
def test_what_is_wrong_with_a_row_is_one_sentence_with_its_line(write, changed, words):
    bad, good = read_orders(write(row(**changed), row("A-2")))
    assert isinstance(bad, BadRow)
    assert (bad.line, words in bad.reason) == (2, True), bad.reason
    assert isinstance(good, GoodRow)
    assert good.line == 3


def test_a_row_with_too_few_or_too_many_cells_is_left_out(write):
    few, many = read_orders(write("A-1,anna@x.example", row() + ",more"))
    assert "currency" in few.reason
    assert many.reason == "It has more cells than the heading."
    assert only(write(row(customer_email="a\x00@x.example"))).reason == "It has a NUL character."


def test_a_cell_without_an_end_is_one_sentence(write):
    with pytest.raises(BadInput, match="is no CSV"):
        list(read_orders(write(row(items="x" * 200_000))))


def test_a_row_below_what_was_paid_back_is_a_bad_row_and_the_others_are_stored(services, workspace, write):
    first = save_orders(services, workspace.id, write(row(), row("A-2")))
    assert first == (2, [])
    with services.database.transaction(workspace.id) as db:
        enter(db, workspace.id, "promised", 3000, "A-1")
    added, bad = save_orders(
        services,
        workspace.id,
        write(row(total_minor=2999), row("A-2", status="lost"), row("A-3"), row(total_minor=3000)),
    )
    assert (added, [one.line for one in bad]) == (2, [2, 3])
    assert bad[0].reason.endswith("the order stays as it was.")
    with services.database.transaction(workspace.id) as db:
        order = orders.find(db, workspace.id, "A-1")
    assert (order.total.minor, order.refunded.minor) == (3000, 3000)


def test_importing_a_file_again_changes_nothing_but_when_it_was_told(services, workspace, write):
    file = write(row(items=json.dumps([LAMP])), row("#a-1", total_minor=5000))
    assert save_orders(services, workspace.id, file) == (2, [])
    with services.database.transaction(workspace.id) as db:
        before = orders.find(db, workspace.id, "A-1")
    assert before.total.minor == 5000, "the later row of one number counts"
    assert save_orders(services, workspace.id, file) == (2, [])
    with services.database.transaction(workspace.id) as db:
        assert orders.find(db, workspace.id, "A-1").as_of > before.as_of
        assert replace(orders.find(db, workspace.id, "A-1"), as_of=before.as_of) == before


def test_the_command_names_what_it_left_out_and_says_no_progress_into_a_file(settings, workspace, write):
    done = flask(settings, "orders", "import", str(write(row(), row("A-2", status="lost"))), "--tenant", workspace.slug)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 orders imported, 1 rows left out.\n"
    assert done.stderr.startswith("line 3: The status 'lost' is none of")
    assert "read" not in done.stderr


def test_on_a_terminal_it_says_how_far_it_is(settings, workspace, write):
    file = write(*(row(f"A-{number}") for number in range(1200)))
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "flask", "orders", "import", str(file), "--tenant", workspace.slug],
        cwd=ROOT, env=environment(settings), stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=120,
    )  # fmt: skip
    os.close(theirs)
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "500 orders read, up to line 501" in said
    assert "1000 orders read, up to line 1001" in said
    assert done.stdout == b"1200 orders imported, 0 rows left out.\n"
