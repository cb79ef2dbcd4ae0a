"""Mail of no kind that a machine answers: a person reads it, the important first."""

from dataclasses import replace

from domain.conversation import Conversation
from domain.decision import Check, Decision
from domain.message import Message
from domain.ports import Handler
from domain.understanding import Understanding

# What seems to be none of the shop's business may be a question that the models did not know for one.
OUT_OF_SCOPE = "out_of_scope"


class OtherHandler:
    """`questions` decides about questions: what it would answer becomes a draft, and never more."""

    def __init__(self, questions: Handler) -> None:
        self._questions = questions

    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        counted = (
            (conversation.earlier_messages, "earlier mail", " in this conversation"),
            (len(message.attachments), "attachment", ""),
        )
        checks = [Check(f"{n} {what}{'s' if n > 1 else ''}{where}.", passed=True) for n, what, where in counted if n]
        about = understanding.importance_reason or understanding.sub_intent.replace("_", " ") or "something else"
        reason = f"For a person to read: {about}."
        decision = Decision.hold(reason).checked(*checks)
        if understanding.sub_intent != OUT_OF_SCOPE:
            return decision
        return self._with_draft(decision, self._questions.decide(message, understanding, conversation))

    @staticmethod
    def _with_draft(decision: Decision, answer: Decision) -> Decision:
        if not answer.citations:
            return decision
        return replace(
            answer.held(f"{decision.reason} A document may answer it."),
            checks=(*decision.checks, *answer.checks),
            case=None,
            case_on_release=None,
        )
