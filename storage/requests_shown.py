"""What suppliers were asked for a conversation, as its page shows it, and from where they can be asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.delivery import OPEN_STATES, EffectState
from domain.errors import BadInput
from domain.order import normal_number
from domain.supplier_request import normal_purchase_order

# What carries a question: a mail of its own, or the words of a ticket; the newest says how it stands. A reminder that
# waits, or was called off, says nothing about the question.
_OF_CONVERSATION = text("""
    SELECT r.id, s.name AS supplier, r.purchase_order, r.recipient, r.asked_at, r.answered_at, r.closed_at,
        coalesce(nullif(p.name, ''), p.email, '') AS closed_by, c.by_ticket, c.state AS carried, c.last_error AS error,
        c.sending_at IS NOT NULL AS tried,
        a.conversation_id AS answer_in
    FROM supplier_request r JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
        LEFT JOIN member p ON p.tenant_id = r.tenant_id AND p.id = r.closed_by
        LEFT JOIN message a ON a.tenant_id = r.tenant_id AND a.id = r.answered_by
        LEFT JOIN LATERAL (
            SELECT false AS by_ticket, o.state, o.last_error, o.sending_at, o.created_at FROM outbox o
                WHERE o.tenant_id = r.tenant_id AND o.request_id = r.id AND o.kind = 'supplier_mail'
            UNION ALL SELECT true, w.state, w.last_error, w.sending_at, w.created_at FROM ticket_words w
                WHERE w.tenant_id = r.tenant_id AND w.request_id = r.id AND w.side = 'supplier' AND NOT w.automatic
            ORDER BY created_at DESC LIMIT 1) c ON true
    WHERE r.tenant_id = :tenant AND (r.conversation_id = :conversation OR r.message_id IN
        (SELECT m.id FROM message m WHERE m.tenant_id = r.tenant_id AND m.conversation_id = :conversation))
    ORDER BY coalesce(r.answered_at, r.closed_at) IS NOT NULL, r.created_at DESC LIMIT 20
""")

_GROUND = text("""
    SELECT m.id AS message, m.mailbox_id AS mailbox, b.status AS mailbox_status,
        coalesce((SELECT c.order_number FROM support_case c WHERE c.tenant_id = m.tenant_id
            AND c.conversation_id = m.conversation_id AND c.order_number <> '' ORDER BY c.opened_at DESC LIMIT 1), '')
            AS order_number
    FROM message m JOIN mailbox b ON b.tenant_id = m.tenant_id AND b.id = m.mailbox_id
    WHERE m.tenant_id = :tenant AND m.conversation_id = :conversation AND m.direction = 'in'
    ORDER BY m.received_at DESC, m.seq DESC LIMIT 1
""")

_TICKET = text("""
    SELECT t.id FROM ticket t JOIN ticketing c ON c.tenant_id = t.tenant_id
    WHERE t.tenant_id = :tenant AND t.order_number = :number AND t.state <> 'needs_person'
""")

_ASKED_BEFORE = text("""
    SELECT r.supplier_id FROM supplier_request r
        JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id AND s.removed_at IS NULL
    WHERE r.tenant_id = :tenant
        AND (r.purchase_order = ANY(:purchases) OR r.order_number <> '' AND r.order_number = ANY(:orders))
    ORDER BY r.purchase_order = ANY(:purchases) DESC, r.created_at DESC LIMIT 1
""")

_SAME = text("""
    SELECT (SELECT count(*) FROM outbox o WHERE o.tenant_id = :tenant AND o.request_id = :request AND o.text = :words
            AND o.state IN ('pending', 'drafted', 'sending', 'uncertain'))
        + (SELECT count(*) FROM ticket_words w WHERE w.tenant_id = :tenant AND w.request_id = :request
            AND w.text = :words AND w.state IN ('pending', 'sending', 'uncertain'))
""")

_CONVERSATION = text("""
    SELECT coalesce(r.conversation_id, m.conversation_id) FROM supplier_request r
        LEFT JOIN message m ON m.tenant_id = r.tenant_id AND m.id = r.message_id
    WHERE r.tenant_id = :tenant AND r.id = :request
