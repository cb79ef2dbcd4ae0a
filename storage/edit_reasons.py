"""Why a person changed or dismissed the machine's draft, kept with its reply."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text


class EditReason(StrEnum):
    """What was wrong with a draft, by its writer's choice; they may add a line of their own."""

    TONE = "tone"
    WRONG_FACT = "wrong_fact"
    MISSING_FACT = "missing_fact"
    WRONG_PERSON = "wrong_person"
    OTHER = "other"


LONGEST_NOTE = 200

# Of a draft that is released as it stands nothing was wrong, whatever the form says.
_NOTE = text("""
    UPDATE outbox o SET edit_reason = :reason, edit_note = :note FROM decision d
    WHERE o.tenant_id = :tenant AND o.decision_id = :decision AND o.kind = 'reply'
        AND d.tenant_id = o.tenant_id AND d.id = o.decision_id
        AND CASE WHEN d.settlement = 'dismissed' THEN o.state = 'cancelled' AND o.draft_text <> ''
            ELSE o.state = 'pending' AND o.words_changed > 0 END
""")


def note(db: Connection, tenant: UUID, decision: UUID, reason: EditReason | None, words: str = "") -> None:
    """In the transaction of the release or dismissal, after it; without a `reason` nothing is. `words`: 200 characters
    at most.
    """
    if reason is None:
        return
    values = {"tenant": tenant, "decision": decision, "reason": reason.value, "note": words[:LONGEST_NOTE]}
    db.execute(_NOTE, values)
