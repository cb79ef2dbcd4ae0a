"""A supplier's answer, for the customer behind it: a draft that waits in their conversation, where nothing waits."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.decision import Check, EffectKind
from domain.message import Address
from storage import events
from storage.codec import dumps, message_from_json
from storage.references import new_reference

# The customer's newest mail, once all of their conversation is settled: nothing to be read, decided, sent or found out.
# Whoever else wrote last is not answered: a draft must not reach a stranger in the thread.
_TARGET = text("""
    SELECT m.id, m.mailbox_id, m.thread_id, m.received_at, m.parsed, d.id AS decision,
        coalesce(d.understanding ->> 'language', '') AS language
    FROM conversation c
        JOIN LATERAL (SELECT * FROM message m WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id
            AND m.direction = 'in' ORDER BY m.received_at DESC, m.seq DESC LIMIT 1) m ON true
        JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
        JOIN mailbox b ON b.tenant_id = m.tenant_id AND b.id = m.mailbox_id AND b.status <> 'disconnected'
    WHERE c.tenant_id = :tenant AND c.id = :conversation AND m.state = 'decided' AND m.parsed IS NOT NULL
        AND m.sender_address = c.customer_address AND m.sender_address <> ''
        AND coalesce(d.understanding ->> 'automatic', '') = ''
        AND (d.disposition = 'release' OR d.settled_at IS NOT NULL)
        AND NOT EXISTS (SELECT FROM decision w WHERE w.tenant_id = c.tenant_id AND w.conversation_id = c.id
            AND w.is_current AND w.disposition = 'hold' AND w.settled_at IS NULL)
        AND NOT EXISTS (SELECT FROM message w WHERE w.tenant_id = c.tenant_id AND w.conversation_id = c.id
            AND w.direction = 'in' AND w.state IN ('discovered', 'fetched'))
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = c.tenant_id AND o.conversation_id = c.id
            AND o.kind = 'reply' AND o.state NOT IN ('held', 'sent', 'left_as_draft', 'cancelled', 'failed'))
        AND NOT EXISTS (SELECT FROM order_act a WHERE a.tenant_id = d.tenant_id AND a.decision_id = d.id
            AND a.state NOT IN ('done', 'refused', 'cancelled'))
""")

# Under the lock: whoever settles or supersedes it at this moment was first, or waits.
_SUPERSEDE = text("""
    UPDATE decision SET is_current = false
    WHERE tenant_id = :tenant AND id = :decision AND is_current
        AND (disposition = 'release' OR settled_at IS NOT NULL)
""")

# Without a category: the draft says nothing about how well the machine reads mail, and is not counted as that.
_DECIDE = text("""
    INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, category, confidence,
        importance, understanding, citations, checks, ticket_id)
    SELECT d.tenant_id, :id, d.message_id, d.conversation_id, 'hold', :reason, '', 0, d.importance, d.understanding,
        '[]', CAST(:checks AS jsonb), d.ticket_id
    FROM decision d WHERE d.tenant_id = :tenant AND d.id = :decision
""")

_DRAFT = text("""
    INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id, thread_id,
        automatic, recipient, recipient_name, subject, text, draft_text, reference, state)
    SELECT m.tenant_id, gen_random_uuid(), :id, 0, :kind, m.id, m.mailbox_id, m.conversation_id, m.thread_id, true,
        m.sender_address, m.sender_name, m.subject, :text, :text, :reference, 'held'
    FROM message m WHERE m.tenant_id = :tenant AND m.id = :message
""")


@dataclass(frozen=True, slots=True)
class Target:
    """The customer's mail that a draft would answer, and the decision about it that it would supersede.

    `language` is ISO 639-1, or "und" or empty.
    """

    message: UUID
    decision: UUID
    to: Address
    language: str


@dataclass(frozen=True, slots=True)
class News:
    """A draft for a customer, with why it is there for whoever decides about it."""

    target: Target
    text: str
    reason: str
    checks: tuple[Check, ...] = ()


def target(db: Connection, tenant: UUID, conversation: UUID) -> Target | None:
    """The mail that a draft may answer now; None where something waits there, or there is nobody to tell."""
    row = db.execute(_TARGET, {"tenant": tenant, "conversation": conversation}).one_or_none()
    if row is None:
        return None
    mail = message_from_json(row.parsed, message_id=row.id, thread_id=row.thread_id, received_at=row.received_at)
    if mail.sender is None or mail.sender_refuted:
        return None
    return Target(row.id, row.decision, mail.sender, row.language)


def hold(db: Connection, tenant: UUID, news: News) -> bool:
    """Put the draft into the queue; False, and nothing written, where somebody has begun something there meanwhile.

    What was decided and sent before is kept, superseded.
    """
    values = {"tenant": tenant, "decision": news.target.decision, "message": news.target.message, "id": uuid4()}
    if db.execute(_SUPERSEDE, values).rowcount != 1:
        return False
    checks = dumps([{"text": one.text, "passed": one.passed} for one in news.checks])
    db.execute(_DECIDE, {**values, "reason": news.reason, "checks": checks})
    db.execute(_DRAFT, {**values, "kind": EffectKind.REPLY.value, "text": news.text, "reference": new_reference()})
    events.record(
        db, tenant, actor="machine", kind="customer_news_held", subject=news.target.message, decision=values["id"]
    )
    return True