""")

_LEAVING = frozenset({*OPEN_STATES, EffectState.WAITING}) - {EffectState.UNCERTAIN}
# What became of a question of which nobody said whether it left: a person has to look, or has looked.
_PERHAPS = {"needs_person": "needs a person", "cancelled": "seen to"}
_STUCK = frozenset({"held", "failed", "refused", "needs_person", "cancelled"})


@dataclass(frozen=True, slots=True)
class Asked:
    """`state` is a word of the desk: answered, closed, waiting to leave, uncertain, needs a person (perhaps it left),
    seen to (by one of us), failed or asked. `error` says why it failed or waits; `by_ticket` that it goes there and not
    by mail; `answer_in` in which conversation they wrote.
    """

    id: UUID
    supplier: str
    purchase_order: str
    recipient: str
    state: str
    asked_at: datetime | None
    answered_at: datetime | None
    closed_by: str
    by_ticket: bool
    error: str
    answer_in: UUID | None

    @property
    def is_open(self) -> bool:
        return self.state not in {"answered", "closed"}


@dataclass(frozen=True, slots=True)
class Ground:
    """From where a supplier can be asked: the newest mail of a conversation, its mailbox, the order it is about."""

    message: UUID
    mailbox: UUID
    mailbox_status: str
    order_number: str


def of_conversation(db: Connection, tenant: UUID, conversation: UUID) -> list[Asked]:
    """The open ones first, then the newest; twenty at most."""
    return [_asked(row) for row in db.execute(_OF_CONVERSATION, {"tenant": tenant, "conversation": conversation})]


def ground(db: Connection, tenant: UUID, conversation: UUID) -> Ground | None:
    """None where no mail has come in yet."""
    row = db.execute(_GROUND, {"tenant": tenant, "conversation": conversation}).one_or_none()
    return Ground(row.message, row.mailbox, row.mailbox_status, row.order_number) if row else None


def ticket_of(db: Connection, tenant: UUID, order_number: str) -> UUID | None:
    """The ticket of an order that can be written on, None where there is none or a person has it."""
    found: UUID | None = db.execute(_TICKET, {"tenant": tenant, "number": normal_number(order_number)}).scalar()
    return found


def asked_before(
    db: Connection, tenant: UUID, purchase_orders: tuple[str, ...], order_numbers: tuple[str, ...]
) -> UUID | None:
    """The supplier who was last asked about one of these."""
    values = {
        "tenant": tenant, "purchases": [normal_purchase_order(one) for one in purchase_orders],
        "orders": [normal_number(one) for one in order_numbers],
    }  # fmt: skip
    found: UUID | None = db.execute(_ASKED_BEFORE, values).scalar()
    return found


def check_asked_once(db: Connection, tenant: UUID, request: UUID, words: str) -> None:
    """Raises BadInput where the same words are on their way already: a form can be sent twice."""
    values = {"tenant": tenant, "request": request, "words": words}
    if db.execute(_SAME, values).scalar_one() > 1:
        raise BadInput("text", "These very words are on their way already.")


def conversation_of(db: Connection, tenant: UUID, request: UUID) -> UUID | None:
    """Where a request is shown, None where there is no such request or it belongs to no conversation."""
    found: UUID | None = db.execute(_CONVERSATION, {"tenant": tenant, "request": request}).scalar()
    return found


def _asked(row: Any) -> Asked:
    return Asked(
        row.id, row.supplier, row.purchase_order, row.recipient, _state(row), row.asked_at, row.answered_at,
        row.closed_by, bool(row.by_ticket), row.error or "", row.answer_in,
    )  # fmt: skip


def _state(row: Any) -> str:
    if row.answered_at or row.closed_at:
        return "answered" if row.answered_at else "closed"
    if row.carried == "uncertain":
        return "uncertain"
    if row.carried in _STUCK:
        return _PERHAPS.get(row.carried, "failed") if row.tried else "failed"
    return "waiting to leave" if row.carried in _LEAVING or row.asked_at is None else "asked"
