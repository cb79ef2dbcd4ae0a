"""Refunds and order actions: what a mail asks for is gathered, its writer proven, and the policy asked; in this order.

A stranger must not learn whether an order exists (`handlers/refund_identity.py`); no model has a say in what is done.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from domain.case import Case
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Check, Decision, Disposition
from domain.message import Message
from domain.ports import Orders, Refunds
from domain.refund_policy import RefundPolicy
from domain.refund_rules import Judge, judge
from domain.understanding import Understanding
from handlers.ownership import order_checks
from handlers.refund_identity import numbers_named, who_asks
from handlers.refund_mail import Mail, answered_in
from handlers.refund_past import about_what_was
from handlers.refund_verdict import Rules, judged
from handlers.refund_wanted import heard


def _utc_now() -> datetime:
    return datetime.now(UTC)


class RefundHandler:
    """`judge` says what a policy makes of a request; `now` is the clock that days are counted by."""

    def __init__(
        self,
        orders: Orders,
        refunds: Refunds,
        policy: RefundPolicy,
        now: Callable[[], datetime] = _utc_now,
        judge: Judge = judge,
    ) -> None:
        self._orders = orders
        self._refunds = refunds
        self._policy = policy
        self._now = now
        self._judge = judge

    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        known = conversation.case
        case = known if known is not None and known.kind == Category.REFUND else None
        if message.sender is None:
            return Decision.hold("The mail does not name exactly one sender.")
        answered = answered_in(understanding, case)
        if answered is None:
            decision = Decision.hold(f"No replies are written in its language ({understanding.language}).")
        else:
            language, wording = answered
            # What is too short to tell a language is read in that of the mails before.
            understood = replace(understanding, language=language)
            decision = self._decided(Mail(message, message.sender, understood, language, wording), case)
        if decision.disposition is not Disposition.HOLD:
            return decision
        # Whoever decides sees what is known of each order; a release tells its writer nothing of that.
        return replace(decision, checks=(*self._looked_up(message, understanding, case), *decision.checks))

    def _decided(self, mail: Mail, case: Case | None) -> Decision:
        if case is not None:
            past = about_what_was(mail, case, self._orders)
            if past is not None:
                return past
        wanted = heard(mail, _open(case))
        if isinstance(wanted, Decision):
            return wanted
        proven = who_asks(mail, wanted, self._orders)
        if isinstance(proven, Decision):
            return proven
        return judged(mail, proven, Rules(self._policy, self._refunds, self._now(), self._judge))

    def _looked_up(self, message: Message, understanding: Understanding, case: Case | None) -> tuple[Check, ...]:
        named = numbers_named(understanding, case)
        return tuple(
            check
            for number in (named or understanding.thread_orders)
            for check in order_checks(message, number, self._orders.find(number))
        )


def _open(case: Case | None) -> Case:
    """The case that the mail continues, or a new one, which knows the one before it."""
    if case is None:
        return Case(Category.REFUND.value)
    return Case(Category.REFUND.value, previous=case.id) if case.has_ended else case
