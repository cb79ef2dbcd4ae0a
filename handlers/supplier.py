"""Mail from suppliers: a person reads it, with what is known of its sender and of the purchase orders that it names."""

from domain.conversation import Conversation
from domain.decision import Check, Decision
from domain.message import Message
from domain.understanding import Understanding


class SupplierHandler:
    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        sender = message.sender.address if message.sender else "an unknown sender"
        supplier, purchases = conversation.supplier, understanding.purchase_orders
        who = f"Mail of the supplier {supplier.name}" if supplier else f"Supplier mail from {sender}"
        which = f" on purchase order {', '.join(purchases)}" if purchases else ""
        about = f": {understanding.importance_reason}" if understanding.importance_reason else ""
        earlier = (
            f" It continues a conversation of {conversation.earlier_messages} mails."
            if conversation.earlier_messages
            else ""
        )
        known = (
            Check(f"{sender} is {supplier.name} by the list of suppliers.", passed=True)
            if supplier
            else Check(f"{sender} is on no list of suppliers.", passed=False)
        )
        verified = "verified" if message.sender_verified else "did not verify"
        return Decision.hold(f"{who}{which}{about}.{earlier}").checked(
            known, Check(f"Gmail {verified} the sender.", message.sender_verified)
        )
