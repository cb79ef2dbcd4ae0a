"""The whole policy: what happens with a message, read from top to bottom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Check, Decision, Disposition
from domain.message import Message
from domain.ports import Handler
from domain.understanding import Understanding

MAX_BYTES = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's settings for one mailbox. `thresholds` is the least confidence, 0 to 1, at which a category is sure.

    `answering` is the tenant's kill switch and the mailbox's pause in one. `answers_since` is when the mailbox was
    connected: older mail is kept for context only. `automatic` lists the categories that the machine may answer.
    """

    answering: bool = True
    answers_since: datetime | None = None
    automatic: frozenset[Category] = frozenset({Category.QUESTION, Category.REFUND})
    thresholds: Mapping[Category, float] = field(default_factory=dict)
    default_threshold: float = 0.7
    max_replies_per_thread: int = 3
    max_replies_per_sender_and_day: int = 5

    def threshold(self, category: Category) -> float:
        return self.thresholds.get(category, self.default_threshold)


def triage(
    message: Message,
    conversation: Conversation,
    understanding: Understanding,
    handlers: Mapping[Category, Handler],
    policy: Policy,
) -> Decision:
    """Decide about one message; deterministic for the same answers of the handlers' ports."""
    if understanding.automatic:
        return Decision.ignore(f"A machine wrote it: {understanding.automatic}.")
    if policy.answers_since and message.received_at and message.received_at < policy.answers_since:
        return Decision.ignore("It arrived before the mailbox was connected; it is kept for context.")
    if message.sender is None:
        return Decision.hold("The mail does not name exactly one sender.")

    category, case = understanding.category, conversation.case
    if case is not None and case.is_open:
        category = Category(case.kind)
    decision = (
        handlers[category]
        .decide(message, understanding, conversation)
        .checked(*_doubts(understanding, policy, category, case_is_open=category is not understanding.category))
    )
    return _restrained(decision, category, conversation, understanding, policy)


def _doubts(
    understanding: Understanding, policy: Policy, category: Category, *, case_is_open: bool
) -> tuple[Check, ...]:
    sure = case_is_open or understanding.confidence >= policy.threshold(category)
    return (
        Check(f"Sure enough what it is about ({understanding.confidence:.0%} {understanding.category}).", sure),
        Check(
            "No legal or safety threat." if not understanding.threat else f"Threat: {understanding.threat}.",
            not understanding.threat,
        ),
        Check("The writer does not ask for a person.", not understanding.asks_for_person),
    )


def _restrained(
    decision: Decision, category: Category, conversation: Conversation, understanding: Understanding, policy: Policy
) -> Decision:
    """Turn a release into a hold where something speaks against it; never the other way round."""
    if decision.disposition is not Disposition.RELEASE:
        return decision
    failed = [check.text for check in decision.checks if not check.passed]
    in_thread, today = conversation.replies_by_machine, conversation.replies_to_sender_today
    objections = (
        (bool(understanding.threat), f"It contains a threat ({understanding.threat}): a person decides."),
        (understanding.asks_for_person, "The writer asks for a person."),
        (bool(failed), f"Not sure: {' '.join(failed)}"),
        (category not in policy.automatic, f"Mail of the kind {category} is not answered by the machine here."),
        (not policy.answering, "Answering by itself is paused."),
        (in_thread >= policy.max_replies_per_thread, f"{in_thread} automatic replies in this conversation already."),
        (today >= policy.max_replies_per_sender_and_day, f"{today} automatic replies to this sender today already."),
    )
    return next((decision.held(reason) for objects, reason in objections if objects), decision)
