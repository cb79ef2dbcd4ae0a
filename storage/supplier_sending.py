"""What of a request to a supplier leaves by Gmail: its thread, what forbids it, and what follows when it has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.delivery import EffectState, Gate
from domain.supplier_request import StepState
from storage import supplier_links, supplier_requests, supplier_words


@dataclass(frozen=True, slots=True)
class Thread:
    """The thread that our first mail began, in the mailbox that wrote it. All empty before one has left there.

    `rfc_message_id` is what Gmail calls our last mail in it; where nobody has asked yet, `sent_gmail_id` is its id.
    """

    thread_id: str = ""
    subject: str = ""
    rfc_message_id: str = ""
    sent_gmail_id: str = ""


# What lies in Gmail as a draft stays in the thread for which it was drafted, or it would seem changed by its owner.
_THREAD = text("""
    SELECT r.thread_id, r.subject, r.rfc_message_id, coalesce((
        SELECT p.sent_gmail_id FROM outbox p
        WHERE p.tenant_id = r.tenant_id AND p.request_id = r.id AND p.mailbox_id = o.mailbox_id
            AND p.thread_id = r.thread_id AND p.state = 'sent'
        ORDER BY p.sent_at DESC LIMIT 1), '') AS sent_gmail_id
    FROM outbox o JOIN supplier_request r ON r.tenant_id = o.tenant_id AND r.id = o.request_id
        AND r.mailbox_id = o.mailbox_id AND r.thread_id <> ''
    WHERE o.tenant_id = :tenant AND o.id = :id AND o.kind <> 'operations_alert'
        AND (o.state = 'pending' OR o.thread_id = r.thread_id)
""")

_KNOWN_AS = text("""
    UPDATE supplier_request SET rfc_message_id = :rfc_message_id
    WHERE tenant_id = :tenant AND id = (SELECT request_id FROM outbox WHERE tenant_id = :tenant AND id = :id)
""")

# In this order, as whoever ends a row locks them: the outbox, then the request. A mail of the supplier's that is just
# being linked is either seen here, or is decided after this has left.
_LOCK = text("""
    SELECT FROM outbox o JOIN supplier_request r ON r.tenant_id = o.tenant_id AND r.id = o.request_id
    WHERE o.tenant_id = :tenant AND o.id = :id AND o.fence = :fence FOR UPDATE OF o, r
""")

# Mail that nobody has decided about may be the supplier's answer: its writer is not read, or its purchase order is not
# known. What cannot be fetched for hours keeps no reminder back, but where it stands in the thread itself. A mail of
# ours that was written by hand counts where it is in the row's own thread.
_GATE = text("""
    SELECT b.status, t.answering, o.kind, o.automatic, r.closed_at IS NOT NULL AS closed,
        r.answered_at IS NOT NULL AS answered, coalesce(s.round <> r.round, false) AS asked_anew,
        coalesce(b.last_ok_at > now() - CAST(:sight AS interval), false) AS in_sight,
        coalesce(u.reminding, true) AS reminding,
        o.kind = 'operations_alert' AND o.recipient <> coalesce(u.operations_address, '') AS told_to_another,
        EXISTS (SELECT FROM supplier_step l WHERE l.tenant_id = s.tenant_id AND l.request_id = s.request_id
            AND l.round = s.round AND l.kind = 'remind' AND l.position > s.position) AS overtaken,
        EXISTS (SELECT FROM outbox p WHERE p.tenant_id = o.tenant_id AND p.mailbox_id = o.mailbox_id AND p.id <> o.id
            AND p.state IN ('sending', 'uncertain') AND p.kind <> 'operations_alert'
            AND (p.request_id = o.request_id OR r.thread_id <> '' AND p.thread_id = r.thread_id)) AS another_leaving,
        r.thread_id <> '' AND EXISTS (SELECT FROM message m WHERE m.tenant_id = o.tenant_id
            AND m.mailbox_id = o.mailbox_id AND m.thread_id = r.thread_id AND m.direction = 'out'
            AND m.received_at > r.asked_at AND NOT EXISTS (SELECT FROM outbox p WHERE p.tenant_id = m.tenant_id
                AND p.mailbox_id = m.mailbox_id AND p.sent_gmail_id = m.gmail_id)) AS written_by_hand,
        r.thread_id <> '' AND EXISTS (SELECT FROM message m WHERE m.tenant_id = o.tenant_id
            AND m.mailbox_id = r.mailbox_id AND m.thread_id = r.thread_id AND m.direction = 'in'
            AND m.state = 'unreadable' AND m.received_at > r.asked_at) AS unreadable,
        EXISTS (SELECT FROM message m WHERE m.tenant_id = o.tenant_id AND m.direction = 'in'
            AND m.state IN ('discovered', 'fetched') AND (m.received_at IS NULL OR m.received_at >= r.asked_at)
            AND (m.discovered_at > now() - interval '4 hours'
                OR r.thread_id <> '' AND m.thread_id = r.thread_id)) AS undecided
    FROM outbox o JOIN mailbox b ON b.tenant_id = o.tenant_id AND b.id = o.mailbox_id
        JOIN supplier_request r ON r.tenant_id = o.tenant_id AND r.id = o.request_id
        JOIN tenant t ON t.tenant_id = o.tenant_id
        LEFT JOIN supplier_step s ON s.tenant_id = o.tenant_id AND s.outbox_id = o.id
        LEFT JOIN supplier_rules u ON u.tenant_id = o.tenant_id
    WHERE o.tenant_id = :tenant AND o.id = :id
