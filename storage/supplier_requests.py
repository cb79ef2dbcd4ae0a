"""What suppliers were asked: written down with what asks it, found again by what they write, closed when they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, TextClause, text

from domain.decision import EffectKind, WordsFor
from domain.errors import BadInput
from domain.ladder import next_rung
from domain.supplier import Purpose
from domain.supplier_request import Channel, FoundBy, SupplierRequest, ToAsk, normal_purchase_order
from storage import events, mailboxes, supplier_rules, tickets
from storage.references import new_reference
from storage.tickets import Words

WHOSE = "A supplier wrote on the order's ticket, and more than one was asked about it: look there who it was."
DISCONNECTED = "This mailbox is disconnected, so nothing can leave from here."

# What is open is asked again by the same row: a supplier owes one answer on one purchase order.
_OPEN = text("""
    INSERT INTO supplier_request (tenant_id, id, supplier_id, purchase_order, order_number, purpose, recipient, subject,
        mailbox_id, ticket_id, conversation_id, message_id, asked_by)
    VALUES (:tenant, :id, :supplier, :purchase, :order, :purpose, :recipient, :subject, :mailbox, :ticket,
        :conversation, :message, :member)
    ON CONFLICT (tenant_id, supplier_id, purchase_order) WHERE answered_at IS NULL AND closed_at IS NULL
    DO UPDATE SET purpose = excluded.purpose, recipient = excluded.recipient, asked_by = excluded.asked_by,
        order_number = coalesce(nullif(excluded.order_number, ''), supplier_request.order_number),
        ticket_id = coalesce(excluded.ticket_id, supplier_request.ticket_id),
        conversation_id = coalesce(excluded.conversation_id, supplier_request.conversation_id)
    RETURNING id
""")

_MAIL = text("""
    INSERT INTO outbox (tenant_id, id, request_id, position, kind, message_id, mailbox_id, thread_id, automatic,
        released_by, released_at, recipient, recipient_name, subject, text, draft_text, reference, wall_reason, state)
    SELECT r.tenant_id, :id, r.id, 0, :kind, :message, :mailbox, r.thread_id, false, :member, now(), :recipient, s.name,
        :subject, :text, :text, :reference, :wall_reason, 'pending'
    FROM supplier_request r JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
    WHERE r.tenant_id = :tenant AND r.id = :request
""")

# Found by what a supplier wrote: the open ones first, then the newest.
_FIND = text("""
    SELECT r.*, r.purchase_order = ANY(:purchases) AS by_purchase,
        r.thread_id <> '' AND r.thread_id = :thread AS by_thread,
        r.order_number <> '' AND r.order_number = ANY(:orders) AS by_order
    FROM supplier_request r
    WHERE r.tenant_id = :tenant AND r.closed_at IS NULL
        AND (CAST(:supplier AS uuid) IS NULL AND r.thread_id <> '' AND r.thread_id = :thread
            OR r.supplier_id = :supplier AND (r.purchase_order = ANY(:purchases)
                OR r.thread_id <> '' AND r.thread_id = :thread
                OR r.order_number <> '' AND r.order_number = ANY(:orders)))
    ORDER BY r.answered_at IS NOT NULL, r.created_at DESC LIMIT 20
""")

_NAMED = text("""
    SELECT r.* FROM supplier_request r
    WHERE r.tenant_id = :tenant AND r.closed_at IS NULL AND r.purchase_order = ANY(:purchases)
    ORDER BY r.answered_at IS NOT NULL, r.created_at DESC LIMIT 20
""")

_OPEN_NUMBERS = text("""
    SELECT purchase_order FROM supplier_request
    WHERE tenant_id = :tenant AND supplier_id = :supplier AND answered_at IS NULL AND closed_at IS NULL
    ORDER BY created_at DESC LIMIT 500
""")

# Gmail's clock is not ours: two minutes more or less are no difference.
_HEARD = text("""
    UPDATE supplier_request SET answered_at = :at, answered_by = :message, next_at = NULL
    WHERE tenant_id = :tenant AND id = :request AND answered_at IS NULL AND closed_at IS NULL
        AND (asked_at IS NULL OR asked_at - interval '2 minutes' <= :at)
""")

# The ticketing system's clock is not ours: an answer stands neither before the question nor after now.
_HEARD_ON_TICKET = text("""
    UPDATE supplier_request SET answered_at = greatest(asked_at, least(CAST(:at AS timestamptz), now())),
        next_at = NULL
    WHERE tenant_id = :tenant AND id = :request AND asked_at < :at AND answered_at IS NULL AND closed_at IS NULL
