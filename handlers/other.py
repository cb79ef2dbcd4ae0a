"""Mail of no kind that a machine answers: a person reads it, the important first."""

from domain.conversation import Conversation
from domain.decision import Check, Decision
from domain.message import Message
from domain.understanding import Understanding
from handlers.importance import importance


class OtherHandler:
    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        kind = f" ({understanding.sub_intent.replace('_', ' ')})" if understanding.sub_intent else ""
        earlier = Check(f"{conversation.earlier_messages} earlier mails in this conversation.", passed=True)
        attached = Check(f"{len(message.attachments)} attachments.", passed=True)
        reason = f"Neither a question, a refund nor supplier mail{kind}. {importance(understanding)}"
        return Decision.hold(reason).checked(*([earlier] if conversation.earlier_messages else []), attached)