""")

# The ticket of the request, or of the order that it names, where the system has one.
_TICKET = text("""
    SELECT t.external_id, o.created_at < now() - interval '1 hour' AS waited
    FROM outbox o JOIN supplier_request r ON r.tenant_id = o.tenant_id AND r.id = o.request_id
        JOIN ticket t ON t.tenant_id = r.tenant_id
            AND (t.id = r.ticket_id OR r.order_number <> ''
                AND t.order_number = upper(ltrim(replace(r.order_number, ' ', ''), '#')))
    WHERE o.tenant_id = :tenant AND o.id = :id AND o.kind <> 'supplier_mail' AND t.external_id IS NOT NULL
    ORDER BY t.id = r.ticket_id DESC LIMIT 1
""")

_LIMITS = text("""
    SELECT CAST(policy ->> 'replies_per_mailbox_and_day' AS integer) AS per_day,
        CAST(policy ->> 'replies_per_mailbox_and_hour' AS integer) AS per_hour
    FROM tenant WHERE tenant_id = :tenant
""")

# Its thread is known from here on, also to whoever looks for its copy.
_SENT = text("""
    UPDATE outbox SET thread_id = :thread WHERE tenant_id = :tenant AND id = :id AND state = 'sent'
    RETURNING kind, request_id, mailbox_id, coalesce(sending_at, now()) AS sent_at
""")

_IN_THREAD = text("""
    UPDATE supplier_request SET rfc_message_id = '', mailbox_id = :mailbox, thread_id = :thread, last_error = ''
    WHERE tenant_id = :tenant AND id = :request
""")

_STEP = text("""
    UPDATE supplier_step SET state = :state, last_error = :error,
        done_at = CASE WHEN :state = 'done' THEN now() END
    WHERE tenant_id = :tenant AND outbox_id = :id AND state IN ('pending', 'needs_person')
""")

_ENDED = text("SELECT state FROM outbox WHERE tenant_id = :tenant AND id = :id AND request_id IS NOT NULL")

# What was cancelled on purpose is no error of the request, but where a person's own words did not leave.
_ERROR = text("""
    UPDATE supplier_request r SET last_error = :error FROM outbox o
    WHERE o.tenant_id = :tenant AND o.id = :id AND r.tenant_id = o.tenant_id AND r.id = o.request_id
        AND (o.state <> 'cancelled' OR o.kind = 'supplier_mail')
""")

_GONE = text("""
    SELECT id, last_error FROM outbox WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND request_id IS NOT NULL
        AND state IN ('held', 'needs_person') AND last_error = ANY(:reasons)
""")

_NO_DRAFT = text("""
    UPDATE outbox SET state = 'failed' WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND request_id IS NOT NULL
        AND kind <> 'supplier_mail' AND state = 'held'