""")

# A reminder that was set aside on a ticket is taken up once more, to be called off there.
_TAKE_UP = text("""
    UPDATE supplier_request r SET next_at = now()
    WHERE r.tenant_id = :tenant AND r.id = :request AND EXISTS (SELECT FROM ticket_words w
        WHERE w.tenant_id = r.tenant_id AND w.request_id = r.id AND w.state = 'waiting')
""")

# A ticket does not say which supplier wrote on it.
_ANOTHERS_PERHAPS = text("""
    SELECT EXISTS (SELECT FROM supplier_request r JOIN supplier_request o ON o.tenant_id = r.tenant_id
            AND o.supplier_id <> r.supplier_id AND o.asked_at IS NOT NULL
            AND (o.ticket_id = r.ticket_id OR r.order_number <> '' AND o.order_number = r.order_number)
        WHERE r.tenant_id = :tenant AND r.id = :request AND r.asked_at < :at AND r.answered_at IS NULL
            AND r.closed_at IS NULL)
""")

_LOCK = text("""
    SELECT supplier_id, purchase_order, asked_at, answered_at FROM supplier_request
    WHERE tenant_id = :tenant AND id = :request AND closed_at IS NULL FOR UPDATE
""")

# What they wrote before our message left answers it no more than silence does; unless it was asked anew meanwhile, or a
# person said that it does.
_AGAIN = text("""
    UPDATE supplier_request r SET answered_at = NULL, answered_by = NULL, first_asked_at = NULL
    WHERE r.tenant_id = :tenant AND r.id = :request AND r.answered_at < :at
        AND NOT EXISTS (SELECT FROM supplier_link l WHERE l.tenant_id = r.tenant_id AND l.request_id = r.id
            AND l.message_id = r.answered_by AND l.found_by = 'person' AND l.answers)
        AND NOT EXISTS (
        SELECT FROM supplier_request o WHERE o.tenant_id = r.tenant_id AND o.supplier_id = r.supplier_id
            AND o.purchase_order = r.purchase_order AND o.answered_at IS NULL AND o.closed_at IS NULL)
""")

_LEFT = text("""
    UPDATE supplier_request SET asked_at = :at, first_asked_at = coalesce(first_asked_at, :at), round = round + 1,
        rungs_done = 0, next_at = :next_at, lease_until = NULL, attempts = 0, last_error = ''
    WHERE tenant_id = :tenant AND id = :request AND answered_at IS NULL AND closed_at IS NULL
        AND (asked_at IS NULL OR asked_at < :at)
""")

_LINK = text("""
    INSERT INTO supplier_link (tenant_id, message_id, request_id, found_by, answers)
    VALUES (:tenant, :message, :request, :found_by, :answers) ON CONFLICT DO NOTHING
""")


@dataclass(frozen=True, slots=True)
class Found:
    """A request that a mail is about, and by what that was seen."""

    request: SupplierRequest
    by: FoundBy


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a request comes from: the mail at the desk, its conversation, and the mailbox that writes."""

    mailbox: UUID
    message: UUID
    conversation: UUID | None = None
    ticket: UUID | None = None


def ask(db: Connection, tenant: UUID, wish: ToAsk, anchor: Anchor, *, channel: Channel, member: UUID) -> UUID:
    """A person's question to a supplier, written down with what carries it; returns the request's id.

    The ladder begins when it has left. Raises BadInput where it lacks something, there is no ticket to write on, or the
    mailbox was disconnected meanwhile.
    """
    purchase = normal_purchase_order(wish.purchase_order)
    if not purchase or not wish.text.strip():
        raise BadInput("purchase_order" if not purchase else "text", "A purchase order and some words are needed.")
    values = {
        "tenant": tenant, "id": uuid4(), "supplier": wish.supplier, "purchase": purchase, "order": wish.order_number,
        "purpose": wish.purpose.value, "recipient": wish.recipient, "subject": wish.subject[:500],
        "mailbox": anchor.mailbox if channel is Channel.GMAIL else None, "ticket": anchor.ticket,
        "conversation": anchor.conversation, "message": anchor.message, "member": member,
    }  # fmt: skip
    if channel is Channel.GMAIL and not mailboxes.keep_connected(db, tenant, anchor.mailbox):
        raise BadInput("channel", DISCONNECTED)
    if channel is Channel.TICKET and anchor.ticket is not None:
        tickets.takes_words(db, tenant, anchor.ticket)  # The ticket first, as whoever ends its words locks them.
    request: UUID = db.execute(_OPEN, values).scalar_one()
    if channel is Channel.TICKET:
        words = Words(
            WordsFor.SUPPLIER, wish.text, wish.recipient, automatic=False, message=anchor.message,
            conversation=anchor.conversation, request=request, wall_reason=wish.wall_reason[:1000],
        )  # fmt: skip
        if anchor.ticket is None or tickets.write(db, tenant, anchor.ticket, words) is None:
            raise BadInput("channel", "There is no ticket to write on.")
    else:
        kind, reference = EffectKind.SUPPLIER_MAIL.value, new_reference()
        mail = {**values, "id": uuid4(), "request": request, "kind": kind, "reference": reference, "text": wish.text}
        mail |= {"wall_reason": wish.wall_reason[:1000]}
        db.execute(_MAIL, {**mail, "mailbox": anchor.mailbox})
    over_the_wall = {"reason": wish.wall_reason[:1000]} if wish.wall_reason else {}
    events.record(db, tenant, actor=str(member), kind="supplier_asked", subject=request, **over_the_wall)
    return request


