"""What waits for a person, what was handled today, and a person's act on a held decision."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.errors import BadInput
from storage import answer_verdicts, cases, checked, events
from storage.codec import case_from_json
from storage.conversations import like


@dataclass(frozen=True, slots=True)
class QueueRow:
    decision: UUID
    conversation: UUID | None
    importance: int
    customer: str
    address: str
    subject: str
    first_line: str
    category: str
    reason: str
    waiting_since: datetime


@dataclass(frozen=True, slots=True)
class Today:
    """What was handled in the last 24 hours; `held` and `in_work` are as of now."""

    answered_by_machine: int
    answered_by_people: int
    dismissed: int
    held: int
    ignored: int
    in_work: int


@dataclass(frozen=True, slots=True)
class Handled:
    """What one person settled in the last 24 hours."""

    name: str
    sent: int
    dismissed: int


_QUEUE = text("""
    SELECT d.id, d.conversation_id, d.importance, coalesce(nullif(m.sender_name, ''), m.sender_address) AS customer,
        m.sender_address, m.subject,
        left(coalesce(d.understanding ->> 'text', m.parsed ->> 'text', ''), 160) AS first_line, d.category,
        d.reason, coalesce(m.received_at, d.created_at) AS since
    FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
    WHERE d.tenant_id = :tenant AND d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL
        AND (:category = '' OR d.category = :category)
        AND (:words = '' OR m.subject ILIKE :pattern OR m.sender_address ILIKE :pattern OR m.sender_name ILIKE :pattern
            OR m.parsed ->> 'text' ILIKE :pattern)
        AND (CAST(:after_id AS uuid) IS NULL OR (-d.importance, d.created_at, d.id) >
            (SELECT -x.importance, x.created_at, x.id FROM decision x WHERE x.tenant_id = :tenant AND x.id = :after_id))
    ORDER BY d.importance DESC, d.created_at, d.id LIMIT :limit
""")

_SETTLE = text("""
    UPDATE decision SET settled_at = now(), settled_by = :member, settlement = :settlement
    WHERE tenant_id = :tenant AND id = :decision AND is_current AND disposition = 'hold' AND settled_at IS NULL
    RETURNING message_id, conversation_id, case_on_release
""")

_RELEASE = text("""
    UPDATE outbox SET state = 'pending', automatic = false, released_by = :member, released_at = now(), text = :text,
        reference = :reference, next_at = now(), attempts = 0, draft_id = NULL, fence = fence + 1, lease_until = NULL
    WHERE tenant_id = :tenant AND decision_id = :decision AND position = 0 AND state = 'held' AND kind = 'reply'
    RETURNING id, draft_text
""")

_WRITE = text("""
    INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id, thread_id,
        automatic, released_by, released_at, recipient, recipient_name, subject, text, draft_text, reference, state)
    SELECT :tenant, gen_random_uuid(), d.id,
        (SELECT coalesce(max(o.position) + 1, 0) FROM outbox o
            WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.id),
        'reply', m.id, m.mailbox_id, m.conversation_id, m.thread_id, false, :member, now(), m.sender_address,
        m.sender_name, m.subject, :text, '', :reference, 'pending'
    FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
    WHERE d.tenant_id = :tenant AND d.id = :decision AND m.sender_address <> ''
""")

_DISMISS = text("""
    UPDATE outbox SET state = 'cancelled', last_error = 'Dismissed.'
    WHERE tenant_id = :tenant AND decision_id = :decision AND state = 'held'
""")

_TODAY = text("""
    SELECT
      (SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND automatic AND kind = 'reply' AND state = 'sent'
        AND sent_at > now() - interval '24 hours') AS by_machine,
      (SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND NOT automatic AND state = 'sent'
        AND sent_at > now() - interval '24 hours') AS by_people,
      (SELECT count(*) FROM decision WHERE tenant_id = :tenant AND settlement = 'dismissed'
        AND settled_at > now() - interval '24 hours') AS dismissed,
      (SELECT count(*) FROM decision WHERE tenant_id = :tenant AND is_current AND disposition = 'hold'
        AND settled_at IS NULL) AS held,
      (SELECT count(*) FROM decision WHERE tenant_id = :tenant AND is_current AND disposition = 'ignore'
        AND created_at > now() - interval '24 hours') AS ignored,
      (SELECT count(*) FROM message WHERE tenant_id = :tenant AND direction = 'in'
        AND state IN ('discovered', 'fetched')) AS in_work
