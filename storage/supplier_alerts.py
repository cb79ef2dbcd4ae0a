"""The alerts to operations: a supplier was reminded and still has not answered. Each stands here until it is seen."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from storage import events

_PAGE = text("""
    SELECT p.id, p.request_id, r.supplier_id, s.name, r.purchase_order, r.order_number, r.purpose, r.subject,
        r.asked_at, (SELECT count(*) FROM supplier_step q WHERE q.tenant_id = p.tenant_id
            AND q.request_id = p.request_id AND q.round = p.round AND q.kind = 'remind' AND q.state = 'done')
            AS reminders,
        r.conversation_id, p.created_at, r.answered_at, r.closed_at, p.seen_at,
        coalesce(nullif(m.name, ''), m.email, '') AS seen_by
    FROM supplier_step p JOIN supplier_request r ON r.tenant_id = p.tenant_id AND r.id = p.request_id
        JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
        LEFT JOIN member m ON m.tenant_id = p.tenant_id AND m.id = p.seen_by
    WHERE p.tenant_id = :tenant AND p.kind = 'alert'
        AND (CAST(:after AS uuid) IS NULL OR (p.seen_at IS NULL, p.created_at, p.id) <
            (SELECT x.seen_at IS NULL, x.created_at, x.id FROM supplier_step x
                WHERE x.tenant_id = :tenant AND x.id = :after))
    ORDER BY p.seen_at IS NULL DESC, p.created_at DESC, p.id DESC LIMIT :limit
""")

_UNSEEN = text("""
    SELECT count(*) FROM supplier_step WHERE tenant_id = :tenant AND kind = 'alert' AND seen_at IS NULL
""")

_SEEN = text("""
    UPDATE supplier_step SET seen_at = now(), seen_by = :member
    WHERE tenant_id = :tenant AND id = :step AND kind = 'alert' AND seen_at IS NULL RETURNING request_id
""")

_EXISTS = text("SELECT count(*) FROM supplier_step WHERE tenant_id = :tenant AND id = :step AND kind = 'alert'")


@dataclass(frozen=True, slots=True)
class Alert:
    """Who owes an answer, on what, since when. `asked_at` is when our newest message left."""

    id: UUID
    request: UUID
    supplier: UUID
    name: str
    purchase_order: str
    order_number: str
    purpose: str
    subject: str
    asked_at: datetime | None
    reminders: int
    conversation: UUID | None
    created_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    seen_at: datetime | None
    seen_by: str


def page(db: Connection, tenant: UUID, *, after: UUID | None = None, limit: int = 50) -> list[Alert]:
    """The alerts behind the row `after`: those that nobody has seen first, each lot the newest first."""
    return [Alert(*row) for row in db.execute(_PAGE, {"tenant": tenant, "after": after, "limit": limit})]


def unseen(db: Connection, tenant: UUID) -> int:
    found: int = db.execute(_UNSEEN, {"tenant": tenant}).scalar_one()
    return found


def seen(db: Connection, tenant: UUID, step: UUID, *, member: UUID) -> bool:
    """A person has seen it; who did so first stands there. False where there is no such alert."""
    values = {"tenant": tenant, "step": step, "member": member}
    request = db.execute(_SEEN, values).scalar()
    if request is not None:
        events.record(db, tenant, actor=str(member), kind="supplier_alert_seen", subject=request, step=step)
        return True
    return bool(db.execute(_EXISTS, values).scalar_one())
