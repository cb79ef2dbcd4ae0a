"""How agreement with a written policy is counted: on rows made here, right and wrong ones."""

import json

from evaluation import order_cases
from evaluation.order_cases import Count, measure


def row(status, *allowed, paid=12.3):
    return {"order_id": "#1", "email": "a@b.example", "status": status, "paid": paid, "allowed": list(allowed)}


RIGHT = [
    row("pending", "cancel_order", "change_address"), row("delivered", "return", "exchange"), row("processed"),
    row("cancelled"),
]  # fmt: skip


def test_what_is_granted_agrees_with_what_the_policy_says():
    assert measure(RIGHT) == Count(4, 4, 0)


def test_what_is_granted_and_not_allowed_is_counted_as_outside():
    assert measure([row("delivered", "return"), row("pending")]) == Count(2, 0, 2)


def test_what_is_allowed_and_not_granted_is_no_agreement():
    assert measure([row("processed", "return"), *RIGHT]) == Count(5, 4, 0)
    assert measure([row("delivered", "return", "exchange", paid=0)]) == Count(1, 0, 0)


def test_the_command_says_the_counts_and_whether_all_agree(tmp_path, capsys):
    file = tmp_path / "refund" / "order_cases.jsonl"
    file.parent.mkdir()
    for rows, code in ((RIGHT, 0), ([row("pending")], 1)):
        file.write_text("".join(f"{json.dumps(one)}\n" for one in rows))
        assert order_cases.main([str(file)]) == code
    assert capsys.readouterr().out == "order cases: 4, agree 4, outside 0\norder cases: 1, agree 0, outside 1\n"
    order_cases.report(tmp_path)
    assert capsys.readouterr().out == "\norder cases: 1, agree 0, outside 1\n"
    order_cases.report(tmp_path / "elsewhere")
    assert capsys.readouterr().out == ""
    assert order_cases.main([]) == 2
