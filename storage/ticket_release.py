"""Words for a supplier, or for a customer without a draft, that wait for a person before they go onto a ticket."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from storage import events, supplier_words

DROPPED = "A member dropped it."

# A customer's words that came back as a draft are sent from the draft: two ways would be two letters.
_OF_CONVERSATION = text("""
    SELECT w.id, w.side, w.recipient, w.text, w.last_error AS reason, t.order_number, t.state AS ticket_state
    FROM ticket_words w JOIN ticket t ON t.tenant_id = w.tenant_id AND t.id = w.ticket_id
        LEFT JOIN decision d ON d.tenant_id = w.tenant_id AND d.id = w.decision_id
        LEFT JOIN message m ON m.tenant_id = w.tenant_id AND m.id = w.message_id
    WHERE w.tenant_id = :tenant AND coalesce(w.conversation_id, m.conversation_id) = :conversation
        AND w.state = 'held'
        AND (w.side = 'supplier' OR w.side = 'customer' AND w.reply_id IS NULL)
        AND (d.id IS NULL OR d.is_current)
    ORDER BY w.seq LIMIT 20
""")

# What a supplier was asked from their own conversation has no customer's: the mail says where that was.
_CONVERSATION = text("""
    SELECT coalesce(w.conversation_id, m.conversation_id) FROM ticket_words w
        LEFT JOIN message m ON m.tenant_id = w.tenant_id AND m.id = w.message_id
    WHERE w.tenant_id = :tenant AND w.id = :words
""")

# Its ticket first, as everybody locks them who writes on one.
_LOCK = text("""
    SELECT t.id FROM ticket t JOIN ticket_words w ON w.tenant_id = t.tenant_id AND w.ticket_id = t.id
    WHERE t.tenant_id = :tenant AND w.id = :words AND t.state <> 'needs_person' FOR UPDATE OF t
""")

_RELEASE = text("""
    UPDATE ticket_words SET state = 'pending', automatic = false, wall_reason = :reason, last_error = '', attempts = 0,
        looks = 0
    WHERE tenant_id = :tenant AND id = :words AND state = 'held'
        AND (side = 'supplier' OR side = 'customer' AND reply_id IS NULL)
    RETURNING message_id
""")

_DUE = text("""
    UPDATE ticket SET next_at = coalesce(next_at, now()), due_since = coalesce(due_since, now())
    WHERE tenant_id = :tenant AND id = :ticket
""")

_DROP = text("""
    UPDATE ticket_words SET state = 'cancelled', last_error = :reason
    WHERE tenant_id = :tenant AND id = :words AND state = 'held'
        AND (side = 'supplier' OR side = 'customer' AND reply_id IS NULL)
    RETURNING message_id
""")


@dataclass(frozen=True, slots=True)
class HeldWords:
    """`can_leave` is false where a person has the ticket; `reason` is why they were held, where that was said."""

    id: UUID
    side: str
    recipient: str
    text: str
    reason: str
    order_number: str
    can_leave: bool


def of_conversation(db: Connection, tenant: UUID, conversation: UUID) -> list[HeldWords]:
    """In the order in which they would go there; those of a decision that was made anew are none any more."""
    rows = db.execute(_OF_CONVERSATION, {"tenant": tenant, "conversation": conversation})
    return [
        HeldWords(
            row.id, row.side, row.recipient, row.text, row.reason, row.order_number, row.ticket_state != "needs_person"
        )
        for row in rows
    ]  # fmt: skip


def conversation_of(db: Connection, tenant: UUID, words: UUID) -> UUID | None:
    found: UUID | None = db.execute(_CONVERSATION, {"tenant": tenant, "words": words}).scalar()
    return found


def release(db: Connection, tenant: UUID, words: UUID, *, member: UUID, wall_reason: str = "") -> bool:
    """A person lets them go onto the ticket; `wall_reason` where the wall objected. False where it is too late."""
    values = {"tenant": tenant, "words": words}
    ticket = db.execute(_LOCK, values).scalar()
    if ticket is None:
        return False
    row = db.execute(_RELEASE, {**values, "reason": wall_reason[:1000]}).one_or_none()
    if row is None:
        return False
    db.execute(_DUE, {"tenant": tenant, "ticket": ticket})
    detail = {"reason": wall_reason[:1000]} if wall_reason else {}
    events.record(db, tenant, actor=str(member), kind="ticket_words_released", subject=row.message_id, **detail)
    return True


def drop(db: Connection, tenant: UUID, words: UUID, *, member: UUID) -> bool:
    """They never go onto the ticket. False where they did not wait for a person."""
    row = db.execute(_DROP, {"tenant": tenant, "words": words, "reason": DROPPED}).one_or_none()
    if row is not None:
        supplier_words.ended(db, tenant, words, reason=DROPPED)
        events.record(db, tenant, actor=str(member), kind="ticket_words_dropped", subject=row.message_id)
    return row is not None
