"""A refund policy in plain words, line by line: to be read, and to be compared with another one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.money import Money
from domain.order import ORDER_STATUSES
from domain.order_action import Action
from domain.refund_policy import RefundPolicy, Rule
from domain.request import Reason
from web.refund_words import ACTIONS, REASONS, RULES


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a policy says."""

    about: str
    says: str


@dataclass(frozen=True, slots=True)
class Change:
    about: str
    before: str
    now: str


def points(policy: RefundPolicy) -> tuple[Point, ...]:
    """Everything that the policy says, in the order of its form."""
    return (
        *(Point(f"An order that is {one}", _actions(policy, one)) for one in ORDER_STATUSES),
        *(Point(f"Days for an order that is {one}", _days(policy.window_days.get(one))) for one in ORDER_STATUSES),
        Point("Final sale", _list(policy.final_sale)),
        Point("Not taken back", _list(policy.excluded)),
        Point("A picture is needed where", _list(REASONS[one] for one in Reason if one in policy.evidence_for)),
        Point("The reason has to be known", _yes(policy.reason_needed)),
        Point("A part of an order may be paid back", _yes(policy.partial)),
        Point("Kept from what comes back without our fault", f"{policy.restocking_percent} %"),
        Point("Refunds for one customer in 30 days", str(policy.per_customer_and_month)),
        Point("The machine alone up to", _limits(policy.alone_up_to) or "never"),
        Point("Two people from", _limits(policy.second_person_above) or "always"),
        *(
            Point(f"Own sentence: {RULES[rule]} ({code})", said)
            for rule in Rule
            for code, said in sorted(policy.phrases.get(rule, {}).items())
        ),
    )


def changes(before: RefundPolicy, now: RefundPolicy) -> tuple[Change, ...]:
    """What the later one says otherwise."""
    old, new = ({one.about: one.says for one in points(policy)} for policy in (before, now))
    return tuple(
        Change(about, old.get(about, "none"), new.get(about, "none"))
        for about in dict.fromkeys((*old, *new))
        if old.get(about) != new.get(about)
    )


def _actions(policy: RefundPolicy, status: str) -> str:
    return _list(ACTIONS[one].lower() for one in Action if one in policy.allowed.get(status, ()))


def _days(days: int | None) -> str:
    return "no end" if days is None else f"{days}"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _limits(limits: Mapping[str, int]) -> str:
    return ", ".join(str(Money(minor, currency)) for currency, minor in sorted(limits.items()))


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words) if isinstance(words, frozenset) else words) or "none"
