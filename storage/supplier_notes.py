"""What a supplier answered, as an internal note on the ticket of the order: once for each mail and order."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from domain.bridging import ticket_type
from domain.decision import WordsFor
from domain.order import normal_number
from storage import tickets
from storage.tickets import Words

_TICKET = text("SELECT id FROM ticket WHERE tenant_id = :tenant AND order_number = :number")

_LOCK = text("""
    SELECT FROM ticket WHERE tenant_id = :tenant AND order_number = ANY(:numbers) ORDER BY id FOR UPDATE
""")

# A ticket is made of a customer's mail, and never of a supplier's: it shows whose mail it was made of.
_CUSTOMERS = text("""
    SELECT m.id, coalesce(d.category, '') AS category, coalesce(d.understanding ->> 'sub_intent', '') AS sub_intent
    FROM conversation c JOIN message m ON m.tenant_id = c.tenant_id AND m.conversation_id = c.id
        AND m.direction = 'in' AND m.sender_address = c.customer_address
        LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
    WHERE c.tenant_id = :tenant AND c.id = :conversation ORDER BY m.received_at DESC, m.seq DESC LIMIT 1
""")

_THERE = text("""
    SELECT EXISTS (SELECT FROM ticket_words WHERE tenant_id = :tenant AND ticket_id = :ticket AND message_id = :message
        AND side = 'note')
""")


@dataclass(frozen=True, slots=True)
class SupplierNote:
    """`conversation` is the customer's behind the request, None where nobody knows it."""

    order_number: str
    text: str
    conversation: UUID | None = None


def lock(db: Connection, tenant: UUID, notes: Sequence[SupplierNote]) -> None:
    """Hold the tickets on which these would go: asked before a request is, since whoever puts words onto a ticket has
    the ticket first, and then the request of the words.
    """
    if notes:
        numbers = [normal_number(one.order_number) for one in notes]
        db.execute(_LOCK, {"tenant": tenant, "numbers": numbers})


def write(db: Connection, tenant: UUID, message: UUID, note: SupplierNote) -> bool:
    """Put it behind what waits for the ticket; where the order has none yet, behind one of the customer's newest mail.

    The supplier's mail is not made the ticket's: a reply to it must never go to the customer. False where there is no
    ticket to be had, or the note is there already.
    """
    ticket = db.execute(_TICKET, {"tenant": tenant, "number": normal_number(note.order_number)}).scalar()
    if ticket is None and note.conversation is not None:
        asked = db.execute(_CUSTOMERS, {"tenant": tenant, "conversation": note.conversation}).one_or_none()
        if asked is not None:
            about = int(ticket_type(asked.category, asked.sub_intent))
            ticket = tickets.open_one(db, tenant, note.order_number, note.conversation, asked.id, about=about)
    if ticket is None or db.execute(_THERE, {"tenant": tenant, "ticket": ticket, "message": message}).scalar():
        return False
    return tickets.write(db, tenant, ticket, Words(WordsFor.NOTE, note.text, message=message)) is not None
