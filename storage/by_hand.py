"""Whether a mail was answered by hand in Gmail, and whether that is known now: asked right before a reply leaves."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

ANSWERED = "Somebody answered by hand in Gmail."
ANOTHER_LEAVING = "Another reply in this conversation is just leaving."
OUT_OF_SIGHT = "The mailbox was not read for a while; first it is read."


@dataclass(frozen=True, slots=True)
class Seen:
    """`in_sight`: the mailbox was read lately. While `another_leaving`, its copy may pass for an answer by hand."""

    in_sight: bool
    another_leaving: bool
    answered_by_hand: bool


# Of a reply `o` to the mail `m` in the mailbox `b`. What was sent by hand answers this mail when it came later, or
# names it: two mails of one millisecond, found by a listing, have no order of their own. The thread is that of the mail
# that came in, also for a mail of ours that begins one of its own.
SEEN = """
        coalesce(b.last_ok_at > now() - CAST(:sight AS interval), false) AS in_sight,
        EXISTS (SELECT FROM outbox p WHERE p.tenant_id = o.tenant_id AND p.mailbox_id = o.mailbox_id
            AND p.thread_id = m.thread_id AND p.id <> o.id AND p.state IN ('sending', 'uncertain')) AS another_leaving,
        EXISTS (SELECT FROM message s WHERE s.tenant_id = o.tenant_id AND s.mailbox_id = o.mailbox_id
            AND s.thread_id = m.thread_id AND s.direction = 'out'
            AND (s.seq > m.seq OR s.received_at > m.received_at
                OR m.rfc_message_id <> '' AND jsonb_exists(s.parsed -> 'references', m.rfc_message_id))
            AND NOT EXISTS (SELECT FROM outbox p WHERE p.tenant_id = s.tenant_id AND p.mailbox_id = s.mailbox_id
                AND p.sent_gmail_id = s.gmail_id)) AS answered_by_hand
"""

_REPLY = f"""
    SELECT {SEEN}
    FROM outbox o JOIN mailbox b ON b.tenant_id = o.tenant_id AND b.id = o.mailbox_id
        JOIN message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id
    WHERE o.tenant_id = :tenant AND o.id = :reply
"""  # noqa: S608  # a constant of this file
_OF_REPLY = text(_REPLY)


def look(db: Connection, tenant: UUID, reply: UUID, *, sight: timedelta) -> Seen | None:
    """For a reply that waits elsewhere than in Gmail; None where there is no such reply."""
    row = db.execute(_OF_REPLY, {"tenant": tenant, "reply": reply, "sight": sight}).one_or_none()
    return Seen(*row) if row is not None else None