""")

_STEP_STATE = {
    EffectState.CANCELLED: StepState.CANCELLED,
    EffectState.FAILED: StepState.FAILED,
    EffectState.HELD: StepState.NEEDS_PERSON,
    EffectState.NEEDS_PERSON: StepState.NEEDS_PERSON,
}


def thread_of(db: Connection, tenant: UUID, effect: UUID) -> Thread:
    """Where a mail of a request belongs. An alert to operations begins a thread of its own, as the first mail does."""
    row = db.execute(_THREAD, {"tenant": tenant, "id": effect}).one_or_none()
    return Thread(*row) if row is not None else Thread()


def known_as(db: Connection, tenant: UUID, effect: UUID, rfc_message_id: str) -> None:
    """Keep which Message-ID Gmail gave our last mail of the request to which this row belongs."""
    db.execute(_KNOWN_AS, {"tenant": tenant, "id": effect, "rfc_message_id": rfc_message_id[:500]})


def forbidden(db: Connection, tenant: UUID, effect: UUID, fence: int, *, sight: timedelta) -> tuple[Gate, str]:
    """What stands against sending it at this moment. The row and its request stay locked until the commit."""
    values = {"tenant": tenant, "id": effect, "fence": fence}
    if db.execute(_LOCK, values).one_or_none() is None:
        return Gate.LOST, "Another worker took it."
    now = db.execute(_GATE, {**values, "sight": sight}).one()
    by_itself, reminds = now.automatic, now.kind == "supplier_reminder"
    objections = (
        (now.closed, Gate.CANCEL, "A person closed this request."),
        (by_itself and now.answered, Gate.CANCEL, "The supplier wrote on this purchase order."),
        (now.asked_anew, Gate.CANCEL, "The supplier was asked anew since."),
        (by_itself and not now.reminding, Gate.CANCEL, supplier_words.SWITCHED_OFF),
        (now.told_to_another, Gate.CANCEL, "Somebody else is told of this by now."),
        (reminds and now.overtaken, Gate.CANCEL, "It was held back for so long that the next reminder is due."),
        (reminds and now.written_by_hand, Gate.CANCEL, "Somebody wrote to the supplier by hand in Gmail."),
        (reminds and now.unreadable, Gate.CANCEL, "A mail came in this thread that could not be read."),
        (now.status != "active", Gate.WAIT, "The mailbox is paused."),
        (now.another_leaving, Gate.WAIT, "Another mail of this request is just leaving."),
        (by_itself and not now.answering, Gate.REST, "Answering by itself is paused."),
        (reminds and not now.in_sight, Gate.WAIT, "The mailbox was not read for a while; first it is read."),
        (by_itself and now.undecided, Gate.WAIT, "Mail came in that nobody has read yet: it may be the answer."),
    )
    return next(((gate, reason) for objects, gate, reason in objections if objects), (Gate.OPEN, ""))


def ticket_of(db: Connection, tenant: UUID, effect: UUID) -> tuple[int, bool] | None:
    """The system's id of the ticket that the order of a reminder or an alert has, and whether that has waited long for
    it.
    """
    row = db.execute(_TICKET, {"tenant": tenant, "id": effect}).one_or_none()
    return (int(row.external_id), bool(row.waited)) if row is not None else None


def limits(db: Connection, tenant: UUID) -> tuple[int | None, int | None]:
    """How many automatic mails may leave a mailbox in a day and in an hour, where the tenant says so."""
    row = db.execute(_LIMITS, {"tenant": tenant}).one()
    return row.per_day, row.per_hour


def sent(db: Connection, tenant: UUID, effect: UUID, *, thread_id: str) -> None:
    """It left, in this thread of its mailbox: a question begins the ladder, a reminder or an alert is done."""
    row = db.execute(_SENT, {"tenant": tenant, "id": effect, "thread": thread_id}).one_or_none()
    if row is None:
        return
    values = {"tenant": tenant, "request": row.request_id, "mailbox": row.mailbox_id, "thread": thread_id}
    if row.kind != "operations_alert":
        db.execute(_IN_THREAD, values)
    if row.kind == "supplier_mail":
        # From before our call on, where we made one: what the supplier wrote after it may answer it.
        supplier_requests.left(db, tenant, row.request_id, at=row.sent_at)
        supplier_links.catch_up(db, tenant, row.request_id)
    db.execute(_STEP, {"tenant": tenant, "id": effect, "state": StepState.DONE.value, "error": ""})


def ended(db: Connection, tenant: UUID, effect: UUID, *, reason: str) -> None:
    """It does not leave, or nobody knows whether it did: the step and the request say so."""
    state = db.execute(_ENDED, {"tenant": tenant, "id": effect}).scalar()
    if state not in set(_STEP_STATE):
        return
    values = {"tenant": tenant, "id": effect, "error": reason[:500]}
    db.execute(_STEP, {**values, "state": _STEP_STATE[EffectState(state)].value})
    db.execute(_ERROR, values)


def mailbox_gone(db: Connection, tenant: UUID, mailbox: UUID, *, reasons: Sequence[str]) -> None:
    """The mailbox was disconnected: what waited in it leaves no more, with one of these reasons in its row."""
    values = {"tenant": tenant, "mailbox": mailbox}
    gone = db.execute(_GONE, {**values, "reasons": list(reasons)}).all()
    db.execute(_NO_DRAFT, values)
    for row in gone:
        ended(db, tenant, row.id, reason=row.last_error)
