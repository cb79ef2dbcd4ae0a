"""A mailbox is disconnected: its tokens go at once, and nothing that was on its way is lost, doubled or kept quiet."""

from uuid import UUID

from sqlalchemy import Connection, text

from storage import cases, mailboxes, supplier_sending

NOT_LEFT = "The mailbox was disconnected before this reply left."
UNKNOWN = "The mailbox was disconnected before Gmail confirmed whether this reply left: look into its Sent folder."
LEFT = "This reply left while the mailbox was just being disconnected: nothing more is to be done."
GONE = "The mailbox was disconnected."

# Who just lists its mail for a worker finds the fence of another: no mail comes in behind this.
_DISCONNECT = text("""
    UPDATE mailbox SET status = 'disconnected', refresh_sealed = NULL, access_sealed = NULL, access_expires_at = NULL,
        fence = fence + 1, lease_until = NULL
    WHERE tenant_id = :tenant AND id = :id AND status <> 'disconnected'
""")

# Before the replies, so that a decision which is just being written is either waited for, and its replies are seen
# below, or is too late. In the order in which workers write what came of a batch.
_LOCK_MAIL = text("""
    SELECT FROM message WHERE tenant_id = :tenant AND mailbox_id = :id AND direction = 'in'
        AND state IN ('discovered', 'fetched')
    ORDER BY seq FOR UPDATE
""")

# What was not fetched cannot be had any more. What comes of a mail that is just being read was thought for a mailbox
# that is no more: it is decided anew.
_GIVE_UP_MAIL = text("""
    UPDATE message SET fence = fence + 1, lease_until = NULL,
        last_error = CASE state WHEN 'discovered' THEN :reason ELSE last_error END,
        state = CASE state WHEN 'discovered' THEN 'gone' ELSE state END
    WHERE tenant_id = :tenant AND mailbox_id = :id AND direction = 'in' AND state IN ('discovered', 'fetched')
""")

# Apart, too: what a worker is just moving is then seen as the worker left it, with its words for a ticket.
_LOCK_EFFECTS = text("""
    SELECT FROM outbox WHERE tenant_id = :tenant AND mailbox_id = :id
        AND state IN ('waiting', 'pending', 'drafted', 'sending', 'uncertain')
    ORDER BY id FOR UPDATE
""")

# A decided answer that did not leave is a person's again, with its text: nobody may believe that it was given. What was
# handed to a ticket leaves without the mailbox, and ends as its words do.
_HOLD_EFFECTS = text("""
    WITH unsent AS (
        UPDATE outbox o SET state = 'held', last_error = :reason, fence = fence + 1, lease_until = NULL,
            undo = NULL
        WHERE tenant_id = :tenant AND mailbox_id = :id AND state IN ('waiting', 'pending', 'drafted')
            AND NOT (state = 'waiting' AND EXISTS (SELECT FROM ticket_words w WHERE w.tenant_id = o.tenant_id
                AND w.reply_id = o.id AND w.state IN ('pending', 'sending', 'uncertain')))
        RETURNING decision_id
    )
    UPDATE decision SET disposition = 'hold', reason = :reason, settled_at = NULL, settled_by = NULL, settlement = NULL
    WHERE tenant_id = :tenant AND id IN (SELECT decision_id FROM unsent) RETURNING id
""")

# Nobody can look any more whether these left. Their fence stays: who is just sending one may still say that it left.
_UNKNOWN_EFFECTS = text("""
    WITH unknown AS (
        UPDATE outbox SET state = 'needs_person', last_error = :reason
        WHERE tenant_id = :tenant AND mailbox_id = :id AND state IN ('sending', 'uncertain') RETURNING decision_id
    )
    UPDATE decision SET disposition = 'hold', reason = :reason, settled_at = NULL, settlement = NULL
    WHERE tenant_id = :tenant AND id IN (SELECT decision_id FROM unknown)
""")

# Last, as a worker that notes a reply as sent takes its copy after the reply.
_GIVE_UP_COPIES = text("""
    UPDATE message SET state = 'gone', last_error = :reason, fence = fence + 1
    WHERE tenant_id = :tenant AND mailbox_id = :id AND state = 'discovered'
""")

_QUEUE_REVOCATION = text("""
    INSERT INTO revocation (tenant_id, mailbox_id, refresh_sealed) VALUES (:tenant, :id, :refresh)
    ON CONFLICT (tenant_id, mailbox_id) DO UPDATE SET refresh_sealed = excluded.refresh_sealed, next_at = now()
""")

_LEFT_AFTER_ALL = text("""
    UPDATE decision SET reason = :reason WHERE tenant_id = :tenant AND id = :decision AND disposition = 'hold'
        AND settled_at IS NULL AND reason = :unknown
""")


def disconnect(db: Connection, tenant: UUID, mailbox: UUID) -> bool:
    """Erase the tokens here at once and leave the grant to be revoked at Google; what does not leave is a person's."""
    tokens = mailboxes.get_tokens(db, tenant, mailbox)
    values = {"tenant": tenant, "id": mailbox}
    if db.execute(_DISCONNECT, values).rowcount != 1:
        return False
    db.execute(_LOCK_MAIL, values)
    db.execute(_GIVE_UP_MAIL, {**values, "reason": GONE})
    db.execute(_LOCK_EFFECTS, values)
    for decision in db.execute(_HOLD_EFFECTS, {**values, "reason": NOT_LEFT}).scalars().all():
        # What was to be asked was not asked.
        cases.take_back(db, tenant, decision)
    db.execute(_UNKNOWN_EFFECTS, {**values, "reason": UNKNOWN})
    supplier_sending.mailbox_gone(db, tenant, mailbox, reasons=(NOT_LEFT, UNKNOWN))
    db.execute(_GIVE_UP_COPIES, {**values, "reason": GONE})
    if tokens is not None:
        db.execute(_QUEUE_REVOCATION, {**values, "refresh": tokens.refresh.value})
    return True


def left(db: Connection, tenant: UUID, decision: UUID) -> None:
    """Gmail confirmed it after all: nobody has to look into the Sent folder any more."""
    values = {"tenant": tenant, "decision": decision, "reason": LEFT, "unknown": UNKNOWN}
    db.execute(_LEFT_AFTER_ALL, values)
