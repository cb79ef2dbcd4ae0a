"""The words that the pages use for orders, cases, and what is done with an order."""

from flask import Flask

from domain.case import CaseState, Identity
from domain.money import Money
from domain.order_action import Action
from domain.refund_policy import Rule
from domain.refund_rules import Outcome
from domain.request import Reason

CASE_STATES = {
    CaseState.REQUESTED: "asked for",
    CaseState.ORDER_WANTED: "waits for the order number",
    CaseState.IDENTITY_WANTED: "waits for proof of who writes",
    CaseState.REASON_WANTED: "waits for the reason",
    CaseState.EVIDENCE_WANTED: "waits for a picture",
    CaseState.CHECKING: "being checked",
    CaseState.ELIGIBLE: "waits for approval",
    CaseState.PERSON: "needs a person",
    CaseState.APPROVED: "approved",
    CaseState.EXECUTING: "being done",
    CaseState.EXECUTED: "done",
    CaseState.CONFIRMED: "done, customer told",
    CaseState.REFUSED: "refused",
    CaseState.EXPIRED: "ran out",
    CaseState.WITHDRAWN: "withdrawn",
}

# What each state means for whoever looks at it, where its word does not say so.
CASE_MEANINGS = {
    CaseState.ORDER_WANTED: "We asked the customer which order it is.",
    CaseState.IDENTITY_WANTED: "We mailed a link to the address on the order: who opens it there has written to us.",
    CaseState.REASON_WANTED: "We asked the customer why.",
    CaseState.EVIDENCE_WANTED: "We asked the customer for a picture.",
    CaseState.EXPIRED: "Nothing happened for a month. A new mail begins a new case.",
    CaseState.WITHDRAWN: "The customer took it back, or a newer case took its place.",
}

# What can happen to an order action, in the words of its page; a held one has two, by who has approved.
ACT_STATES = {
    "approval": "waits for approval",
    "second": "waits for a second person",
    "pending": "being done",
    "sending": "being done",
    "uncertain": "uncertain",
    "done": "done",
    "refused": "refused by the shop",
    "needs_person": "needs a person",
    "cancelled": "not done",
}

TONES = {
    "waits for approval": "warn", "waits for a second person": "warn", "being done": "quiet", "done": "good",
    "done, customer told": "good", "refused by the shop": "bad", "refused": "quiet", "approved": "good",
    "waits for the order number": "quiet", "waits for proof of who writes": "quiet", "waits for the reason": "quiet",
    "waits for a picture": "quiet", "not done": "quiet", "delivered": "good", "cancelled": "quiet",
    "returned": "quiet", "left out": "bad", "proven": "good", "not proven": "bad",
}  # fmt: skip

ACTIONS = {
    Action.REFUND: "Refund",
    Action.RETURN: "Return",
    Action.EXCHANGE: "Exchange",
    Action.REPLACEMENT: "Replacement",
    Action.CANCEL: "Cancellation",
}

REASONS = {
    Reason.DAMAGED: "it came damaged",
    Reason.DEFECTIVE: "it does not work",
    Reason.WRONG_ITEM: "the wrong article came",
    Reason.INCOMPLETE: "something is missing",
    Reason.NOT_RECEIVED: "it never came",
    Reason.LATE: "it came late",
    Reason.DOES_NOT_FIT: "it does not fit",
    Reason.CHANGED_MIND: "they changed their mind",
}

RULES = {
    Rule.STATUS: "Not possible in the state that the order has",
    Rule.WINDOW: "Too late",
    Rule.FINAL_SALE: "Final sale",
    Rule.CATEGORY: "A kind of article that is not taken back",
    Rule.PARTIAL: "Only the whole order",
    Rule.NOTHING_LEFT: "Nothing is left to pay back",
}

OUTCOMES = {
    Outcome.ELIGIBLE: "granted",
    Outcome.REFUSED: "refused",
    Outcome.PERSON: "a person’s to decide",
    Outcome.REASON_WANTED: "asked for the reason",
    Outcome.EVIDENCE_WANTED: "asked for a picture",
}

