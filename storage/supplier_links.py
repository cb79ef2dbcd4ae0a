"""Which mail is about which request to a supplier: kept with the decision, answered by it, corrected by a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.supplier_mail import About, SupplierMail
from domain.supplier_request import SupplierRequest
from storage import events, supplier_requests

_ANY = text("SELECT EXISTS (SELECT FROM supplier_request WHERE tenant_id = :tenant)")

# Whose the address is: a customer's who has an order, for whom a supplier was asked, or who wrote in this thread before
# that; and whether they have a reply or a case of ours here.
_WRITER = text("""
    SELECT EXISTS (SELECT FROM shop_order s WHERE s.tenant_id = m.tenant_id AND s.customer_email = ANY(:addresses))
        OR EXISTS (SELECT FROM conversation c WHERE c.tenant_id = m.tenant_id AND c.customer_address = ANY(:addresses)
            AND c.id = ANY(:behind))
        OR EXISTS (SELECT FROM message e JOIN supplier_request r ON r.tenant_id = e.tenant_id AND r.id = ANY(:threads)
            WHERE e.tenant_id = m.tenant_id AND e.mailbox_id = m.mailbox_id AND e.thread_id = m.thread_id
                AND e.direction = 'in' AND e.sender_address = ANY(:addresses) AND e.seq < m.seq
                AND e.received_at < coalesce(r.first_asked_at, r.created_at)) AS is_customer,
        EXISTS (SELECT FROM outbox o WHERE o.tenant_id = m.tenant_id AND o.mailbox_id = m.mailbox_id
            AND o.thread_id = m.thread_id AND o.kind = 'reply' AND o.recipient = ANY(:addresses)
            AND o.state NOT IN ('held', 'cancelled', 'failed'))
        OR EXISTS (SELECT FROM support_case c WHERE c.tenant_id = m.tenant_id
            AND c.conversation_id = m.conversation_id) AS is_answered
    FROM message m WHERE m.tenant_id = :tenant AND m.id = :message
""")

_ORDERS = text("SELECT id, order_number FROM ticket WHERE tenant_id = :tenant AND id = ANY(:tickets)")

_ANSWERS = text("""
    SELECT answers FROM supplier_link WHERE tenant_id = :tenant AND message_id = :message AND request_id = :request
""")

# What our message left for after its answer was read: Gmail may have taken it minutes before we knew.
_CATCH_UP = text("""
    UPDATE supplier_link l SET answers = true
    FROM supplier_request r, message m
    WHERE l.tenant_id = :tenant AND l.request_id = :request AND NOT l.answers AND l.found_by <> 'person'
        AND r.tenant_id = l.tenant_id AND r.id = l.request_id AND r.answered_at IS NULL AND r.closed_at IS NULL
        AND m.tenant_id = l.tenant_id AND m.id = l.message_id AND m.received_at >= r.asked_at - interval '2 minutes'
        AND NOT EXISTS (SELECT FROM decision d WHERE d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
            AND coalesce(d.understanding ->> 'automatic', '') <> '')
    RETURNING l.message_id, m.received_at
""")

# A person's word stands also for a mail that is older than our newest question.
_BY_PERSON = text("""
    INSERT INTO supplier_link (tenant_id, message_id, request_id, found_by, answers)
    SELECT r.tenant_id, m.id, r.id, 'person', true FROM supplier_request r JOIN message m ON m.tenant_id = r.tenant_id
    WHERE r.tenant_id = :tenant AND r.id = :request AND m.id = :message AND m.direction = 'in'
    ON CONFLICT (tenant_id, message_id, request_id) DO UPDATE SET found_by = 'person', answers = true
    RETURNING (SELECT greatest(coalesce(m.received_at, now()), r.asked_at) FROM message m, supplier_request r
        WHERE m.tenant_id = :tenant AND m.id = :message AND r.tenant_id = :tenant AND r.id = :request)
""")

_TAKE_BACK = text("""
    UPDATE supplier_link SET found_by = 'person', answers = false
    WHERE tenant_id = :tenant AND message_id = :message AND request_id = :request AND answers
