"""What the desk shows and does: the queue, the conversation, and a person's act on a held decision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.decision import Check, Citation
from domain.errors import BadInput
from domain.understanding import Understanding
from storage import cases, events
from storage.codec import case_from_json, checks_from_json, citations_from_json, understanding_from_json
from storage.conversations import like


@dataclass(frozen=True, slots=True)
class QueueRow:
    decision: UUID
    conversation: UUID | None
    importance: int
    customer: str
    subject: str
    first_line: str
    category: str
    reason: str
    waiting_since: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply as it stands: `text` may have been edited, `draft_text` is what the machine wrote."""

    id: UUID
    state: str
    recipient: str
    subject: str
    text: str
    draft_text: str
    automatic: bool
    last_error: str
    next_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One message of a conversation with what was decided about it."""

    id: UUID
    direction: str
    state: str
    sender: str
    subject: str
    text: str
    html: str
    sender_verified: bool
    attachments: tuple[str, ...]
    received_at: datetime | None
    decision: UUID | None
    disposition: str
    reason: str
    understanding: Understanding | None
    citations: tuple[Citation, ...]
    checks: tuple[Check, ...]
    settled_at: datetime | None
    settlement: str | None
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    id: UUID
    subject: str
    customer: str
    mailbox: UUID
    messages: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Today:
    """What was handled in the last 24 hours."""

    answered_by_machine: int
    answered_by_people: int
    held: int
    ignored: int
    in_work: int


_QUEUE = text("""
    SELECT d.id, d.conversation_id, d.importance, coalesce(nullif(m.sender_name, ''), m.sender_address) AS customer,
        m.subject, left(coalesce(d.understanding ->> 'text', m.parsed ->> 'text', ''), 160) AS first_line, d.category,
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

_CONVERSATION = text("""
    SELECT id, subject, customer_address, customer_name, mailbox_id FROM conversation
    WHERE tenant_id = :tenant AND id = :id
""")

_MESSAGES = text("""
    SELECT m.id, m.direction, m.state, m.sender_address, m.sender_name, m.subject, m.parsed, m.received_at,
        d.id AS decision, d.disposition, d.reason, d.understanding, d.citations, d.checks, d.settled_at, d.settlement
    FROM message m LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
    WHERE m.tenant_id = :tenant AND m.conversation_id = :id ORDER BY m.received_at, m.seq
""")

_DRAFTS = text("""
    SELECT decision_id, id, state, recipient, subject, text, draft_text, automatic, last_error, next_at, sent_at
    FROM outbox WHERE tenant_id = :tenant AND conversation_id = :id ORDER BY created_at, position
""")

_SETTLE = text("""
    UPDATE decision SET settled_at = now(), settled_by = :member, settlement = :settlement
    WHERE tenant_id = :tenant AND id = :decision AND is_current AND disposition = 'hold' AND settled_at IS NULL
    RETURNING message_id, conversation_id, case_on_release
""")

_RELEASE = text("""
    UPDATE outbox SET state = 'pending', automatic = false, released_by = :member, released_at = now(), text = :text,
        reference = :reference, next_at = now(), attempts = 0, draft_id = NULL, fence = fence + 1, lease_until = NULL
    WHERE tenant_id = :tenant AND decision_id = :decision AND position = 0 AND state = 'held'
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
      (SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND automatic AND state = 'sent'
        AND sent_at > now() - interval '24 hours') AS by_machine,
      (SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND NOT automatic AND state = 'sent'
        AND sent_at > now() - interval '24 hours') AS by_people,
      (SELECT count(*) FROM decision WHERE tenant_id = :tenant AND is_current AND disposition = 'hold'
        AND settled_at IS NULL) AS held,
      (SELECT count(*) FROM decision WHERE tenant_id = :tenant AND is_current AND disposition = 'ignore'
        AND created_at > now() - interval '24 hours') AS ignored,
      (SELECT count(*) FROM message WHERE tenant_id = :tenant AND direction = 'in'
        AND state IN ('discovered', 'fetched')) AS in_work
""")


def queue(
    db: Connection, tenant: UUID, *, category: str = "", words: str = "", after: UUID | None = None, limit: int = 50
) -> list[QueueRow]:
    """Held decisions, most important first, then oldest; the page after the row `after`."""
    values = {"tenant": tenant, "category": category, "words": words, "pattern": like(words), "after_id": after}
    return [QueueRow(*row) for row in db.execute(_QUEUE, {**values, "limit": limit})]


def conversation(db: Connection, tenant: UUID, conversation_id: UUID) -> Conversation | None:
    values = {"tenant": tenant, "id": conversation_id}
    head = db.execute(_CONVERSATION, values).one_or_none()
    if head is None:
        return None
    drafts: dict[UUID, list[Draft]] = {}
    for decision_id, *fields in db.execute(_DRAFTS, values):
        drafts.setdefault(decision_id, []).append(Draft(*fields))
    shown = tuple(_shown(row, tuple(drafts.get(row.decision, ()))) for row in db.execute(_MESSAGES, values))
    return Conversation(head.id, head.subject, head.customer_name or head.customer_address, head.mailbox_id, shown)


def conversation_of(db: Connection, tenant: UUID, decision: UUID) -> UUID | None:
    found: UUID | None = db.execute(
        text("SELECT conversation_id FROM decision WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant, "id": decision},
    ).scalar()
    return found


def html_of(db: Connection, tenant: UUID, message: UUID) -> str | None:
    """The mail's cleaned HTML, or None where there is no such message."""
    found: str | None = db.execute(
        text("SELECT coalesce(parsed ->> 'html', '') FROM message WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant, "id": message},
    ).scalar()
    return found


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


def send(db: Connection, tenant: UUID, decision: UUID, *, member: UUID, text_to_send: str, reference: str) -> bool:
    """A person releases the draft, perhaps edited, or writes an answer where there was none.

    False when somebody else settled it before. Nothing is sent here. Raises BadInput when there is nobody to answer.
    """
    values: dict[str, object] = {"tenant": tenant, "decision": decision, "member": member}
    settled = db.execute(_SETTLE, {**values, "settlement": "sent"}).one_or_none()
    if settled is None:
        return False
    values |= {"text": text_to_send, "reference": reference}
    released = db.execute(_RELEASE, values).one_or_none()
    if released is None and db.execute(_WRITE, values).rowcount != 1:
        raise BadInput("reply", "This mail names nobody who could be answered.")
    case = case_from_json(settled.case_on_release)
    if case is not None and settled.conversation_id is not None:
        cases.move(db, tenant, settled.conversation_id, case)
    edited = released is None or released.draft_text != text_to_send
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


def _shown(row: Any, drafts: tuple[Draft, ...]) -> Shown:
    parsed = row.parsed or {}
    return Shown(
        id=row.id,
        direction=row.direction,
        state=row.state,
        sender=f"{row.sender_name} <{row.sender_address}>" if row.sender_name else row.sender_address,
        subject=row.subject,
        text=parsed.get("text", ""),
        html=parsed.get("html", ""),
        sender_verified=parsed.get("sender_verified", False),
        attachments=tuple(attachment["name"] for attachment in parsed.get("attachments", ())),
        received_at=row.received_at,
        decision=row.decision,
        disposition=row.disposition or "",
        reason=row.reason or "",
        understanding=understanding_from_json(row.understanding or {}),
        citations=citations_from_json(row.citations or []),
        checks=checks_from_json(row.checks or []),
        settled_at=row.settled_at,
        settlement=row.settlement,
        drafts=drafts,
    )
