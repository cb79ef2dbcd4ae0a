"""Mail from suppliers: a person reads it, with what is known of its sender and of the purchase orders that it names."""

from domain.conversation import Conversation
from domain.decision import Check, Decision
from domain.message import Message
from domain.supplier_mail import KnownBy, SupplierMail
from domain.understanding import Understanding

_NOBODY = SupplierMail(KnownBy.PURCHASE_ORDER)


class SupplierHandler:
    """Nothing is ever drafted to a supplier here: who is written to, and what, a person says."""

    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        sender = message.sender.address if message.sender else "an unknown sender"
        mail = conversation.supplier_mail or _NOBODY
        orders = dict.fromkeys((*understanding.purchase_orders, *(one.request.purchase_order for one in mail.about)))
        which = f" on purchase order {', '.join(orders)}" if orders else ""
        about = f": {understanding.importance_reason}" if understanding.importance_reason else ""
        answered = ", ".join(one.purchase_order for one in mail.answered)
        answers = f" It answers what we asked on {answered}." if answered else ""
        earlier = (
            f" It continues a conversation of {conversation.earlier_messages} mails."
            if conversation.earlier_messages
            else ""
        )
        verified = "verified" if message.sender_verified else "did not verify"
        return Decision.hold(f"{_who(mail, sender)}{which}{about}.{answers}{earlier}").checked(
            _known(mail, sender), Check(f"Gmail {verified} the sender.", message.sender_verified)
        )


def _who(mail: SupplierMail, sender: str) -> str:
    match mail.known_by:
        case KnownBy.FORGED:
            return f"The sender may be forged: it says to be {_name(mail)}, and counts as no answer. Mail"
        case KnownBy.SENDER:
            return f"Mail of {_name(mail)}"
        case KnownBy.THREAD:
            return f"Mail from {sender} in the thread in which we asked {_name(mail)}"
        case KnownBy.PURCHASE_ORDER:
            return f"Supplier mail from {sender}"


def _known(mail: SupplierMail, sender: str) -> Check:
    match mail.known_by:
        case KnownBy.FORGED:
            return Check(f"{sender} may be forged: a server says that the mail is not from there.", passed=False)
        case KnownBy.SENDER:
            name = mail.supplier.name if mail.supplier else "a supplier"
            return Check(f"{sender} is {name} by the list of suppliers.", passed=True)
        case KnownBy.THREAD:
            return Check(f"{sender} writes in a thread that we began with {_name(mail)}.", passed=True)
        case KnownBy.PURCHASE_ORDER:
            return Check(f"{sender} is not on the list of suppliers. Anybody can write a number.", passed=False)


def _name(mail: SupplierMail) -> str:
    return f"the supplier {mail.supplier.name}" if mail.supplier else "a supplier"