""")

# Another mail may answer it still; and where it was asked anew since, that newer row is the open one.
_REOPEN = text("""
    UPDATE supplier_request r SET answered_at = other.received_at, answered_by = other.id,
        next_at = CASE WHEN other.id IS NULL AND r.asked_at IS NOT NULL THEN now() END
    FROM (SELECT 1) AS one LEFT JOIN LATERAL (
        SELECT m.id, coalesce(m.received_at, now()) AS received_at FROM supplier_link l
            JOIN message m ON m.tenant_id = l.tenant_id AND m.id = l.message_id
        WHERE l.tenant_id = :tenant AND l.request_id = :request AND l.answers
        ORDER BY m.received_at LIMIT 1) other ON true
    WHERE r.tenant_id = :tenant AND r.id = :request AND r.answered_by = :message AND r.closed_at IS NULL
        AND NOT EXISTS (SELECT FROM supplier_request n WHERE n.tenant_id = r.tenant_id
            AND n.supplier_id = r.supplier_id AND n.purchase_order = r.purchase_order
            AND n.answered_at IS NULL AND n.closed_at IS NULL)
""")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a mail that may be a supplier's; see `domain.supplier_mail.Signs`."""

    is_customer: bool
    is_answered: bool


def any_request(db: Connection, tenant: UUID) -> bool:
    """Whether this tenant ever asked a supplier: without that no mail can be about it."""
    found: bool = db.execute(_ANY, {"tenant": tenant}).scalar_one()
    return found


def writer(
    db: Connection,
    tenant: UUID,
    message: UUID,
    addresses: Sequence[str],
    *,
    threads: Sequence[SupplierRequest],
    named: Sequence[SupplierRequest],
) -> Writer:
    """`addresses` are the sender's, as it stands and without a `+tag`."""
    behind = [one.conversation for one in (*threads, *named) if one.conversation is not None]
    values = {"tenant": tenant, "message": message, "addresses": list(addresses), "behind": behind}
    row = db.execute(_WRITER, {**values, "threads": [one.id for one in threads]}).one_or_none()
    return Writer(row.is_customer, row.is_answered) if row is not None else Writer(is_customer=True, is_answered=True)


def orders_of_tickets(db: Connection, tenant: UUID, tickets: Sequence[UUID]) -> dict[UUID, str]:
    """The order of each of these tickets."""
    return {row.id: row.order_number for row in db.execute(_ORDERS, {"tenant": tenant, "tickets": list(tickets)})}


def record(db: Connection, tenant: UUID, message: UUID, mail: SupplierMail, *, at: datetime) -> tuple[About, ...]:
    """Keep what the mail is about, and that the supplier was heard `at` this time; returns what it answers.

    Nothing is kept of a mail that is not believed. A person's word about a link stands over what is found here.
    """
    stands = []
    for one in sorted(mail.about if mail.is_believed else (), key=lambda about: about.request.id):
        request = one.request.id
        supplier_requests.link(db, tenant, message, request, one.by, answers=one.answers)
        if db.execute(_ANSWERS, {"tenant": tenant, "message": message, "request": request}).scalar():
            supplier_requests.heard(db, tenant, request, message, at=at)
            stands.append(one)
    return tuple(stands)


def catch_up(db: Connection, tenant: UUID, request: UUID) -> bool:
    """Asked once our message has left: whether an answer to it was here before we knew. The request is heard then."""
    found = db.execute(_CATCH_UP, {"tenant": tenant, "request": request}).all()
    for row in sorted(found, key=lambda row: row.received_at):
        supplier_requests.heard(db, tenant, request, row.message_id, at=row.received_at)
    return bool(found)


def by_person(db: Connection, tenant: UUID, message: UUID, request: UUID, *, member: UUID) -> bool:
    """A person says that this mail answers that request; False where one of them does not exist."""
    values = {"tenant": tenant, "message": message, "request": request}
    at = db.execute(_BY_PERSON, values).scalar()
    if at is None:
        return False
    supplier_requests.heard(db, tenant, request, message, at=at)
    events.record(db, tenant, actor=str(member), kind="supplier_linked", subject=message, request=request)
    return True


def take_back(db: Connection, tenant: UUID, message: UUID, request: UUID, *, member: UUID) -> bool:
    """A person says that this mail does not answer that request: it is open again, unless another mail answers it.

    False where no such link was there. The row stays, so that the mail is not linked again when it is read anew.
    """
    values = {"tenant": tenant, "message": message, "request": request}
    if db.execute(_TAKE_BACK, values).rowcount != 1:
        return False
    db.execute(_REOPEN, values)
    events.record(db, tenant, actor=str(member), kind="supplier_link_taken_back", subject=message, request=request)
    return True
