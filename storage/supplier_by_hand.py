"""What staff asked a supplier by hand in Gmail: it opens a request, or begins the ladder of an open one anew."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.supplier_request import normal_purchase_order
from storage import events, supplier_requests


@dataclass(frozen=True, slots=True)
class ByHand:
    """One mail to one supplier about one purchase order. `sent_at` is when Gmail took it, UTC."""

    message: UUID
    mailbox: UUID
    thread_id: str
    rfc_message_id: str
    supplier: UUID
    recipient: str
    purchase_order: str
    subject: str
    sent_at: datetime


_OURS = text("""
    SELECT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = :tenant
        AND o.reference IN (SELECT found[1] FROM regexp_matches(:text, 'Ref: ([A-Z0-9]{6})', 'g') AS found))
""")

# Of mail that was there before the mailbox was connected nobody knows what came of it; and where they wrote in the
# thread since, they have answered.
_COUNTS = text("""
    SELECT :sent_at >= b.connected_at AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = b.tenant_id
        AND m.mailbox_id = b.id AND m.thread_id = :thread AND m.direction = 'in' AND m.received_at > :sent_at)
    FROM mailbox b WHERE b.tenant_id = :tenant AND b.id = :mailbox
""")

_OPEN = text("""
    INSERT INTO supplier_request (tenant_id, id, supplier_id, purchase_order, recipient, subject, message_id)
    VALUES (:tenant, :id, :supplier, :purchase, :recipient, :subject, :message)
    ON CONFLICT (tenant_id, supplier_id, purchase_order) WHERE answered_at IS NULL AND closed_at IS NULL
    DO UPDATE SET recipient = supplier_request.recipient
    RETURNING id
""")

_IN_THREAD = text("""
    UPDATE supplier_request SET mailbox_id = :mailbox, thread_id = :thread, rfc_message_id = :rfc_message_id,
        recipient = :recipient, subject = :subject, message_id = coalesce(message_id, :message)
    WHERE tenant_id = :tenant AND id = :request
""")


def is_ours(db: Connection, tenant: UUID, new_text: str) -> bool:
    """Whether a text from our Sent folder ends with a reference of ours: then the program wrote it."""
    found: bool = db.execute(_OURS, {"tenant": tenant, "text": new_text}).scalar_one()
    return found


def written(db: Connection, tenant: UUID, hand: ByHand) -> UUID | None:
    """The request that this mail opens or asks anew; None where nothing is owed for it."""
    values = {
        "tenant": tenant, "id": uuid4(), "supplier": hand.supplier, "recipient": hand.recipient,
        "purchase": normal_purchase_order(hand.purchase_order), "subject": hand.subject[:500],
        "message": hand.message, "mailbox": hand.mailbox, "thread": hand.thread_id, "sent_at": hand.sent_at,
        "rfc_message_id": hand.rfc_message_id[:500],
    }  # fmt: skip
    if not db.execute(_COUNTS, values).scalar():
        return None
    request: UUID = db.execute(_OPEN, values).scalar_one()
    if not supplier_requests.left(db, tenant, request, at=hand.sent_at):
        return None
    db.execute(_IN_THREAD, {**values, "request": request})
    events.record(db, tenant, actor="gmail", kind="supplier_asked_by_hand", subject=request)
    return request
