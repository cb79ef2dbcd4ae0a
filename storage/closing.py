"""A conversation is done without an answer, or waits again after all."""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.settlement import Settlement
from storage import desk, events

_WAITING = text("""
    SELECT id FROM decision WHERE tenant_id = :tenant AND conversation_id = :id AND is_current
        AND disposition = 'hold' AND settled_at IS NULL ORDER BY created_at
""")

# The newest mail alone, and only where it was dismissed, or taken to Gmail and neither just being laid down nor sent
# there by now: what was answered stays answered.
_REOPENS = text("""
    SELECT id, message_id, settlement FROM decision
    WHERE tenant_id = :tenant AND is_current AND id = (
            SELECT d.id FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
            WHERE d.tenant_id = :tenant AND d.conversation_id = :id AND d.is_current
            ORDER BY m.received_at DESC NULLS LAST, m.seq DESC LIMIT 1)
        AND (settlement = 'dismissed' OR settlement = 'gmail_draft' AND NOT EXISTS (SELECT FROM outbox o
            WHERE o.tenant_id = :tenant AND o.decision_id = decision.id AND o.as_draft
                AND (o.state = 'pending' OR o.sent_at IS NOT NULL)))
    FOR UPDATE
""")

_REOPEN = text("""
    UPDATE decision SET settled_at = NULL, settled_by = NULL, settlement = NULL
    WHERE tenant_id = :tenant AND id = :decision
""")

# A draft that tells of an order action stays cancelled: that action was given up with it.
_DRAFT_AGAIN = text("""
    UPDATE outbox SET state = 'held', last_error = '', edit_reason = '', edit_note = ''
    WHERE tenant_id = :tenant AND decision_id = :decision AND kind = 'reply' AND state = 'cancelled' AND act_id IS NULL
        AND last_error = :reason
""")


def close(db: Connection, tenant: UUID, conversation: UUID, *, member: UUID) -> int:
    """Dismiss all that waits of a conversation; returns how many mails that were."""
    waiting = db.execute(_WAITING, {"tenant": tenant, "id": conversation}).scalars().all()
    return sum(desk.dismiss(db, tenant, one, member=member) for one in waiting)


def reopen(db: Connection, tenant: UUID, conversation: UUID, *, member: UUID) -> Settlement | None:
    """The newest mail of a conversation waits again, with the draft it had; returns how it had been settled.

    None where it was neither dismissed nor left in Gmail as a draft. Such a draft stays there: what is written here
    from now on is a reply of its own.
    """
    row = db.execute(_REOPENS, {"tenant": tenant, "id": conversation}).one_or_none()
    if row is None:
        return None
    wait_again(db, tenant, row.id, row.message_id, actor=str(member))
    return Settlement(row.settlement)


def wait_again(db: Connection, tenant: UUID, decision: UUID, message: UUID, *, actor: str) -> None:
    """A decision that its caller has locked is settled no more, and has the draft with which it was dismissed."""
    values = {"tenant": tenant, "decision": decision}
    if db.execute(_REOPEN, values).rowcount == 1:
        db.execute(_DRAFT_AGAIN, {**values, "reason": desk.DISMISSED})
        events.record(db, tenant, actor=actor, kind="message_reopened", subject=message)
