"""What of a request to a supplier goes by its order's ticket: what stops it, and what follows when it is there."""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.supplier_request import StepState
from storage import supplier_links, supplier_requests

SWITCHED_OFF = "Reminding was switched off."

# The request is locked behind its ticket, as wherever both are: a mail that is just being linked is seen, or is later.
# A reminder is what has a step, also where a person released it.
_STANDS = text("""
    SELECT r.closed_at IS NOT NULL AS closed,
        r.answered_at IS NOT NULL AND (w.automatic OR s.id IS NOT NULL) AS answered,
        w.automatic AND NOT coalesce(u.reminding, true) AS switched_off,
        coalesce(s.round <> r.round, false) AS asked_anew,
        EXISTS (SELECT FROM supplier_step l WHERE l.tenant_id = s.tenant_id AND l.request_id = s.request_id
            AND l.round = s.round AND l.kind = 'remind' AND l.position > s.position) AS overtaken
    FROM ticket_words w JOIN supplier_request r ON r.tenant_id = w.tenant_id AND r.id = w.request_id
        LEFT JOIN supplier_step s ON s.tenant_id = w.tenant_id AND s.words_id = w.id
        LEFT JOIN supplier_rules u ON u.tenant_id = w.tenant_id
    WHERE w.tenant_id = :tenant AND w.id = :words FOR UPDATE OF r
""")

_UNDECIDED = text("""
    SELECT EXISTS (SELECT FROM message m JOIN ticket_words w ON w.tenant_id = m.tenant_id AND w.id = :words
        JOIN supplier_request r ON r.tenant_id = w.tenant_id AND r.id = w.request_id
        WHERE m.tenant_id = :tenant AND m.direction = 'in' AND m.state IN ('discovered', 'fetched')
            AND (m.received_at IS NULL OR m.received_at >= r.asked_at)
            AND m.discovered_at > now() - interval '4 hours')
""")

_DONE = text("""
    UPDATE supplier_step SET state = 'done', done_at = now(), last_error = ''
    WHERE tenant_id = :tenant AND words_id = :words
""")

_WORDS = text("""
    SELECT w.request_id, w.state, coalesce(w.sending_at, now()) AS sent_at,
        NOT w.automatic AND NOT EXISTS (SELECT FROM supplier_step s WHERE s.tenant_id = w.tenant_id
            AND s.words_id = w.id) AS asks
    FROM ticket_words w WHERE w.tenant_id = :tenant AND w.id = :words AND w.request_id IS NOT NULL
""")

_STEP = text("""
    UPDATE supplier_step SET state = :state, last_error = :error WHERE tenant_id = :tenant AND words_id = :words
""")

_ERROR = text("UPDATE supplier_request SET last_error = :error WHERE tenant_id = :tenant AND id = :request")

_ASIDE = text("""
    UPDATE ticket_words SET state = 'waiting', last_error = :reason
    WHERE tenant_id = :tenant AND id = :words AND state = 'pending'
""")

_WAKE = text("""
    UPDATE supplier_request r SET next_at = least(next_at, now() + interval '2 minutes') FROM ticket_words w
    WHERE w.tenant_id = :tenant AND w.id = :words AND r.tenant_id = w.tenant_id AND r.id = w.request_id
        AND r.answered_at IS NULL AND r.closed_at IS NULL
""")

_RESUME = text("""
    WITH waiting AS (
        UPDATE ticket_words w SET state = CASE k.state WHEN 'needs_person' THEN 'needs_person' ELSE 'pending' END,
            last_error = CASE k.state WHEN 'needs_person' THEN k.last_error ELSE '' END
        FROM tenant t, ticket k
        WHERE w.tenant_id = :tenant AND w.state = 'waiting' AND w.automatic AND w.side = 'supplier'
            AND w.request_id IS NOT NULL AND t.tenant_id = w.tenant_id AND t.answering
            AND k.tenant_id = w.tenant_id AND k.id = w.ticket_id
        RETURNING w.ticket_id, w.id, w.state, w.last_error
    ), stuck AS (
        UPDATE supplier_step s SET state = 'needs_person', last_error = w.last_error FROM waiting w
        WHERE s.tenant_id = :tenant AND s.words_id = w.id AND w.state = 'needs_person'
    )
    UPDATE ticket SET next_at = coalesce(next_at, now()), due_since = coalesce(due_since, now())
    WHERE tenant_id = :tenant AND id IN (SELECT ticket_id FROM waiting) AND state <> 'needs_person'
""")

_WAITING = text("""
    SELECT t.id FROM ticket t WHERE t.tenant_id = :tenant AND EXISTS (SELECT FROM ticket_words w
        WHERE w.tenant_id = t.tenant_id AND w.ticket_id = t.id AND w.state = 'waiting' AND w.side = 'supplier'
            AND w.request_id IS NOT NULL)
    ORDER BY t.id FOR UPDATE
""")


def overtaken(db: Connection, tenant: UUID, words: UUID) -> str:
    """Why these words must not go to the supplier any more, or nothing. The request stays locked until the commit."""
    now = db.execute(_STANDS, {"tenant": tenant, "words": words}).one_or_none()
    if now is None:
        return ""
    objections = (
        (now.closed, "A person closed this request."),
        (now.answered, "The supplier wrote on this purchase order."),
        (now.asked_anew, "The supplier was asked anew since."),
        (now.switched_off, SWITCHED_OFF),
        (now.overtaken, "It was held back for so long that the next reminder is due."),
    )
    return next((reason for objects, reason in objections if objects), "")


def is_undecided(db: Connection, tenant: UUID, words: UUID) -> bool:
    """Whether mail came in since we asked that nobody has decided about: it may be the supplier's answer."""
    found: bool = db.execute(_UNDECIDED, {"tenant": tenant, "words": words}).scalar_one()
    return found


def done(db: Connection, tenant: UUID, words: UUID) -> None:
    """They stand on the ticket: a question begins the ladder, a reminder is done."""
    row = db.execute(_WORDS, {"tenant": tenant, "words": words}).one_or_none()
    if row is None:
        return
    if row.asks:
        supplier_requests.left(db, tenant, row.request_id, at=row.sent_at)
        supplier_links.catch_up(db, tenant, row.request_id)
    db.execute(_DONE, {"tenant": tenant, "words": words})


def ended(db: Connection, tenant: UUID, words: UUID, *, reason: str) -> None:
    """They do not go there, or nobody knows whether they did: the step and the request say so."""
    values = {"tenant": tenant, "words": words, "error": reason[:500]}
    row = db.execute(_WORDS, values).one_or_none()
    if row is None:
        return
    cancelled = row.state == "cancelled"
    db.execute(_STEP, {**values, "state": (StepState.CANCELLED if cancelled else StepState.NEEDS_PERSON).value})
    if not cancelled:
        db.execute(_ERROR, {**values, "request": row.request_id})


def set_aside(db: Connection, tenant: UUID, words: UUID, *, reason: str) -> bool:
    """A reminder that must wait, for `resume`: it keeps nothing else back on its ticket."""
    values = {"tenant": tenant, "words": words, "reason": reason[:500]}
    if db.execute(_ASIDE, values).rowcount != 1:
        return False
    db.execute(_WAKE, values)
    return True


def resume(db: Connection, tenant: UUID) -> int:
    """Reminders that were set aside go on where the tenant answers by itself; returns on how many tickets."""
    if not db.execute(_WAITING, {"tenant": tenant}).all():
        return 0
    return db.execute(_RESUME, {"tenant": tenant}).rowcount
