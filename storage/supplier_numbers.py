"""What was asked of suppliers and when it was answered: the rows from which response times are reckoned."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

# Closed by a person without an answer means that none was needed: it says nothing about how fast a supplier is.
_ASKED = text("""
    SELECT r.supplier_id, s.name, r.first_asked_at, r.answered_at
    FROM supplier_request r JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
    WHERE r.tenant_id = :tenant AND r.first_asked_at >= :since
        AND (r.answered_at IS NOT NULL OR r.closed_at IS NULL)
        AND (CAST(:supplier AS uuid) IS NULL OR r.supplier_id = :supplier)
    ORDER BY r.first_asked_at, r.id
""")

_LAST_MAIL = text("""
    SELECT m.id, m.conversation_id, m.subject, m.received_at, r.purchase_order, l.answers
    FROM supplier_link l JOIN supplier_request r ON r.tenant_id = l.tenant_id AND r.id = l.request_id
        JOIN message m ON m.tenant_id = l.tenant_id AND m.id = l.message_id
    WHERE l.tenant_id = :tenant AND r.supplier_id = :supplier
    ORDER BY m.received_at DESC NULLS LAST, m.id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Row:
    """One request that has left. `supplier` is its id."""

    supplier: UUID
    name: str
    asked_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class LinkedMail:
    """A mail of a supplier's that was found to be about a request."""

    message: UUID
    conversation: UUID | None
    subject: str
    received_at: datetime | None
    purchase_order: str
    answers: bool


def asked(db: Connection, tenant: UUID, since: datetime, *, supplier: UUID | None = None) -> list[Row]:
    """The requests that left since then, of one supplier or of all, the oldest first.

    Left out is what a person closed without an answer, and what has not left yet.
    """
    values = {"tenant": tenant, "since": since, "supplier": supplier}
    return [Row(*row) for row in db.execute(_ASKED, values)]


def last_mail(db: Connection, tenant: UUID, supplier: UUID, *, limit: int = 5) -> list[LinkedMail]:
    """The newest mails about this supplier's requests."""
    values = {"tenant": tenant, "supplier": supplier, "limit": limit}
    return [LinkedMail(*row) for row in db.execute(_LAST_MAIL, values)]
