"""Conversations about orders played through in memory: mails in, and what the machine and one person make of them.

A person approves whatever one person may approve. What needs two, and whatever the machine has a doubt about, waits.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from domain.case import Case, CaseState
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Decision, Disposition, OrderAct, Reply
from domain.earned import CERTAIN
from domain.message import Message
from domain.order_action import Action
from domain.ports import Handler
from domain.refund_policy import RefundPolicy
from domain.triage import Policy, triage
from domain.understanding import Understanding
from evaluation.refund_shop import Cases, Shop
from handlers.refund import RefundHandler

# The case's category decides, not how sure the reader is: that is measured elsewhere (`flask evaluate classify`).
_SURE = Policy(standings=dict.fromkeys(Category, CERTAIN))

_ASKING = frozenset({
    CaseState.ORDER_WANTED, CaseState.IDENTITY_WANTED, CaseState.REASON_WANTED, CaseState.EVIDENCE_WANTED
})  # fmt: skip


class Did(StrEnum):
    """What came of one mail, by the words that DESIGN.md fixes."""

    NONE = "none"
    ASK = "ask"
    REFUSE = "refuse"
    HOLD = "hold"
    REFUND = "refund"
    RETURN = "return"
    EXCHANGE = "exchange"
    CANCEL = "cancel"


_DOES = {
    Action.REFUND: Did.REFUND,
    Action.RETURN: Did.RETURN,
    Action.EXCHANGE: Did.EXCHANGE,
    Action.REPLACEMENT: Did.EXCHANGE,
    Action.CANCEL: Did.CANCEL,
}
# Something is done with an order in these.
ACTS = frozenset(_DOES.values())


@dataclass(frozen=True, slots=True)
class Played:
    """`reply` is what the writer gets, None where nothing is sent; `act` what was carried out, `proposed` what waits
    for somebody's approval. The amount in minor units is what is paid back, or will be when the goods are back.
    """

    did: Did
    reason: str
    case: Case | None = None
    reply: str | None = None
    act: OrderAct | None = None
    proposed: OrderAct | None = None

    @property
    def amount_minor(self) -> int | None:
        amount = self.case.amount if self.act is not None and self.case is not None else None
        return amount.minor if amount is not None else None


class _Elsewhere:
    """Stands for the handlers of all other mail: what they say is none of this."""

    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        del message, conversation
        return Decision.hold(f"It is no request about an order ({understanding.category}).")


class Play:
    """`now` is the moment at which everything happens, with its time zone."""

    def __init__(self, shop: Shop, policy: RefundPolicy, now: datetime) -> None:
        self._shop = shop
        self._cases = Cases()
        self._replies: Counter[str] = Counter()
        refund: Handler = RefundHandler(shop, shop, policy, lambda: now)
        self._handlers = {**dict.fromkeys(Category, _Elsewhere()), Category.REFUND: refund}

    def play(self, key: str, message: Message, understanding: Understanding) -> Played:
        """One mail of the conversation `key`; its mails come in their order."""
        case = self._cases.of(key)
        conversation = Conversation(thread_id=key, case=case, replies_by_machine=self._replies[key])
        decision = triage(message, conversation, understanding, self._handlers, _SURE)
        about_orders = understanding.category is Category.REFUND or (case is not None and case.asks)
        if not about_orders or decision.disposition is Disposition.IGNORE:
            return Played(Did.NONE, decision.reason, case)
        if decision.case is not None:
            case = self._cases.move(key, decision.case)
        act = next((effect for effect in decision.effects if isinstance(effect, OrderAct)), None)
        match decision.disposition:
            case Disposition.RELEASE:
                return self._carried_out(key, decision, case, act) if act else self._replied(key, decision, case)
            case Disposition.HOLD:
                if act is not None and _one_person_approves(decision, act):
                    return self._carried_out(key, decision, case, act)
                if act is not None:
                    self._shop.propose(act)
                return Played(Did.HOLD, decision.reason, case, proposed=act)
            case Disposition.IGNORE:
                return Played(Did.NONE, decision.reason, case)
            case _:
                assert_never(decision.disposition)

    def _replied(self, key: str, decision: Decision, case: Case | None) -> Played:
        self._replies[key] += 1
        state = case.state if case is not None and decision.case is not None else None
        did = Did.ASK if state in _ASKING else Did.REFUSE if state is CaseState.REFUSED else Did.NONE
        return Played(did, decision.reason, case, _reply(decision))

    def _carried_out(self, key: str, decision: Decision, case: Case | None, act: OrderAct) -> Played:
        assert case is not None
        if case.state is not CaseState.APPROVED:
            case = self._cases.move(key, case.moved_to(CaseState.APPROVED))
        self._shop.carry_out(act)
        case = self._cases.move(key, case.moved_to(CaseState.EXECUTING).moved_to(CaseState.EXECUTED))
        self._replies[key] += 1
        return Played(_DOES[act.action], decision.reason, case, _reply(decision), act)


def _one_person_approves(decision: Decision, act: OrderAct) -> bool:
    """Nothing that was looked at may speak against it, and the case must have moved: it was not held by the triage."""
    return act.approvals <= 1 and decision.case is not None and all(check.passed for check in decision.checks)


def _reply(decision: Decision) -> str | None:
    return next((effect.text for effect in decision.effects if isinstance(effect, Reply)), None)
