"""`flask evaluate refund` as a program: orders and mails in, what came of each out, nothing asked of a database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FIELDS = ["id", "state", "action", "order_number", "amount_minor", "reply", "reason"]
ACTIONS = {"none", "ask", "refuse", "hold", "refund", "return", "exchange", "cancel"}
ANA, BOB, EVE = "ana@customer.example", "bob@customer.example", "eve@stranger.example"
LAMP = {"sku": "LAMP-1", "name": "Desk lamp", "quantity": 1, "price_minor": 4990}
MUGS = {"sku": "MUG-1", "name": "Mug", "quantity": 2, "price_minor": 1500}
CAP = {"sku": "CAP-1", "name": "Cap", "quantity": 1, "price_minor": 2500}
SOFA = {"sku": "SOFA-1", "name": "Sofa", "quantity": 1, "price_minor": 90_000}


def order(number, email, *items, status="delivered", **others):
    return {
        "order_number": number, "customer_email": email, "status": status,
        "total_minor": sum(item["quantity"] * item["price_minor"] for item in items), "refunded_minor": 0,
        "currency": "EUR", "placed_at": "2026-02-20T10:00:00Z",
        "delivered_at": "2026-03-01T10:00:00Z" if status == "delivered" else None, "items": list(items), **others,
    }  # fmt: skip


ORDERS = [
    order("#W1001", ANA, LAMP, MUGS),
    order("#W1002", BOB, CAP, status="pending"),
    order("#W1003", ANA, SOFA),
    order("#W1004", ANA, CAP, delivered_at="2026-01-01T10:00:00Z", placed_at="2025-12-20T10:00:00Z"),
]


def mail(identity, conversation, text, sender=ANA, *, authenticated=True):
    return {
        "id": identity, "conversation": conversation, "sender": sender, "authenticated": authenticated, "text": text
    }  # fmt: skip


MAILS = [
    mail(1, "two mails", "I would like a refund for my whole order.", f"Ana Lopez <{ANA}>"),
    mail(2, "two mails", "It's #W1001"),
    mail(3, "again", "I would like a refund for my whole order W1001."),
    mail(4, "cancels", "Please cancel order #W1002.", BOB),
    mail(5, "a stranger", "Please cancel order #W1003.", EVE),
    mail(6, "a stranger", "Please cancel order #W1003 now.", EVE),
    mail(7, "nowhere", "Please cancel order #W9999.", EVE),
    mail(8, "not verified", "Please cancel order #W1002.", BOB, authenticated=False),
    mail(9, "much", "I want to return the sofa of order #W1003. It does not fit."),
    mail(10, "late", "I want to return the cap of order #W1004. It does not fit."),
    mail(11, "question", "Do you ship to Norway?"),
    mail(12, "cancels", "Any news on my refund?", BOB),
    mail(13, "unclear", "I want to return the sofa of order #W1003, but only if you pay the postage."),
]
NOW = "2026-03-10T00:00:00Z"


@pytest.fixture
def run(tmp_path):
    """The program over some orders and mails; returns the finished process and the rows it wrote."""

    def start(orders, mails, *options, policy=None):
        files = {name: tmp_path / f"{name}.jsonl" for name in ("orders", "mails", "out")}
        for name, rows in (("orders", orders), ("mails", mails)):
            lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
            files[name].write_text("\n".join(lines), encoding="utf-8")
        if policy is not None:
            (tmp_path / "policy.json").write_text(json.dumps(policy), encoding="utf-8")
            options = (*options, "--policy", str(tmp_path / "policy.json"))
        clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        done = subprocess.run(
            [sys.executable, "-m", "flask", "evaluate", "refund", "--orders", str(files["orders"]), "--requests",
             str(files["mails"]), "--output", str(files["out"]), *options],
            cwd=ROOT, env=clean, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        out = files["out"].read_text(encoding="utf-8") if files["out"].exists() else ""
        return done, [json.loads(line) for line in out.splitlines()]

    return start


def told(row):
    return row["state"], row["action"], row["order_number"], row["amount_minor"]


def test_the_whole_machine_is_played_through_over_a_file(run):
    done, rows = run(ORDERS, MAILS, "--now", NOW)
    assert done.returncode == 0, done.stderr
    assert all(list(row) == FIELDS and row["action"] in ACTIONS for row in rows)
    by = {row["id"]: row for row in rows}
    assert list(by) == [one["id"] for one in MAILS]
    assert told(by[1]) == ("order_wanted", "ask", None, None)
    assert told(by[2]) == ("executed", "refund", "#W1001", 7990)
    assert "refunded 79.90 EUR for your order #W1001" in by[2]["reply"]
    # The ledger has grown: nothing is left for the second.
    assert told(by[3]) == ("refused", "refuse", "#W1001", None)
    assert told(by[4]) == ("executed", "cancel", "#W1002", 2500)
    assert told(by[5]) == ("identity_wanted", "ask", "#W1003", None)
    assert told(by[6]) == ("person", "hold", "#W1003", None)
    assert told(by[7]) == ("order_wanted", "ask", None, None)
    assert told(by[8]) == ("identity_wanted", "ask", "#W1002", None)
    # A stranger reads the same, whether there is such an order or not, and whoever is on it.
    assert by[5]["reply"] == by[7]["reply"] == by[8]["reply"]
    assert told(by[9]) == ("eligible", "hold", "#W1003", None)
    assert "two people approve" in by[9]["reason"]
    assert told(by[10]) == ("refused", "refuse", "#W1004", None)
    assert "there are 30 days for it" in by[10]["reply"]
    assert told(by[11]) == (None, "none", None, None)
    assert told(by[12]) == ("executed", "none", "#W1002", None)
    assert "cancelled your order #W1002" in by[12]["reply"]
    assert by[13]["action"] == "hold"
    assert all(row["reply"] is None for row in rows if row["action"] == "hold")
    assert done.stdout.startswith("13 mails in ")
    assert "1 refund, 0 return, 0 exchange, 1 cancel; 0 lines left out." in done.stdout


def test_a_policy_of_a_file_decides_in_place_of_the_usual_one(run):
    policy = {"allowed": {"delivered": ["return"]}, "second_person_above": {"EUR": 1_000_000}}
    done, rows = run(ORDERS, [mail(1, "a", "I want to return the sofa of order #W1003.")], "--now", NOW, policy=policy)
    assert done.returncode == 0, done.stderr
    assert told(rows[0]) == ("executed", "return", "#W1003", 90_000)


def test_a_policy_that_is_none_is_named_and_nothing_is_played(run):
    done, rows = run(ORDERS, MAILS[:1], policy={"allowed": {"delivered": ["gift"]}})
    assert (done.returncode, rows) == (2, [])
    assert "allowed" in done.stderr


def test_lines_that_are_none_are_named_and_left_out(run):
    orders = ["no json", order("#W1", ANA, CAP), order("#w1", BOB, CAP), {**ORDERS[0], "total_minor": 1.5}]
    mails = [
        {"id": 1, "text": "hello"},
        {**mail(2, "a", "Hello"), "authenticated": "yes"},
        mail(3, "b", "Please cancel order #W1."),
        mail(None, "c", "Hello", ""),
    ]
    done, rows = run(orders, mails, "--now", NOW)
    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in rows] == [3, None]
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()] == [
        "orders.jsonl, line 1", "orders.jsonl, line 3", "orders.jsonl, line 4", "mails.jsonl, line 1",
        "mails.jsonl, line 2",
    ]  # fmt: skip
    assert "5 lines left out" in done.stdout


def test_the_input_is_never_overwritten(run, tmp_path):
    done, _ = run(ORDERS, MAILS[:1], "--output", str(tmp_path / "mails.jsonl"))
    assert done.returncode == 2
    assert "choose another name" in done.stderr
    assert "refund" in (tmp_path / "mails.jsonl").read_text()


def test_a_time_that_is_none_is_named(run):
    done, _ = run(ORDERS, MAILS[:1], "--now", "yesterday")
    assert done.returncode == 2
    assert "is no time like" in done.stderr
