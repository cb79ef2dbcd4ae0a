"""The form of the refund policy: a policy's fields as texts, and the policy that texts make, or what is wrong where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.money import DIGITS, Money
from domain.order import ORDER_STATUSES
from domain.order_action import Action
from domain.policy_document import MOST_DAYS, MOST_NAMES, policy_to_json, problems_of
from domain.refund_policy import RefundPolicy, Rule
from domain.request import Reason
from web.fields import letter, line

CURRENCIES = ("EUR", "USD", "GBP", "CHF")
LANGUAGES = ("en", "de", "fr", "es")
MOST_PER_CENT, MOST_REFUNDS = 99, 1000

_WHOLE = re.compile(r"[0-9]{1,9}")
_AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,3}))?")
_CURRENCY = re.compile(r"[A-Z]{3}")

Typed = Mapping[str, str]


@dataclass(slots=True)
class Reading:
    """The texts of a form while a policy is read out of them; `problems` has one sentence for each bad field."""

    typed: Typed
    problems: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.typed.get(name, "")

    def ticked(self, name: str) -> bool:
        return bool(self.text(name))

    def whole(self, name: str, most: int, unit: str) -> int | None:
        """A number from 0 to `most`; None where nothing stands there, or nothing that can be used."""
        text = line(self.text(name))
        if not text:
            return None
        if not _WHOLE.fullmatch(text) or int(text) > most:
            self.problems[name] = f"Write a whole number of {unit} from 0 to {most}."
            return None
        return int(text)

    def amount(self, name: str, currency: str) -> int | None:
        """Minor units; None where nothing stands there, or nothing that can be used."""
        text, digits = line(self.text(name)), DIGITS.get(currency, 2)
        if not text:
            return None
        found = _AMOUNT.fullmatch(text)
        if found is None or len(found[2] or "") > digits:
            self.problems[name] = f"Write an amount in {currency} like {_typed(20 * 10**digits, currency)}."
            return None
        return int(found[1] + (found[2] or "").ljust(digits, "0"))

    def entries(self, name: str) -> frozenset[str]:
        found = frozenset(filter(None, map(line, letter(self.text(name)).split("\n"))))
        if len(found) > MOST_NAMES:
            self.problems[name] = f"At most {MOST_NAMES} articles and categories are kept."
        return found

    def phrase(self, name: str) -> str:
        return " ".join(letter(self.text(name)).split())


def typed_of(policy: RefundPolicy) -> dict[str, str]:
    """A policy as the form's fields hold it."""
    limits = {
        f"{name}-{currency}": _typed(minor, currency)
        for name, kept in (("alone", policy.alone_up_to), ("second", policy.second_person_above))
        for currency, minor in kept.items()
    }
    return {
        **{f"allow-{status}-{action}": "yes" for status, actions in policy.allowed.items() for action in actions},
        **{f"days-{status}": str(days) for status, days in policy.window_days.items()},
        **{f"picture-{reason}": "yes" for reason in policy.evidence_for},
        **{f"phrase-{rule}-{code}": said for rule, those in policy.phrases.items() for code, said in those.items()},
        **limits,
        "final_sale": "\n".join(sorted(policy.final_sale)),
        "excluded": "\n".join(sorted(policy.excluded)),
        "reason_needed": "yes" if policy.reason_needed else "",
        "partial": "yes" if policy.partial else "",
        "restocking": str(policy.restocking_percent),
        "per_month": str(policy.per_customer_and_month),
    }


def policy_of(typed: Typed, version: int = 0) -> tuple[RefundPolicy, dict[str, str]]:
    """The policy that the fields make, and a sentence for each field that could not be used: none is kept then."""
    read = Reading(typed)
    alone, second = _limits(read)
    windows = {status: read.whole(f"days-{status}", MOST_DAYS, "days") for status in ORDER_STATUSES}
    phrases = {
        rule: {code: said for code in LANGUAGES if (said := read.phrase(f"phrase-{rule}-{code}"))} for rule in Rule
    }
    allowed = {
        status: frozenset(one for one in Action if read.ticked(f"allow-{status}-{one}")) for status in ORDER_STATUSES
    }
    policy = RefundPolicy(
        version=version,
        allowed={status: actions for status, actions in allowed.items() if actions},
        window_days={status: days for status, days in windows.items() if days is not None},
        final_sale=read.entries("final_sale"),
        excluded=read.entries("excluded"),
        evidence_for=frozenset(one for one in Reason if read.ticked(f"picture-{one}")),
        reason_needed=read.ticked("reason_needed"),
        partial=read.ticked("partial"),
        restocking_percent=read.whole("restocking", MOST_PER_CENT, "per cent") or 0,
        per_customer_and_month=_needed(read, "per_month", MOST_REFUNDS, "refunds"),
        alone_up_to=alone,
        second_person_above=second,
        phrases={rule: those for rule, those in phrases.items() if those},
    )
    # What the domain says beyond that has names of its own for the fields.
    new = line(read.text("currency")).upper()
    for place, sentence in problems_of(policy_to_json(policy)).items():
        read.problems.setdefault(_field(place, new), sentence)
    return policy, read.problems


def currencies_of(typed: Typed) -> tuple[str, ...]:
    """Those with a row in the form: the usual ones, and each that has an amount."""
    named = {name.partition("-")[2] for name in typed if name.startswith(("alone-", "second-"))}
    return (*CURRENCIES, *sorted(one for one in named - set(CURRENCIES) if _CURRENCY.fullmatch(one)))


def _limits(read: Reading) -> tuple[dict[str, int], dict[str, int]]:
    rows = {currency: (f"alone-{currency}", f"second-{currency}") for currency in currencies_of(read.typed)}
    new = line(read.text("currency")).upper()
    if new and not _CURRENCY.fullmatch(new):
        read.problems["currency"] = "Write a currency as three letters, like SEK."
    if not new and (read.text("alone-new") or read.text("second-new")):
        read.problems["currency"] = "Write which currency these amounts are in."
    if _CURRENCY.fullmatch(new):
        rows[new] = ("alone-new", "second-new")
    alone: dict[str, int] = {}
    second: dict[str, int] = {}
    for currency, (alone_field, second_field) in rows.items():
        up_to, above = read.amount(alone_field, currency), read.amount(second_field, currency)
        if up_to is not None:
            alone[currency] = up_to
        if above is not None:
            second[currency] = above
    return alone, second


def _needed(read: Reading, name: str, most: int, unit: str) -> int:
    found = read.whole(name, most, unit)
    if found is None:
        read.problems.setdefault(name, f"Write a whole number of {unit} from 0 to {most}.")
    return found or 0


def _typed(minor: int, currency: str) -> str:
    return str(Money(minor, currency)).removesuffix(f" {currency}")


_FIELDS = {
    "alone_up_to": "alone", "second_person_above": "second", "phrases": "phrase", "window_days": "days",
    "restocking_percent": "restocking", "per_customer_and_month": "per_month",
}  # fmt: skip


def _field(place: str, new: str) -> str:
    """The form's own name for a place within a policy; a currency that was just added stands in a row of its own."""
    name, *key = place.split(".")
    known = "new" if name in {"alone_up_to", "second_person_above"} and key == [new] else "-".join(key)
    return "-".join(filter(None, (_FIELDS.get(name, name), known)))
