"""Requests to suppliers from before this program kept them: brought in as they were, with what had been done for them.

The demonstration's come in this way, and those of tests. Nothing of it is sent.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.supplier import Purpose
from domain.supplier_request import Channel, RungKind, normal_purchase_order

_REQUEST = text("""
    INSERT INTO supplier_request (tenant_id, id, supplier_id, purchase_order, order_number, purpose, recipient, subject,
        ticket_id, conversation_id, asked_by, created_at, first_asked_at, asked_at, round, rungs_done, next_at,
        answered_at)
    VALUES (:tenant, :id, :supplier, :purchase, :order, :purpose, :recipient, :subject, :ticket, :conversation, :member,
        :at, :at, :at, 1, :rungs, CAST(:next AS timestamptz), CAST(:answered AS timestamptz))
    ON CONFLICT (tenant_id, supplier_id, purchase_order) WHERE answered_at IS NULL AND closed_at IS NULL DO NOTHING
    RETURNING id
""")

_STEP = text("""
    INSERT INTO supplier_step (tenant_id, id, request_id, round, position, kind, channel, state, due_at, created_at,
        done_at)
    VALUES (:tenant, :id, :request, 1, :position, :kind, :channel, 'done', :at, :at, :at)
""")


@dataclass(frozen=True, slots=True)
class PastStep:
    """A reminder or an alert that was made at this time."""

    kind: RungKind
    at: datetime
    channel: Channel = Channel.DESK


@dataclass(frozen=True, slots=True)
class PastRequest:
    """One that left at `asked_at`, open where there is no answer; `next_at` is when its next step is due, if any."""

    supplier: UUID
    purchase_order: str
    recipient: str
    asked_at: datetime
    answered_at: datetime | None = None
    next_at: datetime | None = None
    steps: tuple[PastStep, ...] = ()
    purpose: Purpose = Purpose.GENERAL
    order_number: str = ""
    subject: str = ""
    ticket: UUID | None = None
    conversation: UUID | None = None
    asked_by: UUID | None = None


def bring(db: Connection, tenant: UUID, request: PastRequest) -> UUID | None:
    """Write it down; None where this supplier owes an answer on this purchase order already."""
    made: UUID | None = db.execute(
        _REQUEST,
        {
            "tenant": tenant, "id": uuid4(), "supplier": request.supplier,
            "purchase": normal_purchase_order(request.purchase_order), "order": request.order_number,
            "purpose": request.purpose.value, "recipient": request.recipient, "subject": request.subject[:500],
            "ticket": request.ticket, "conversation": request.conversation, "member": request.asked_by,
            "at": request.asked_at, "rungs": len(request.steps), "next": request.next_at,
            "answered": request.answered_at,
        },
    ).scalar()  # fmt: skip
    if made is None:
        return None
    for position, step in enumerate(request.steps):
        values = {"tenant": tenant, "id": uuid4(), "request": made, "position": position, "kind": step.kind.value}
        db.execute(_STEP, {**values, "channel": step.channel.value, "at": step.at})
    return made
