"""Who has taken a conversation over from the machine, and what no longer leaves there by itself because of that.

It covers what is for the customer: answers, questions, links that confirm an address, words that a ticket carries to
them, and order actions that nobody approved. What a supplier is asked or reminded of goes on: it is a talk of its own,
in a thread of its own. What a person approved leaves as ever.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.conversation import taken_over
from storage import assigning, events


@dataclass(frozen=True, slots=True)
class TakenOver:
    """`member` is None where they are there no more: it stays taken over."""

    member: UUID | None
    name: str
    at: datetime


_OF = text("""
    SELECT c.taken_over_by, coalesce(nullif(p.name, ''), p.email, 'Somebody') AS name, c.taken_over_at
    FROM conversation c LEFT JOIN member p ON p.tenant_id = c.tenant_id AND p.id = c.taken_over_by
    WHERE c.tenant_id = :tenant AND c.id = :id AND c.taken_over_at IS NOT NULL
""")

_TAKE = text("""
    UPDATE conversation SET taken_over_by = :member, taken_over_at = now()
    WHERE tenant_id = :tenant AND id = :id
        AND (taken_over_at IS NULL OR taken_over_by IS DISTINCT FROM CAST(:member AS uuid)) RETURNING id
""")

_GIVE_BACK = text("""
    UPDATE conversation SET taken_over_by = NULL, taken_over_at = NULL
    WHERE tenant_id = :tenant AND id = :id AND taken_over_at IS NOT NULL RETURNING id
""")

# Locked until the commit, so that who takes it over and who is about to send are one after the other: once it is taken
# over, nothing begins to leave any more.
_LOCKED = {
    "decision": text("""
        SELECT c.id FROM conversation c
            JOIN decision d ON d.tenant_id = c.tenant_id AND d.conversation_id = c.id
        WHERE c.tenant_id = :tenant AND d.id = :about FOR SHARE OF c
    """),
    "words": text("""
        SELECT c.id FROM ticket_words w
            LEFT JOIN message m ON m.tenant_id = w.tenant_id AND m.id = w.message_id
            JOIN conversation c ON c.tenant_id = w.tenant_id AND c.id = coalesce(w.conversation_id, m.conversation_id)
        WHERE w.tenant_id = :tenant AND w.id = :about FOR SHARE OF c
    """),
}


def of(db: Connection, tenant: UUID, conversation: UUID) -> TakenOver | None:
    """Who has taken it over; None where nobody has, or there is no such conversation."""
    row = db.execute(_OF, {"tenant": tenant, "id": conversation}).one_or_none()
    return TakenOver(*row) if row else None


def take_over(db: Connection, tenant: UUID, conversation: UUID, *, member: UUID) -> bool:
    """From the commit on nothing leaves there by itself, and the member has it; False where it is theirs already.

    Raises BadInput where the member cannot answer.
    """
    if db.execute(_TAKE, {"tenant": tenant, "id": conversation, "member": member}).one_or_none() is None:
        return False
    assigning.assign(db, tenant, [conversation], assignee=member, member=member)
    events.record(db, tenant, actor=str(member), kind="conversation_taken_over", subject=conversation)
    return True


def give_back(db: Connection, tenant: UUID, conversation: UUID, *, member: UUID) -> bool:
    """The machine may answer there again. What waits goes on waiting; False where nobody had taken it over."""
    if db.execute(_GIVE_BACK, {"tenant": tenant, "id": conversation}).one_or_none() is None:
        return False
    events.record(db, tenant, actor=str(member), kind="conversation_given_back", subject=conversation)
    return True


def objection(db: Connection, tenant: UUID, decision: UUID | None) -> str:
    """Why nothing of this decision may leave by itself, in words, or nothing. Its conversation stays locked till the
    commit.
    """
    return _objection(db, tenant, "decision", decision)


def objection_to_words(db: Connection, tenant: UUID, words: UUID) -> str:
    """The same for a text that waits for its ticket."""
    return _objection(db, tenant, "words", words)


def _objection(db: Connection, tenant: UUID, what: str, about: UUID | None) -> str:
    conversation = db.execute(_LOCKED[what], {"tenant": tenant, "about": about}).scalar()
    taken = of(db, tenant, conversation) if conversation is not None else None
    return taken_over(taken.name) if taken else ""
