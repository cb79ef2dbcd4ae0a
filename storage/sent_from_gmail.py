"""What its owner sent of a reply that they had taken to Gmail as a draft: joined with it when the mail comes back.

The reply stays left as a draft: nothing here sent it. When it was sent, and in which words, is noted beside that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from storage import events


@dataclass(frozen=True, slots=True)
class Taken:
    """A reply as a person took it to Gmail, where it ends with `reference`; `message` is the mail that it answers."""

    id: UUID
    message: UUID
    reference: str
    text: str


# A mail that bears the reference is the draft, also before we know that the draft is there. One that bears none of ours
# is the draft, rewritten, where it answers the mail that was the newest then, and nobody here answered that otherwise.
_TAKEN = text("""
    SELECT o.id, o.message_id, o.reference, o.text
    FROM outbox o JOIN message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id
        JOIN decision d ON d.tenant_id = o.tenant_id AND d.id = o.decision_id
    WHERE o.tenant_id = :tenant AND o.mailbox_id = :mailbox AND o.thread_id = :thread AND o.kind = 'reply'
        AND o.as_draft AND o.state IN ('pending', 'left_as_draft') AND o.sent_at IS NULL
        AND (o.reference = ANY(:references) OR o.state = 'left_as_draft' AND o.released_at <= :at
            AND d.settlement = 'gmail_draft' AND m.received_at <= :at
            AND NOT EXISTS (SELECT FROM outbox p WHERE p.tenant_id = o.tenant_id AND p.reference = ANY(:references))
            AND NOT EXISTS (SELECT FROM message n WHERE n.tenant_id = m.tenant_id AND n.mailbox_id = m.mailbox_id
                AND n.thread_id = m.thread_id AND n.direction = 'in' AND n.received_at > m.received_at
                AND n.received_at <= :at))
    ORDER BY o.reference = ANY(:references) DESC, o.created_at DESC, o.position DESC LIMIT 1 FOR UPDATE OF o
""")

_NOTE = text("""
    UPDATE outbox SET sent_at = :at, text = :words,
        words_changed = CASE WHEN draft_text <> '' THEN words_changed(draft_text, CAST(:words AS text)) END
    WHERE tenant_id = :tenant AND id = :id AND as_draft AND sent_at IS NULL
""")


def taken(
    db: Connection, tenant: UUID, mailbox: UUID, thread_id: str, *, at: datetime, references: Sequence[str]
) -> Taken | None:
    """Which reply a mail of this thread is that left Gmail `at` (UTC) and bears these references; its row is locked."""
    values = {
        "tenant": tenant, "mailbox": mailbox, "thread": thread_id, "at": at, "references": list(references),
    }  # fmt: skip
    row = db.execute(_TAKEN, values).one_or_none()
    return Taken(*row) if row else None


def note(db: Connection, tenant: UUID, reply: Taken, *, words: str, at: datetime) -> bool:
    """Its owner sent it `at`, in these words; False where that was noted before."""
    if db.execute(_NOTE, {"tenant": tenant, "id": reply.id, "words": words, "at": at}).rowcount != 1:
        return False
    events.record(db, tenant, actor="gmail", kind="reply_sent_from_gmail", subject=reply.message)
    return True
