"""The requests on which a supplier owes an answer, the oldest first, and how a person ends one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from storage import events

# What has not left yet is as old as the wish to ask it.
_PAGE = text("""
    SELECT r.id, r.supplier_id, s.name, r.purchase_order, r.order_number, r.created_at, r.first_asked_at, r.asked_at,
        coalesce(nullif(m.name, ''), m.email, '') AS asked_by, r.rungs_done, r.next_at, r.conversation_id,
        (SELECT count(*) FROM supplier_step p WHERE p.tenant_id = r.tenant_id AND p.request_id = r.id
            AND p.kind = 'remind' AND p.state = 'done') AS reminders,
        coalesce(nullif(r.last_error, ''), (SELECT p.last_error FROM supplier_step p WHERE p.tenant_id = r.tenant_id
            AND p.request_id = r.id AND p.state IN ('failed', 'needs_person')
            ORDER BY p.round DESC, p.position DESC LIMIT 1), '') AS last_error
    FROM supplier_request r JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
        LEFT JOIN member m ON m.tenant_id = r.tenant_id AND m.id = r.asked_by
    WHERE r.tenant_id = :tenant AND r.answered_at IS NULL AND r.closed_at IS NULL
        AND (CAST(:supplier AS uuid) IS NULL OR r.supplier_id = :supplier)
        AND (CAST(:after AS uuid) IS NULL OR (coalesce(r.first_asked_at, r.created_at), r.id) >
            (SELECT coalesce(x.first_asked_at, x.created_at), x.id FROM supplier_request x
                WHERE x.tenant_id = :tenant AND x.id = :after))
    ORDER BY coalesce(r.first_asked_at, r.created_at), r.id LIMIT :limit
""")

_AGES = text("""
    SELECT count(*) AS every, count(*) FILTER (WHERE age < interval '1 day') AS day,
        count(*) FILTER (WHERE age >= interval '1 day' AND age < interval '3 days') AS three,
        count(*) FILTER (WHERE age >= interval '3 days' AND age < interval '7 days') AS week,
        count(*) FILTER (WHERE age >= interval '7 days') AS older
    FROM (SELECT CAST(:now AS timestamptz) - coalesce(first_asked_at, created_at) AS age FROM supplier_request
        WHERE tenant_id = :tenant AND answered_at IS NULL AND closed_at IS NULL
            AND (CAST(:supplier AS uuid) IS NULL OR supplier_id = :supplier)) ages
""")

_CLOSE = text("""
    UPDATE supplier_request SET closed_at = now(), closed_by = :member, next_at = NULL
    WHERE tenant_id = :tenant AND id = :request AND answered_at IS NULL AND closed_at IS NULL
""")

# What carries its words, in the order in which workers lock that: the mail, or the ticket, and only then the request.
_LOCK_WORDS = (
    text("""
        SELECT FROM outbox WHERE tenant_id = :tenant AND request_id = :request AND state IN ('held', 'pending')
        ORDER BY id FOR UPDATE
    """),
    text("""
        SELECT FROM ticket t WHERE t.tenant_id = :tenant AND t.id IN (SELECT w.ticket_id FROM ticket_words w
            WHERE w.tenant_id = :tenant AND w.request_id = :request AND w.state IN ('held', 'pending', 'waiting'))
        ORDER BY t.id FOR UPDATE
    """),
)

# What a worker has in its hands just now is looked at once more before it leaves.
_CALL_OFF = (
    text("""
        UPDATE outbox SET state = 'cancelled', last_error = :reason, fence = fence + 1, lease_until = NULL
        WHERE tenant_id = :tenant AND request_id = :request AND (state = 'held'
            OR state = 'pending' AND (lease_until IS NULL OR lease_until < now()))
    """),
    text("""
        UPDATE ticket_words SET state = 'cancelled', last_error = :reason WHERE tenant_id = :tenant
            AND request_id = :request AND side = 'supplier' AND state IN ('held', 'pending', 'waiting')
    """),
    text("""
        UPDATE supplier_step p SET state = 'cancelled', last_error = :reason
        WHERE p.tenant_id = :tenant AND p.request_id = :request AND p.state = 'pending' AND (
            EXISTS (SELECT FROM outbox o WHERE o.tenant_id = p.tenant_id AND o.id = p.outbox_id
                AND o.state = 'cancelled')
            OR EXISTS (SELECT FROM ticket_words w WHERE w.tenant_id = p.tenant_id AND w.id = p.words_id
                AND w.state = 'cancelled'))
    """),
)

_EXISTS = text("SELECT count(*) FROM supplier_request WHERE tenant_id = :tenant AND id = :request")


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """`asked_at` is when our newest message left, None until one has; `first_asked_at` when the first of them did.

    `reminders` is how many have left; `conversation` the customer's behind it; `last_error` why a step did not go out.
    """

    id: UUID
    supplier: UUID
    name: str
    purchase_order: str
    order_number: str
    created_at: datetime
    first_asked_at: datetime | None
    asked_at: datetime | None
    asked_by: str
    rungs_done: int
    next_at: datetime | None
    conversation: UUID | None
    reminders: int
    last_error: str

    @property
    def since(self) -> datetime:
        """From when its age counts."""
        return self.first_asked_at or self.created_at


@dataclass(frozen=True, slots=True)
class Ages:
    """How many are open, by age: under a day, under three, under seven, and older."""

    every: int
    day: int
    three: int
    week: int
    older: int


def page(
    db: Connection, tenant: UUID, *, supplier: UUID | None = None, after: UUID | None = None, limit: int = 50
) -> list[OpenRequest]:
    """The open requests behind the row `after`, the oldest first, of one supplier or of all."""
    values = {"tenant": tenant, "supplier": supplier, "after": after, "limit": limit}
    return [_open(row) for row in db.execute(_PAGE, values)]


def ages(db: Connection, tenant: UUID, now: datetime, *, supplier: UUID | None = None) -> Ages:
    return Ages(*db.execute(_AGES, {"tenant": tenant, "now": now, "supplier": supplier}).one())


def close(db: Connection, tenant: UUID, request: UUID, *, member: UUID) -> bool:
    """No answer is needed any more: nothing reminds, and what has not left stays here.

    False, and nothing changed, where it was answered or closed before, or is none.
    """
    values = {"tenant": tenant, "request": request, "member": member, "reason": "No answer is needed any more."}
    for statement in _LOCK_WORDS:
        db.execute(statement, values)
    if db.execute(_CLOSE, values).rowcount != 1:
        return False
    for statement in _CALL_OFF:
        db.execute(statement, values)
    events.record(db, tenant, actor=str(member), kind="supplier_request_closed", subject=request)
    return True


def exists(db: Connection, tenant: UUID, request: UUID) -> bool:
    """Whether there is or was such a request."""
    return bool(db.execute(_EXISTS, {"tenant": tenant, "request": request}).scalar_one())


def _open(row: Any) -> OpenRequest:
    return OpenRequest(
        row.id, row.supplier_id, row.name, row.purchase_order, row.order_number, row.created_at, row.first_asked_at,
        row.asked_at, row.asked_by, row.rungs_done, row.next_at, row.conversation_id, row.reminders, row.last_error,
    )  # fmt: skip
