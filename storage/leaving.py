"""When a reply that is released now leaves: after some seconds, or once its mailbox lets it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from storage import undo


@dataclass(frozen=True, slots=True)
class Leaving:
    """`seconds` are those in which it can be undone; nothing leaves from `mailbox` unless its `status` is active."""

    seconds: int
    mailbox: str
    status: str


_MAILBOX = text("""
    SELECT b.address, b.status FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
        JOIN mailbox b ON b.tenant_id = m.tenant_id AND b.id = m.mailbox_id
    WHERE d.tenant_id = :tenant AND d.id = :decision
""")


def of(db: Connection, tenant: UUID, decision: UUID) -> Leaving | None:
    """How a reply to the mail of this decision would leave; None where there is no such decision."""
    row = db.execute(_MAILBOX, {"tenant": tenant, "decision": decision}).one_or_none()
    return Leaving(undo.seconds(db, tenant), row.address, row.status) if row else None
