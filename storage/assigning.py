"""Who has a conversation, and until when it rests. What waits of it follows by a trigger (migration 0014)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.errors import BadInput
from storage import events


@dataclass(frozen=True, slots=True)
class Colleague:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Handling:
    """`assignee` is None where nobody has it; `snoozed_until` None, or past, where it does not rest."""

    assignee: UUID | None
    assignee_name: str
    snoozed_until: datetime | None


# Whoever may answer. A viewer reads alone.
_COLLEAGUES = text("""
    SELECT id, coalesce(nullif(name, ''), email) AS name FROM member
    WHERE tenant_id = :tenant AND role IN ('owner', 'admin', 'agent') ORDER BY lower(coalesce(nullif(name, ''), email))
""")

_OF = text("""
    SELECT c.assignee_id, coalesce(nullif(p.name, ''), p.email, '') AS name, c.snoozed_until
    FROM conversation c LEFT JOIN member p ON p.tenant_id = c.tenant_id AND p.id = c.assignee_id
    WHERE c.tenant_id = :tenant AND c.id = :id
""")

_ASSIGN = text("""
    UPDATE conversation SET assignee_id = :assignee
    WHERE tenant_id = :tenant AND id = ANY(:ids) AND assignee_id IS DISTINCT FROM CAST(:assignee AS uuid) RETURNING id
""")

# What does not wait has nothing to rest from.
_SNOOZE = text("""
    UPDATE conversation c SET snoozed_until = :until
    WHERE c.tenant_id = :tenant AND c.id = ANY(:ids) AND EXISTS (SELECT FROM decision d
        WHERE d.tenant_id = c.tenant_id AND d.conversation_id = c.id AND d.is_current AND d.disposition = 'hold'
            AND d.settled_at IS NULL) RETURNING id
""")


def colleagues(db: Connection, tenant: UUID) -> list[Colleague]:
    """Everybody to whom a conversation can be given, by name."""
    return [Colleague(*row) for row in db.execute(_COLLEAGUES, {"tenant": tenant})]


def of(db: Connection, tenant: UUID, conversation: UUID) -> Handling | None:
    """Who has the conversation; None where there is no such conversation."""
    row = db.execute(_OF, {"tenant": tenant, "id": conversation}).one_or_none()
    return Handling(*row) if row else None


def assign(
    db: Connection, tenant: UUID, conversations: Sequence[UUID], *, assignee: UUID | None, member: UUID
) -> list[UUID]:
    """Give conversations to a colleague, or to nobody; returns those that were somebody else's before.

    Raises BadInput where the colleague is none, or cannot answer.
    """
    if assignee is not None and all(one.id != assignee for one in colleagues(db, tenant)):
        raise BadInput("assignee", "Choose a colleague who can answer.")
    values = {"tenant": tenant, "ids": list(conversations), "assignee": assignee}
    changed = list(db.execute(_ASSIGN, values).scalars())
    to = str(assignee) if assignee else "nobody"
    for one in changed:
        events.record(db, tenant, actor=str(member), kind="conversation_assigned", subject=one, to=to)
    return changed


def snooze(
    db: Connection, tenant: UUID, conversations: Sequence[UUID], *, until: datetime | None, member: UUID
) -> list[UUID]:
    """Let what waits of these conversations rest until then, or wait again at once with None; returns which did.

    It comes back by itself at that time, and at once when the customer writes again.
    """
    values = {"tenant": tenant, "ids": list(conversations), "until": until}
    changed = list(db.execute(_SNOOZE, values).scalars())
    for one in changed:
        told = {"until": until.isoformat()} if until else {}
        kind = "conversation_snoozed" if until else "conversation_woken"
        events.record(db, tenant, actor=str(member), kind=kind, subject=one, **told)
    return changed
