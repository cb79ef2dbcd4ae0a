"""The whole policy: what happens with a message, read from top to bottom."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.answering import AnswerLook
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Check, Decision, Disposition
from domain.earned import Earned, NotEnough, Standing
from domain.message import Message
from domain.phase import ANSWERABLE, USUAL, Phase, is_held_by
from domain.ports import Handler
from domain.understanding import Understanding

MAX_BYTES = 25 * 1024 * 1024

_WHAT = {
    Category.QUESTION: "questions",
    Category.REFUND: "refund requests",
    Category.SUPPLIER: "suppliers' mail",
    Category.OTHER: "other mail",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's settings for one mailbox. `standings` is what checked mail has earned each category.

    A category that has earned no threshold, the least confidence at which it is sure, releases nothing by itself. What
    rests on documents needs a second one: `answers` is what verdicts have earned each way of answering, counted in
    probabilities of `answer_model` alone.

    `answering` is the tenant's kill switch and the mailbox's pause in one. `answers_since` is when the mailbox was
    connected: older mail is kept for context only. `phases` says how far the machine may go with each category.
    `own_addresses` are those of the tenant's mailboxes: mail that names none of them came by Bcc or a list, and a
    person decides. An empty set asks nothing. What is older than `oldest_answered` at the moment `now` is a person's,
    since it may be settled long ago; without a `now` no mail is too old.
    """

    answering: bool = True
    answers_since: datetime | None = None
    own_addresses: frozenset[str] = frozenset()
    phases: Mapping[Category, Phase] = field(default_factory=lambda: USUAL)
    standings: Mapping[Category, Standing] = field(default_factory=dict)
    answers: Mapping[str, Standing] = field(default_factory=dict)
    answer_model: str = ""
    max_replies_per_thread: int = 3
    max_replies_per_sender_and_day: int = 5
    now: datetime | None = None
    oldest_answered: timedelta = timedelta(days=1)

    def phase_of(self, category: Category) -> Phase:
        return self.phases.get(category, Phase.ASSISTED)

    def is_sure(self, category: Category, confidence: float) -> bool:
        """Whether this is confidence enough for what the category has earned."""
        standing = self.standings.get(category)
        return isinstance(standing, Earned) and confidence >= standing.threshold

    def lacks(self, category: Category) -> str:
        """What the category still lacks before the machine may answer it by itself, in words, or nothing."""
        what = f"to answer {_WHAT[category]} by itself"
        match self.standings.get(category):
            case Earned():
                return ""
            case NotEnough(n, needed):
                return f"Not enough checked mail yet {what}: {n} of {needed}."
            case None:
                return f"No checked mail yet {what}."

    def doubts(self, look: AnswerLook) -> str:
        """Why an answer that was looked at like this may not leave without a person, in words, or nothing."""
        match self.answers.get(look.method):
            case Earned(threshold=threshold):
                if look.model != self.answer_model:
                    return "What answers have earned is being counted anew."
                if look.probability < threshold:
                    return (
                        f"It is only {look.probability:.0%} sure that this answers it; answers have earned to go out "
                        f"from {threshold:.1%} on."
                    )
                return ""
            case NotEnough(n, needed):
                return f"Answers have earned {n} of {needed} verdicts."
            case None:
                return "Answers have earned no verdicts yet."


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
    if conversation.handled_elsewhere:
        return Decision.ignore("It came to another mailbox here too, and is dealt with there.")
    if message.sender is None:
        return Decision.hold("The mail does not name exactly one sender.")

    category, in_case = _handled_as(understanding, conversation)
    sure = in_case or policy.is_sure(category, understanding.confidence)
    decision = handlers[category].decide(message, understanding, conversation)
    if not sure and decision.disposition is Disposition.HOLD:
        # What was perhaps misread moves its case only once a person has sent the reply.
        decision = decision.held(decision.reason)
    by_phase = is_held_by(category, policy.phase_of(category))
    lacks, looks = policy.lacks(category), _answer_checks(decision, policy)
    # What is never answered without a person need not be proven; what a phase alone holds is looked at all the same, so
    # that it is seen what would have left.
    never = category not in ANSWERABLE
    checks = _checks(message, understanding, policy, clear=sure or never, lacks="" if never else lacks)
    checks += () if never else looks
    failed = [check.text for check in (*checks, *decision.checks) if not check.passed]
    limits = _limits(message, conversation, policy)
    released = decision.disposition is Disposition.RELEASE
    objections = [*failed, *([by_phase] if by_phase else []), *limits]
    decision = replace(decision.checked(*checks), handled_as=category)
    if objections and (released or understanding.suspicion):
        # A release may become a hold, never the other way round. A suspicion comes first among the objections.
        alone = released and not never and objections == [by_phase] and not conversation.taken_over
        decision = replace(decision.held(objections[0]), would_release=alone)
    return _kept_for(conversation.taken_over, decision) if conversation.taken_over else decision


