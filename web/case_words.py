"""What is said about a case: what is missing, by which rule it can be refused, and the replies that a person sends."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.case import Case, CaseState
from domain.errors import BadInput
from domain.message import Address, Message
from domain.order import Order
from domain.refund_policy import RefundPolicy, Rule
from handlers.refund_words import filled
from handlers.wording import Wording, wording_for
from storage.approvals import Wanted
from web.refund_words import RULES

OWN_WORDS = "own"

QUESTIONS: Mapping[Wanted, str] = {
    Wanted.ORDER_NUMBER: "the order number",
    Wanted.REASON: "the reason",
    Wanted.EVIDENCE: "a picture",
}

_MISSING = {
    CaseState.ORDER_WANTED: "the order number",
    CaseState.IDENTITY_WANTED: "proof of who writes",
    CaseState.REASON_WANTED: "the reason",
    CaseState.EVIDENCE_WANTED: "a picture",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reply of a person that has not left: `act` is refuse or ask, `what` the rule or the question chosen for it,
    `why` the reason in their own words.
    """

    act: str
    what: str
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """To whom a reply is written, and what it can speak of. `items` are the names of what is wanted."""

    language: str
    writer: Address
    number: str
    order: Order | None
    items: tuple[str, ...]
    policy: RefundPolicy


def missing(case: Case) -> tuple[str, ...]:
    """What is not known yet, in words; nothing of a case that has ended."""
    if case.has_ended:
        return ()
    first = _MISSING.get(case.state, "")
    number = "the order number" if not case.order_number else ""
    wish = "what they want" if case.action is None else ""
    return tuple(dict.fromkeys(filter(None, (first, number, wish))))


def rules() -> dict[str, str]:
    """By what a person can refuse: a rule of the policy, or a reason of their own."""
    return {**{rule.value: words for rule, words in RULES.items()}, OWN_WORDS: "Another reason"}


def refusal_of(what: str, why: str) -> str:
    """The rule or the reason under which a refusal is kept. Raises BadInput."""
    if what in set(Rule):
        return what
    if what == OWN_WORDS and why:
        return why
    raise BadInput("what", "Choose the rule that refuses it, or write the reason.")


def refusal(what: str, why: str, told: Told) -> str:
    """A letter that refuses: by the rule, in the tenant's own sentence where there is one, or for a person's reason.

    Raises BadInput where the rule's sentence speaks of what this order does not have: days without an end, no article.
    """
    wording = _wording(told)
    if what == OWN_WORDS:
        return _letter(wording, told, why)
    rule = Rule(what)
    said = told.policy.phrases.get(rule, {}).get(_language(told)) or wording.refused[rule.value]
    status = told.order.status if told.order else ""
    days = told.policy.window_days.get(status)
    values = {
        "number": told.number,
        "status": wording.statuses.get(status, status),
        "days": "" if days is None else str(days),
        "item": told.items[0] if told.items else "",
    }
    if any(not value and f"{{{name}}}" in said for name, value in values.items()):
        raise BadInput("what", "This rule has nothing to say of this order: choose another, or write the reason.")
    return _letter(wording, told, filled(said, values))


def question(what: Wanted, told: Told) -> str:
    """A letter that asks for what is missing."""
    wording = _wording(told)
    said = {
        Wanted.ORDER_NUMBER: wording.order_wanted,
        Wanted.REASON: wording.reason_wanted,
        Wanted.EVIDENCE: wording.evidence_wanted,
    }
    return _letter(wording, told, said[what].format(number=told.number))


def _letter(wording: Wording, told: Told, paragraph: str) -> str:
    return wording.letter(Message(sender=told.writer), paragraph, asking=True)


def _language(told: Told) -> str:
    return told.language if wording_for(told.language) else "en"


def _wording(told: Told) -> Wording:
    """In the customer's language, or in English where nobody wrote it: a person reads it before it leaves."""
    found = wording_for(_language(told))
    if found is None:
        raise BadInput("language", "No words are written for this. Write the reply yourself.")
    return found