""")

_HANDLED_BY = text("""
    SELECT coalesce(nullif(p.name, ''), p.email) AS name, count(*) FILTER (WHERE d.settlement = 'sent') AS sent,
        count(*) FILTER (WHERE d.settlement = 'dismissed') AS dismissed
    FROM decision d JOIN member p ON p.tenant_id = d.tenant_id AND p.id = d.settled_by
    WHERE d.tenant_id = :tenant AND d.settled_at > now() - interval '24 hours'
    GROUP BY p.tenant_id, p.id ORDER BY count(*) DESC, name LIMIT 20
""")

_MAILBOX = text("""
    SELECT b.address, b.status FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
        JOIN mailbox b ON b.tenant_id = m.tenant_id AND b.id = m.mailbox_id
    WHERE d.tenant_id = :tenant AND d.id = :decision
""")


def queue(
    db: Connection, tenant: UUID, *, category: str = "", words: str = "", after: UUID | None = None, limit: int = 50
) -> list[QueueRow]:
    """Held decisions, most important first, then oldest; the page after the row `after`."""
    values = {"tenant": tenant, "category": category, "words": words, "pattern": like(words), "after_id": after}
    return [QueueRow(*row) for row in db.execute(_QUEUE, {**values, "limit": limit})]


def waiting(db: Connection, tenant: UUID) -> int:
    """How many decisions wait for a person."""
    count: int = db.execute(
        text("""
            SELECT count(*) FROM decision
            WHERE tenant_id = :tenant AND is_current AND disposition = 'hold' AND settled_at IS NULL
        """),
        {"tenant": tenant},
    ).scalar_one()
    return count


def today(db: Connection, tenant: UUID) -> Today:
    return Today(*db.execute(_TODAY, {"tenant": tenant}).one())


def handled_by(db: Connection, tenant: UUID) -> list[Handled]:
    """Who settled how much, the busiest first."""
    return [Handled(*row) for row in db.execute(_HANDLED_BY, {"tenant": tenant})]


def send(db: Connection, tenant: UUID, decision: UUID, *, member: UUID, text_to_send: str, reference: str) -> bool:
    """A person releases the draft, perhaps edited, or writes an answer where there was none.

    False when somebody else settled it before. Nothing is sent here. Raises BadInput, and nothing is changed, when
    there is nobody to answer or no mailbox to answer from. The case takes its step from where it stands by now.
    """
    values: dict[str, object] = {"tenant": tenant, "decision": decision, "member": member}
    settled = db.execute(_SETTLE, {**values, "settlement": "sent"}).one_or_none()
    if settled is None:
        return False
    mailbox = db.execute(_MAILBOX, values).one()
    if mailbox.status == "disconnected":
        raise BadInput(
            "mailbox", f"{mailbox.address} is disconnected, so nothing can leave from here: answer in Gmail."
        )
    values |= {"text": text_to_send, "reference": reference}
    released = db.execute(_RELEASE, values).one_or_none()
    if released is None and db.execute(_WRITE, values).rowcount != 1:
        raise BadInput("reply", "This mail names nobody who could be answered.")
    case = case_from_json(settled.case_on_release)
    if case is not None and settled.conversation_id is not None:
        cases.move_late(db, tenant, decision, settled.conversation_id, case)
    edited = released is None or released.draft_text != text_to_send
    if not edited:
        checked.sent(db, tenant, decision, member=member)
        answer_verdicts.sent(db, tenant, decision, member=member)
    events.record(db, tenant, actor=str(member), kind="reply_approved", subject=settled.message_id, edited=edited)
    return True


def dismiss(db: Connection, tenant: UUID, decision: UUID, *, member: UUID) -> bool:
    """A person says that this needs no answer; False when somebody else settled it before."""
    values = {"tenant": tenant, "decision": decision, "member": member}
    settled = db.execute(_SETTLE, {**values, "settlement": "dismissed"}).one_or_none()
    if settled is None:
        return False
    db.execute(_DISMISS, values)
    events.record(db, tenant, actor=str(member), kind="message_dismissed", subject=settled.message_id)
    return True