def _kept_for(taken_over: str, decision: Decision) -> Decision:
    """Whatever was decided in a conversation that a member has taken over waits for a person.

    Why it would have waited anyway stays among the checks.
    """
    if decision.disposition is Disposition.RELEASE:
        return decision.held(taken_over)
    if decision.disposition is Disposition.HOLD:
        return replace(decision.checked(Check(decision.reason, passed=False)), reason=taken_over)
    return decision


def _handled_as(understanding: Understanding, conversation: Conversation) -> tuple[Category, bool]:
    """The category whose handler decides, and whether that follows from its sender or from an open case."""
    if conversation.supplier_mail is not None:
        # What a supplier writes moves no customer's case, in whatever thread it comes.
        return Category.SUPPLIER, True
    case = conversation.case
    if case is not None and case.asks and case.kind in set(Category):
        return Category(case.kind), True
    return understanding.category, False


def _checks(
    message: Message, understanding: Understanding, policy: Policy, *, clear: bool, lacks: str
) -> tuple[Check, ...]:
    """What must be in order before the machine answers by itself; a failed check says why a person decides."""
    about = f"{understanding.confidence:.0%} {understanding.category}"
    addressed = {address.mailbox for address in (*message.to, *message.cc)}
    reached = not policy.own_addresses or not policy.own_addresses.isdisjoint(addressed)
    threat = understanding.threat
    # Thresholds are earned by what the local models say: another category was earned by nobody.
    look = understanding.second_look
    overturned = look is not None and bool(look.said) and look.before != understanding.category
    # Words alone prove nothing: who is taken for a machine is lost, who waits for a person is not.
    suspected = f"Perhaps a machine wrote it: {understanding.suspicion}." if understanding.suspicion else ""
    return (
        *([Check(suspected, passed=False)] if suspected else []),
        _check(
            clear and not lacks,
            f"It is clear what it is about ({about})."
            if understanding.category in ANSWERABLE
            else f"Read as {understanding.category} ({understanding.confidence:.0%} sure).",
            lacks or f"It is not clear what it is about ({about}).",
        ),
        *([Check("A language model read it otherwise than the local models.", passed=False)] if overturned else []),
        _check(not threat, "No threat in it.", f"It contains a threat ({threat}): a person decides."),
        _check(not understanding.asks_for_person, "The writer asks for no person.", "The writer asks for a person."),
        _check(not message.sender_refuted, "The sender does not seem forged.", "The sender may be forged."),
        _check(reached, "It was addressed to us.", "It was not addressed to us."),
    )


def _answer_checks(decision: Decision, policy: Policy) -> tuple[Check, ...]:
    """Whether answers like this one were found right often enough; nothing where there is no answer to look at."""
    look = decision.answer
    if look is None or not look.answered:
        # What quotes a document and was not looked at was earned by nobody.
        unknown = Check("It is not known how sure this answer is.", passed=False)
        return (unknown,) if decision.citations else ()
    in_order = f"It is {look.probability:.0%} sure that this answers it: enough by the verdicts so far."
    doubt = policy.doubts(look)
    return (_check(not doubt, in_order, doubt),)


def _check(passed: bool, in_order: str, objection: str) -> Check:
    return Check(in_order if passed else objection, passed)


def _limits(message: Message, conversation: Conversation, policy: Policy) -> list[str]:
    """What the tenant or the conversation allows no more."""
    age = policy.now - message.received_at if policy.now and message.received_at else timedelta()
    oldest = policy.oldest_answered
    in_thread, today = conversation.replies_by_machine, conversation.replies_to_sender_today
    perhaps = "already: perhaps a machine."
    rules = (
        (not policy.answering, "Answering by itself is paused."),
        (age > oldest, f"It is older than {oldest // timedelta(hours=1)} hours: it may be settled already."),
        (in_thread >= policy.max_replies_per_thread, f"{in_thread} automatic replies in this conversation {perhaps}"),
        (today >= policy.max_replies_per_sender_and_day, f"{today} automatic replies to this sender today {perhaps}"),
    )
    return [reason for applies, reason in rules if applies]
