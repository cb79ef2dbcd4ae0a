"""Orders and what a written policy allows for each, put to the rules: `python -m evaluation.order_cases FILE`."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.money import Money
from domain.order import Order
from domain.order_action import Action
from domain.refund_policy import RefundPolicy
from domain.refund_rules import Outcome, Request, judge

# The file's words for what we do as well. Changes of an order are none of them.
ACTIONS = {"cancel_order": Action.CANCEL, "return": Action.RETURN, "exchange": Action.EXCHANGE}

# As the policy behind the file is written: nothing but the status decides.
POLICY = RefundPolicy(
    allowed={"pending": frozenset({Action.CANCEL}), "delivered": frozenset({Action.RETURN, Action.EXCHANGE})},
    window_days={},
    evidence_for=frozenset(),
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Count:
    """`agree` counts orders for which exactly the allowed actions are granted, `outside` granted ones that are not."""

    orders: int = 0
    agree: int = 0
    outside: int = 0

    def __str__(self) -> str:
        return f"order cases: {self.orders}, agree {self.agree}, outside {self.outside}"


def measure(rows: Iterable[Mapping[str, Any]]) -> Count:
    """Ask for every action on each order. What is granted counts as what would be done, whatever was asked for."""
    orders = agree = outside = 0
    for row in rows:
        granted = _granted(_order(row))
        allowed = {ACTIONS[word] for word in row["allowed"] if word in ACTIONS}
        orders += 1
        agree += granted == allowed
        outside += len(granted - allowed)
    return Count(orders, agree, outside)


def report(data: Path) -> None:
    """Print the counts for the file of that name below `data`, where it lies there."""
    file = data / "refund" / "order_cases.jsonl"
    if file.is_file():
        print(f"\n{measure(_rows(file))}")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("python -m evaluation.order_cases FILE", file=sys.stderr)
        return 2
    count = measure(_rows(Path(arguments[0])))
    print(count)
    return 0 if count.agree == count.orders and not count.outside else 1


def _granted(order: Order) -> set[Action]:
    verdicts = [judge(Request(action), order, POLICY, NOW) for action in Action]
    return {verdict.action for verdict in verdicts if verdict.outcome is Outcome.ELIGIBLE}


def _order(row: Mapping[str, Any]) -> Order:
    paid = Money(int(Decimal(str(row["paid"])).scaleb(2).to_integral_value()), "USD")
    return Order(row["order_id"], row["email"], row["status"], paid, Money(0, "USD"), placed_at=NOW)


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