def find(
    db: Connection,
    tenant: UUID,
    supplier: UUID | None,
    *,
    purchase_orders: Sequence[str] = (),
    thread_id: str = "",
    order_numbers: Sequence[str] = (),
) -> list[Found]:
    """The requests that a mail is about: of a known supplier by any of these, of an unknown writer by the thread."""
    values = {
        "tenant": tenant, "supplier": supplier, "thread": thread_id,
        "purchases": [normal_purchase_order(one) for one in purchase_orders], "orders": list(order_numbers),
    }  # fmt: skip
    return [Found(_request(row), _found_by(row)) for row in db.execute(_FIND, values)]


def open_numbers(db: Connection, tenant: UUID, supplier: UUID) -> list[str]:
    """The purchase orders on which this supplier owes an answer, the newest first."""
    return list(db.execute(_OPEN_NUMBERS, {"tenant": tenant, "supplier": supplier}).scalars())


def named(db: Connection, tenant: UUID, purchase_orders: Sequence[str]) -> list[SupplierRequest]:
    """The requests on these purchase orders, of whatever supplier: anybody can write such a number."""
    purchases = [normal_purchase_order(one) for one in purchase_orders]
    return [_request(row) for row in db.execute(_NAMED, {"tenant": tenant, "purchases": purchases})]


def heard(db: Connection, tenant: UUID, request: UUID, message: UUID | None, *, at: datetime) -> bool:
    """The supplier wrote on this: no rung is due any more. False where it was answered or closed before."""
    values = {"tenant": tenant, "request": request, "message": message, "at": at}
    return _heard(db, _HEARD, values)


def heard_on_ticket(db: Connection, tenant: UUID, request: UUID, times: Sequence[datetime]) -> str:
    """Suppliers wrote on the order's ticket at these times: what is newer than our question answers it.

    Returns why a person has to look, and answers nothing, where another supplier was asked about the same order: it may
    be theirs. Else nothing.
    """
    if not times:
        return ""
    values = {"tenant": tenant, "request": request, "at": max(times)}
    if db.execute(_ANOTHERS_PERHAPS, values).scalar_one():
        return WHOSE
    _heard(db, _HEARD_ON_TICKET, values)
    return ""


def left(db: Connection, tenant: UUID, request: UUID, *, at: datetime) -> bool:
    """A message of ours that a person wrote has left at this moment: the ladder begins, or begins anew.

    False, and nothing is due, where the supplier has written since, or a person closed it.
    """
    values = {"tenant": tenant, "request": request, "at": at}
    row = db.execute(_LOCK, values).one_or_none()
    if row is None:
        return False
    if row.answered_at is not None:
        db.execute(_AGAIN, values)
    following = next_rung(supplier_rules.get(db, tenant), at, 0)
    return db.execute(_LEFT, {**values, "next_at": following.due_at if following else None}).rowcount == 1


def link(db: Connection, tenant: UUID, message: UUID, request: UUID, by: FoundBy, *, answers: bool) -> None:
    """Keep that a mail is about a request, and why."""
    values = {"tenant": tenant, "message": message, "request": request, "found_by": by.value, "answers": answers}
    db.execute(_LINK, values)


def _heard(db: Connection, statement: TextClause, values: Mapping[str, object]) -> bool:
    if db.execute(statement, values).rowcount != 1:
        return False
    db.execute(_TAKE_UP, values)
    return True


def _found_by(row: Any) -> FoundBy:
    if row.by_purchase:
        return FoundBy.PURCHASE_ORDER
    return FoundBy.THREAD if row.by_thread else FoundBy.ORDER


def _request(row: Any) -> SupplierRequest:
    return SupplierRequest(
        row.id, row.supplier_id, row.purchase_order, row.recipient, Purpose(row.purpose), row.order_number, row.subject,
        row.mailbox_id, row.thread_id, row.rfc_message_id, row.ticket_id, row.conversation_id, row.message_id,
        row.first_asked_at, row.asked_at, row.round, row.rungs_done, row.answered_at, row.closed_at,
    )  # fmt: skip
