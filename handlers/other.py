"""Mail of no kind that a machine answers: a person reads it, the important first."""

from domain.conversation import Conversation
from domain.decision import Check, Decision
from domain.message import Message
from domain.understanding import Understanding


class OtherHandler:
    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        counted = (
            (conversation.earlier_messages, "earlier mail", " in this conversation"),
            (len(message.attachments), "attachment", ""),
        )
        checks = [Check(f"{n} {what}{'s' if n > 1 else ''}{where}.", passed=True) for n, what, where in counted if n]
        about = understanding.importance_reason or understanding.sub_intent.replace("_", " ") or "something else"
        reason = f"For a person to read: {about}."
        return Decision.hold(reason).checked(*checks)
