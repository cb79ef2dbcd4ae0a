"""Requests to suppliers as the desk shows them beside a mail: those that it is about, and those that it may answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

MOST = 100


@dataclass(frozen=True, slots=True)
class Linked:
    """A request that a mail of this conversation is about. `behind` is the customer's conversation, where it is known.

    `answers`: it ended what was due. `found_by` is a `FoundBy`; of a person's word without `answers` the link is taken
    back. `asked_by` is a member's name, empty where the question was written by hand in Gmail.
    """

    message: UUID
    request: UUID
    purchase_order: str
    supplier: str
    order_number: str
    asked_at: datetime | None
    asked_by: str
    found_by: str
    answers: bool
    behind: UUID | None
    customer: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An open request that a mail may answer."""

    request: UUID
    purchase_order: str
    supplier: str
    asked_at: datetime | None


_LINKED = text("""
    SELECT l.message_id, r.id, r.purchase_order, s.name, r.order_number, r.first_asked_at,
        coalesce(nullif(p.name, ''), p.email, '') AS asked_by, l.found_by, l.answers, b.id AS behind,
        coalesce(nullif(b.customer_name, ''), b.customer_address, '') AS customer
    FROM message m JOIN supplier_link l ON l.tenant_id = m.tenant_id AND l.message_id = m.id
        JOIN supplier_request r ON r.tenant_id = l.tenant_id AND r.id = l.request_id
        JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
        LEFT JOIN member p ON p.tenant_id = r.tenant_id AND p.id = r.asked_by
        LEFT JOIN conversation b ON b.tenant_id = r.tenant_id AND b.id = r.conversation_id
    WHERE m.tenant_id = :tenant AND m.conversation_id = :conversation
    ORDER BY m.received_at DESC, m.seq DESC, r.purchase_order, r.id LIMIT :most
""")

_OPEN = text("""
    SELECT r.id, r.purchase_order, s.name, r.first_asked_at
    FROM supplier_request r JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
    WHERE r.tenant_id = :tenant AND r.answered_at IS NULL AND r.closed_at IS NULL
    ORDER BY r.purchase_order, s.name, r.id LIMIT :most
""")

_CONVERSATION = text("SELECT conversation_id FROM message WHERE tenant_id = :tenant AND id = :message")


def linked(db: Connection, tenant: UUID, conversation: UUID) -> list[Linked]:
    """What the mails of a conversation are about, the newest mail first."""
    values = {"tenant": tenant, "conversation": conversation, "most": MOST}
    return [Linked(*row) for row in db.execute(_LINKED, values)]


def choices(db: Connection, tenant: UUID) -> list[Choice]:
    """The requests that are open, by purchase order; a hundred at most."""
    return [Choice(*row) for row in db.execute(_OPEN, {"tenant": tenant, "most": MOST})]


def conversation_of(db: Connection, tenant: UUID, message: UUID) -> UUID | None:
    """Where the page of a mail is; None where there is no such mail."""
    found: UUID | None = db.execute(_CONVERSATION, {"tenant": tenant, "message": message}).scalar()
    return found
