"""Mail from suppliers: a person reads it."""

from domain.conversation import Conversation
from domain.decision import Decision
from domain.message import Message
from domain.understanding import Understanding


class SupplierHandler:
    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        sender = message.sender.address if message.sender else "an unknown sender"
        about = f": {understanding.importance_reason}" if understanding.importance_reason else ""
        earlier = (
            f" It continues a conversation of {conversation.earlier_messages} mails."
            if conversation.earlier_messages
            else ""
        )
        return Decision.hold(f"Supplier mail from {sender}{about}.{earlier}")
