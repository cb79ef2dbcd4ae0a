"""Which files of a customer's mail go onto a ticket: with its making, or with the first note about a later mail."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from storage.ticket_work import Due

_OF_TICKET = text("""
    SELECT m.id, m.parsed -> 'attachments' AS files FROM ticket t
        JOIN message m ON m.tenant_id = t.tenant_id AND m.id = t.message_id
    WHERE t.tenant_id = :tenant AND t.id = :id
""")

# What made the ticket brought its files along; of several notes about one mail the first has them. A supplier's stay
# at the desk.
_OF_NOTE = text("""
    SELECT m.id, m.parsed -> 'attachments' AS files FROM ticket_words w
        JOIN ticket t ON t.tenant_id = w.tenant_id AND t.id = w.ticket_id
        JOIN message m ON m.tenant_id = w.tenant_id AND m.id = w.message_id
    WHERE w.tenant_id = :tenant AND w.id = :words AND w.side = 'note' AND m.direction = 'in'
        AND (t.message_id IS DISTINCT FROM m.id OR t.creating_at IS NULL)
        AND NOT EXISTS (SELECT FROM supplier_link l WHERE l.tenant_id = m.tenant_id AND l.message_id = m.id)
        AND NOT EXISTS (SELECT FROM ticket_words e WHERE e.tenant_id = w.tenant_id AND e.ticket_id = w.ticket_id
            AND e.message_id = w.message_id AND e.side = 'note' AND e.seq < w.seq
            AND e.state NOT IN ('cancelled', 'refused'))
""")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a mail: `number` counts from 0 as the mail's attachments do, `size` is in bytes. All is hostile."""

    message: UUID
    number: int
    name: str
    content_type: str
    size: int


def of_ticket(db: Connection, due: Due) -> list[Attached]:
    """The files of the mail that opens this ticket."""
    return _files(db.execute(_OF_TICKET, {"tenant": due.tenant, "id": due.id}).one_or_none())


def of_note(db: Connection, tenant: UUID, words: UUID) -> list[Attached]:
    """The files that go with this note, none where they are on the ticket already."""
    return _files(db.execute(_OF_NOTE, {"tenant": tenant, "words": words}).one_or_none())


def _files(row: Any) -> list[Attached]:
    if row is None:
        return []
    return [
        Attached(row.id, number, one.get("name") or "", one.get("content_type") or "", int(one.get("size") or 0))
        for number, one in enumerate(row.files or ())
    ]
