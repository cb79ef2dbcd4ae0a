"""Mail of no kind that a machine answers: a person reads it, the important first."""

from domain.conversation import Conversation
from domain.decision import Check, Decision
from domain.message import Message
from domain.understanding import Understanding


class OtherHandler:
    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        earlier = Check(f"{conversation.earlier_messages} earlier mails in this conversation.", passed=True)
        attached = Check(f"{len(message.attachments)} attachments.", passed=True)
        about = understanding.importance_reason or understanding.sub_intent.replace("_", " ") or "something else"
        reason = f"For a person to read: {about}."
        return Decision.hold(reason).checked(*([earlier] if conversation.earlier_messages else []), attached)
