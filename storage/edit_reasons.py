"""Why a person changed the machine's draft, kept with the reply that they released."""

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
    UPDATE outbox SET edit_reason = :reason, edit_note = :note
    WHERE tenant_id = :tenant AND decision_id = :decision AND kind = 'reply' AND state = 'pending' AND words_changed > 0
""")


def note(db: Connection, tenant: UUID, decision: UUID, reason: EditReason | None, words: str = "") -> None:
    """In the transaction of the release, after it; without a `reason` nothing is. `words`: 200 characters at most."""
    if reason is None:
        return
    values = {"tenant": tenant, "decision": decision, "reason": reason.value, "note": words[:LONGEST_NOTE]}
    db.execute(_NOTE, values)