IDENTITIES = {
    Identity.UNKNOWN: "Nobody has proven to be the customer on the order.",
    Identity.SENDER: "Gmail verified the sender, and it is the address on the order.",
    Identity.LINK: "The link that we mailed to the address on the order was opened and confirmed.",
}

# What an entry of the ledger says.
LEDGER = {"promised": "set aside", "paid": "paid back", "released": "given back to the order"}

# Each pair: with an amount, and without one.
_DOES = {
    Action.REFUND: ("Refund {amount} to the way it was paid and send", "Refund and send"),
    Action.CANCEL: ("Cancel order {number}, pay back {amount}, and send", "Cancel order {number} and send"),
    Action.RETURN: ("Accept the return and send",) * 2,
    Action.EXCHANGE: ("Accept the exchange and send",) * 2,
    Action.REPLACEMENT: ("Order the replacement and send",) * 2,
}

_WILL = {
    Action.REFUND: ("{amount} goes back to the way that order {number} was paid", "Order {number} is paid back"),
    Action.CANCEL: ("Order {number} is cancelled and {amount} goes back", "Order {number} is cancelled"),
    Action.RETURN: (
        "Order {number} may be sent back; {amount} is paid back once it is here",
        "Order {number} may be sent back",
    ),
    Action.EXCHANGE: ("What was ordered under {number} is exchanged",) * 2,
    Action.REPLACEMENT: ("What was ordered under {number} is sent again",) * 2,
}

_DID = {
    Action.REFUND: ("{amount} went back", "It was paid back"),
    Action.CANCEL: ("The order was cancelled and {amount} went back", "The order was cancelled"),
    Action.RETURN: ("The return was accepted",) * 2,
    Action.EXCHANGE: ("The exchange was ordered",) * 2,
    Action.REPLACEMENT: ("The replacement was ordered",) * 2,
}

_SURE = {
    Action.REFUND: ("Refund {amount} and send", "Refund and send"),
    Action.CANCEL: ("Cancel, pay back {amount}, and send", "Cancel and send"),
}


def does(action: Action, number: str, amount: Money | None) -> str:
    """The label of the button that does it: exactly what happens when it is pressed."""
    return _said(_DOES[action], number, amount)


def will(action: Action, number: str, amount: Money | None) -> str:
    """What happens then, as a sentence without its full stop."""
    return _said(_WILL[action], number, amount)


def did(action: Action, number: str, amount: Money | None) -> str:
    return _said(_DID[action], number, amount)


def sure(action: Action, number: str, amount: Money | None) -> str:
    """The label of the button that confirms it."""
    return _said(_SURE.get(action, _DOES[action]), number, amount)


def act_state(state: str, approved_by: int = 0) -> str:
    """The word of an order action's state; of a held one by how many people have approved it."""
    if state == "held":
        return ACT_STATES["second" if approved_by else "approval"]
    return ACT_STATES.get(state, state)


def _said(pair: tuple[str, ...], number: str, amount: Money | None) -> str:
    return pair[amount is None].format(number=number, amount=amount)


def register(app: Flask) -> None:
    """The words as filters. What takes an action takes anything that has `action`, `order_number` and `amount`."""
    app.jinja_env.filters.update(
        case_state=lambda state: CASE_STATES.get(state, state),
        case_meaning=lambda state: CASE_MEANINGS.get(state, ""),
        act_state=act_state,
        act_word=lambda action: ACTIONS.get(action, action),
        act_does=lambda act: does(act.action, act.order_number, act.amount),
        act_will=lambda act: will(act.action, act.order_number, act.amount),
        act_did=lambda act: did(act.action, act.order_number, act.amount),
        act_sure=lambda act: sure(act.action, act.order_number, act.amount),
        reason_word=lambda reason: REASONS.get(reason, reason),
        rule_word=lambda rule: RULES.get(rule, rule),
        outcome_word=lambda outcome: OUTCOMES.get(outcome, outcome),
        identity_word=lambda identity: IDENTITIES.get(identity, identity),
        ledger_word=lambda kind: LEDGER.get(kind, kind),
        money=lambda minor, currency: str(Money(minor, currency)),
    )
