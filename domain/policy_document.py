"""A refund policy as a plain JSON document, read strictly: what is unknown or odd is named, never guessed."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from domain.errors import BadInput
from domain.order import ORDER_STATUSES
from domain.order_action import Action
from domain.refund_policy import PLACEHOLDERS, RefundPolicy, Rule
from domain.request import Reason

MOST_DAYS, MOST_MINOR, MOST_NAMES, LONGEST_NAME, LONGEST_PHRASE = 3650, 10**12, 500, 100, 500

_USUAL = RefundPolicy()

T = TypeVar("T")
K = TypeVar("K")


def policy_to_json(policy: RefundPolicy) -> dict[str, Any]:
    """The whole document, sets in their order, so that two equal policies are written alike."""
    return {
        "version": policy.version,
        "allowed": {status: sorted(map(str, actions)) for status, actions in policy.allowed.items()},
        "window_days": dict(policy.window_days),
        "final_sale": sorted(policy.final_sale),
        "excluded": sorted(policy.excluded),
        "evidence_for": sorted(map(str, policy.evidence_for)),
        "reason_needed": policy.reason_needed,
        "partial": policy.partial,
        "restocking_percent": policy.restocking_percent,
        "per_customer_and_month": policy.per_customer_and_month,
        "alone_up_to": dict(policy.alone_up_to),
        "second_person_above": dict(policy.second_person_above),
        "phrases": {str(rule): dict(said) for rule, said in policy.phrases.items()},
    }


def policy_from_json(document: object) -> RefundPolicy:
    """What is left out has its usual value. Raises BadInput, whose field and reason name all that is wrong."""
    read, problems = _read(document)
    if problems:
        sentences = [f"{field}: {reason}" for field, reason in problems.items()]
        raise BadInput(", ".join(problems), " ".join(sentences if len(problems) > 1 else problems.values()))
    return RefundPolicy(**read)


def problems_of(document: object) -> Mapping[str, str]:
    """One clear sentence for each field that is wrong, as a form shows them; the place within a field as `name.key`."""
    return _read(document)[1]


class _Wrong(ValueError):
    """A sentence about one field; `key` names the place within it."""

    def __init__(self, reason: str, *key: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = tuple(map(str, key))


def _read(document: object) -> tuple[dict[str, Any], dict[str, str]]:
    if not isinstance(document, Mapping):
        return {}, {"policy": "It must be an object of fields."}
    read: dict[str, Any] = {}
    problems = {str(name): "There is no such field." for name in document if name not in _READERS}
    for name, reader in _READERS.items():
        if name in document:
            try:
                read[name] = reader(document[name])
            except _Wrong as wrong:
                problems[".".join((name, *wrong.key))] = wrong.reason
    return read, problems or _limits_out_of_order(read)


def _limits_out_of_order(read: Mapping[str, Any]) -> dict[str, str]:
    """What the machine pays back alone must lie below what two people approve."""
    second = read.get("second_person_above", _USUAL.second_person_above)
    reason = "It must be less than the amount from which on two people approve, which must be named as well."
    alone = read.get("alone_up_to", {})
    return {f"alone_up_to.{name}": reason for name, minor in alone.items() if minor >= second.get(name, 0)}


def _number(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        # True is a number to Python, and a mistake to us.
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _Wrong(f"It must be a whole number from {least} to {most}.")
        return value

    return read


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("It must be true or false.")
    return value


def _one_of(words: Iterable[T]) -> Callable[[object], T]:
    known = {str(word): word for word in words}

    def read(value: object) -> T:
        if not isinstance(value, str) or value not in known:
            raise _Wrong(f"{value!r} is none of {', '.join(known)}.")
        return known[value]

    return read


def _matching(form: str, called: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(form, value):
            raise _Wrong(f"{value!r} is no {called}.")
        return value

    return read


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME or not value.isprintable():
        raise _Wrong(f"{value!r} is no article or category: it needs 1 to {LONGEST_NAME} characters.")
    return value.strip()


def _set_of(member: Callable[[object], T]) -> Callable[[object], frozenset[T]]:
    def read(value: object) -> frozenset[T]:
        if not isinstance(value, list | tuple) or len(value) > MOST_NAMES:
            raise _Wrong(f"It must be a list of at most {MOST_NAMES}.")
        return frozenset(map(member, value))

    return read


def _mapping(key: Callable[[object], K], member: Callable[[object], T]) -> Callable[[object], dict[K, T]]:
    def read(value: object) -> dict[K, T]:
        if not isinstance(value, Mapping):
            raise _Wrong("It must be an object.")
        found: dict[K, T] = {}
        for name, inner in value.items():
            try:
                found[key(name)] = member(inner)
            except _Wrong as wrong:
                raise _Wrong(wrong.reason, name, *wrong.key) from None
        return found

    return read


def _phrases(value: object) -> dict[Rule, dict[str, str]]:
    found = _mapping(_one_of(Rule), _mapping(_matching("[a-z]{2}", "language such as en"), _phrase))(value)
    for rule, said in found.items():
        known = PLACEHOLDERS[rule]
        for language, text in said.items():
            # What is left when the known ones are taken away must have no brace.
            if re.search(r"[{}]", re.sub(rf"\{{(?:{'|'.join(known)})\}}", "", text)):
                names = ", ".join(f"{{{name}}}" for name in sorted(known))
                raise _Wrong(f"In braces there may only stand {names}.", rule, language)
    return found


def _phrase(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_PHRASE or not value.isprintable():
        raise _Wrong(f"It must be one line of 1 to {LONGEST_PHRASE} characters.")
    return value.strip()


_STATUS = _one_of(ORDER_STATUSES)
_BY_CURRENCY = _mapping(_matching("[A-Z]{3}", "currency such as EUR"), _number(0, MOST_MINOR))

_READERS: Mapping[str, Callable[[object], Any]] = {
    "version": _number(0, 2**31 - 1),
    "allowed": _mapping(_STATUS, _set_of(_one_of(Action))),
    "window_days": _mapping(_STATUS, _number(0, MOST_DAYS)),
    "final_sale": _set_of(_name),
    "excluded": _set_of(_name),
    "evidence_for": _set_of(_one_of(Reason)),
    "reason_needed": _yes_or_no,
    "partial": _yes_or_no,
    # All of it kept would be a refusal, and those have names.
    "restocking_percent": _number(0, 99),
    "per_customer_and_month": _number(0, 1000),
    "alone_up_to": _BY_CURRENCY,
    "second_person_above": _BY_CURRENCY,
    "phrases": _phrases,
}
