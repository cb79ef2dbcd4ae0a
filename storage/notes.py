"""Notes that members write to each other on a conversation: plain text, which never leaves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.errors import BadInput
from storage import events

# In characters.
LONGEST = 5000
# For how long the writer may take a note back.
REGRET = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Note:
    """`author` is None where the member is there no more; `fresh` while its writer may take it back."""

    id: UUID
    author: UUID | None
    name: str
    text: str
    written_at: datetime
    fresh: bool


# Under the lock nobody erases the conversation meanwhile.
_WRITE = text("""
    INSERT INTO note (tenant_id, id, conversation_id, member_id, text)
    SELECT c.tenant_id, :note, c.id, :member, :text FROM conversation c
    WHERE c.tenant_id = :tenant AND c.id = :conversation FOR KEY SHARE OF c
    RETURNING id
""")

_OF_CONVERSATION = text("""
    SELECT n.id, n.member_id, coalesce(nullif(p.name, ''), p.email, '') AS name, n.text, n.written_at,
        n.written_at > now() - CAST(:regret AS interval) AS fresh
    FROM note n LEFT JOIN member p ON p.tenant_id = n.tenant_id AND p.id = n.member_id
    WHERE n.tenant_id = :tenant AND n.conversation_id = :conversation ORDER BY n.written_at, n.id
""")

_CONVERSATION = text("SELECT conversation_id FROM note WHERE tenant_id = :tenant AND id = :note")

_TAKE_BACK = text("""
    DELETE FROM note WHERE tenant_id = :tenant AND id = :note AND member_id = :member
        AND written_at > now() - CAST(:regret AS interval)
    RETURNING conversation_id
""")


def write(db: Connection, tenant: UUID, conversation: UUID, *, member: UUID, words: str) -> UUID | None:
    """Returns the note's id; None where there is no such conversation. Raises BadInput for none or too many words."""
    if not words.strip() or len(words) > LONGEST:
        raise BadInput("note", f"A note needs between 1 and {LONGEST:,} characters.")
    values = {"tenant": tenant, "note": uuid4(), "conversation": conversation, "member": member, "text": words}
    note: UUID | None = db.execute(_WRITE, values).scalar()
    if note is not None:
        events.record(db, tenant, actor=str(member), kind="note_written", subject=conversation)
    return note


def of_conversation(db: Connection, tenant: UUID, conversation: UUID) -> list[Note]:
    """The oldest first."""
    values = {"tenant": tenant, "conversation": conversation, "regret": REGRET}
    return [Note(*row) for row in db.execute(_OF_CONVERSATION, values)]


def conversation_of(db: Connection, tenant: UUID, note: UUID) -> UUID | None:
    found: UUID | None = db.execute(_CONVERSATION, {"tenant": tenant, "note": note}).scalar()
    return found


def take_back(db: Connection, tenant: UUID, note: UUID, *, member: UUID) -> bool:
    """A member takes their own note back, within the hour. Nothing of it is kept; False where that is not so."""
    values = {"tenant": tenant, "note": note, "member": member, "regret": REGRET}
    conversation = db.execute(_TAKE_BACK, values).scalar()
    if conversation is None:
        return False
    events.record(db, tenant, actor=str(member), kind="note_taken_back", subject=conversation)
    return True
