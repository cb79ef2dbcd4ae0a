"""What became of cases: each step that one took, and all cases of a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import Case, CaseState
from storage.case_rows import from_row


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One step of a case. `by` is the name of the member who took it, or empty for the machine.

    `is_put_back`: no way of the table, the reply that the case rested on did not leave.
    """

    at: datetime
    by: str
    before: CaseState
    after: CaseState
    reason: str
    is_put_back: bool


_OF_CONVERSATION = text("""
    SELECT * FROM support_case WHERE tenant_id = :tenant AND conversation_id = :conversation
    ORDER BY opened_at DESC, id
""")

_EVENT = text("""
    INSERT INTO case_event (tenant_id, case_id, actor, from_state, to_state, reason, is_put_back)
    VALUES (:tenant, :case, :actor, :before, :after, :reason, :is_put_back)
""")

_HISTORY = text("""
    SELECT e.at, coalesce(nullif(m.name, ''), m.email, '') AS name, e.from_state, e.to_state, e.reason, e.is_put_back
    FROM case_event e LEFT JOIN member m ON m.tenant_id = e.tenant_id AND CAST(m.id AS text) = e.actor
    WHERE e.tenant_id = :tenant AND e.case_id = :case ORDER BY e.id
""")


def of_conversation(db: Connection, tenant: UUID, conversation: UUID) -> list[Case]:
    """Every case of a conversation, the newest first; `previous` is the one that it follows."""
    rows = db.execute(_OF_CONVERSATION, {"tenant": tenant, "conversation": conversation})
    return [from_row(row) for row in rows]


def history(db: Connection, tenant: UUID, case: UUID) -> list[CaseEvent]:
    """Each step that a case took, the first one first."""
    return [
        CaseEvent(row.at, row.name, CaseState(row.from_state), CaseState(row.to_state), row.reason, row.is_put_back)
        for row in db.execute(_HISTORY, {"tenant": tenant, "case": case})
    ]


def note(
    db: Connection,
    tenant: UUID,
    case: UUID,
    before: CaseState,
    passed: Sequence[CaseState],
    *,
    actor: str,
    reason: str,
    is_put_back: bool = False,
) -> None:
    """One event for each step. Only the last has the reason: it is what the steps led to."""
    for number, after in enumerate(passed, start=1):
        said = reason if number == len(passed) else ""
        values = {"tenant": tenant, "case": case, "actor": actor, "before": before.value, "after": after.value}
        db.execute(_EVENT, {**values, "reason": said[:500], "is_put_back": is_put_back})
        before = after
