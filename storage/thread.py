"""One conversation as the desk shows it: its mail, what was decided about each, and the replies with their states."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.answering import AnswerLook
from domain.decision import Check, Citation, Fact, Suggestion
from domain.settlement import Settlement
from domain.understanding import Understanding
from storage.codec import (
    checks_from_json,
    citations_from_json,
    facts_from_json,
    look_from_json,
    suggestions_from_json,
    understanding_from_json,
)

_PERHAPS_LEFT = frozenset({"sent", "sending", "uncertain", "needs_person"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply as it stands: `text` may have been edited, `draft_text` is what the machine wrote.

    `released_by` is the name of who approved it, or empty. `as_draft`: it goes to Gmail for its owner to finish.
    """

    id: UUID
    state: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    draft_text: str
    automatic: bool
    last_error: str
    next_at: datetime
    sent_at: datetime | None
    released_by: str
    can_undo: bool = False
    as_draft: bool = False
    edit_reason: str = ""
    edit_note: str = ""

    @property
    def was_sent_from_gmail(self) -> bool:
        """Its owner finished it in Gmail and sent it there, at `sent_at`; nothing here did."""
        return self.as_draft and self.sent_at is not None


@dataclass(frozen=True, slots=True)
class Shown:
    """One message of a conversation with what was decided about it.

    `earlier` are replies of decisions that were superseded after they had left.
    `has_pictures`: its layout has pictures that lie on the web, and that are not loaded.
    `handled_as` is the category that it went by; `would_release`: the phase of that category alone holds it.
    `verdict` is whether the answer was found right, None where nobody has judged it; `judged_by` who did.
    """

    id: UUID
    direction: str
    state: str
    sender_name: str
    sender_address: str
    subject: str
    text: str
    has_html: bool
    sender_verified: bool
    attachments: tuple[tuple[str, int], ...]
    received_at: datetime | None
    last_error: str
    decision: UUID | None
    disposition: str
    reason: str
    importance: int
    understanding: Understanding | None
    citations: tuple[Citation, ...]
    checks: tuple[Check, ...]
    answer: AnswerLook | None
    verdict: bool | None
    judged_by: str
    settled_at: datetime | None
    settlement: Settlement | None
    settled_by: str
    drafts: tuple[Draft, ...]
    facts: tuple[Fact, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    earlier: tuple[Draft, ...] = ()
    has_pictures: bool = False
    handled_as: str = ""
    would_release: bool = False

    @property
    def waits(self) -> bool:
        """Whether a person has still to say what becomes of it."""
        return self.disposition == "hold" and self.settled_at is None

    @property
    def lies_in_gmail(self) -> bool:
        """Whether the reply was taken to Gmail and lies there as a draft, as far as we know."""
        taken = [one for one in self.drafts if one.as_draft]
        return bool(taken) and all(one.state == "left_as_draft" and one.sent_at is None for one in taken)

    @property
    def is_perhaps_answered(self) -> bool:
        """Whether a reply of ours to it left, or nobody knows that it did not."""
        return any(one.state in _PERHAPS_LEFT for one in (*self.earlier, *self.drafts))

    @property
    def draft(self) -> Draft | None:
        """The reply that counts: the newest one."""
        return self.drafts[-1] if self.drafts else None


@dataclass(frozen=True, slots=True)
class Conversation:
    id: UUID
    subject: str
    customer: str
    customer_address: str
    mailbox_address: str
    mailbox_status: str
    messages: tuple[Shown, ...]


_CONVERSATION = text("""
    SELECT c.id, c.subject, c.customer_address, c.customer_name, b.address, b.status
    FROM conversation c JOIN mailbox b ON b.tenant_id = c.tenant_id AND b.id = c.mailbox_id
    WHERE c.tenant_id = :tenant AND c.id = :id
""")

_MESSAGES = text("""
    SELECT m.id, m.direction, m.state, m.sender_address, m.sender_name, m.subject, m.received_at, m.last_error,
        left(coalesce(m.parsed ->> 'text', ''), 100000) AS body, coalesce(m.parsed ->> 'html', '') <> '' AS has_html,
        strpos(coalesce(m.parsed ->> 'html', ''), '<img data-src="') > 0 AS has_pictures,
        coalesce(CAST(m.parsed ->> 'sender_verified' AS boolean), false) AS sender_verified,
        m.parsed -> 'attachments' AS attachments, d.id AS decision,
        d.disposition, d.reason, d.importance, d.understanding, d.citations, d.checks, d.facts, d.suggestions, d.answer,
        coalesce(nullif(d.handled_as, ''), d.category, '') AS handled_as,
        coalesce(d.would_release, false) AS would_release,
        v.is_right AS verdict, coalesce(nullif(j.name, ''), j.email, '') AS judged_by,
        d.settled_at, d.settlement, coalesce(nullif(p.name, ''), p.email, '') AS settled_by
    FROM message m LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
        LEFT JOIN member p ON p.tenant_id = d.tenant_id AND p.id = d.settled_by
        LEFT JOIN answer_verdict v ON v.tenant_id = d.tenant_id AND v.message_id = d.message_id
        LEFT JOIN member j ON j.tenant_id = v.tenant_id AND j.id = v.member_id
    WHERE m.tenant_id = :tenant AND m.conversation_id = :id ORDER BY m.received_at, m.seq
""")

_DRAFTS = text("""
    SELECT o.decision_id, o.message_id, o.id, o.state, o.recipient, o.recipient_name, o.subject, o.text,
        o.draft_text, o.automatic, o.last_error, o.next_at, o.sent_at,
        coalesce(nullif(p.name, ''), p.email, '') AS released_by,
        o.undo IS NOT NULL AND o.state = 'pending' AS can_undo, o.as_draft, o.edit_reason, o.edit_note
    FROM outbox o LEFT JOIN member p ON p.tenant_id = o.tenant_id AND p.id = o.released_by
    WHERE o.tenant_id = :tenant AND o.conversation_id = :id AND o.kind = 'reply' ORDER BY o.created_at, o.position
""")


def find(db: Connection, tenant: UUID, conversation: UUID) -> Conversation | None:
    values = {"tenant": tenant, "id": conversation}
    head = db.execute(_CONVERSATION, values).one_or_none()
    if head is None:
        return None
    drafts: dict[UUID, list[Draft]] = {}
    left: dict[UUID, list[tuple[UUID, Draft]]] = {}
    for decision, message, *fields in db.execute(_DRAFTS, values):
        draft = Draft(*fields)
        drafts.setdefault(decision, []).append(draft)
        if draft.state not in {"held", "cancelled"}:
            left.setdefault(message, []).append((decision, draft))
    shown = tuple(
        _shown(
            row,
            tuple(drafts.get(row.decision, ())),
            tuple(draft for decision, draft in left.get(row.id, ()) if decision != row.decision),
        )
        for row in db.execute(_MESSAGES, values)
    )
    customer = head.customer_name or head.customer_address
    return Conversation(head.id, head.subject, customer, head.customer_address, head.address, head.status, shown)


def raw_of(db: Connection, tenant: UUID, message: UUID) -> bytes | None:
    """The mail's bytes as they came, or None where there is no such message or nothing was kept of it."""
    found: bytes | None = db.execute(
        text("SELECT raw FROM raw_mail WHERE tenant_id = :tenant AND message_id = :id"),
        {"tenant": tenant, "id": message},
    ).scalar()
    return found


def attachment_name(db: Connection, tenant: UUID, message: UUID, number: int) -> str | None:
    """What the writer called this attachment, perhaps nothing; None where there is none of this number."""
    found: str | None = db.execute(
        text("""
            SELECT parsed -> 'attachments' -> CAST(:number AS integer) ->> 'name' FROM message
            WHERE tenant_id = :tenant AND id = :id
        """),
        {"tenant": tenant, "id": message, "number": number},
    ).scalar()
    return found


def of_decision(db: Connection, tenant: UUID, decision: UUID) -> UUID | None:
    """The conversation that a decision belongs to, or None where there is no such decision."""
    found: UUID | None = db.execute(
        text("SELECT conversation_id FROM decision WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant, "id": decision},
    ).scalar()
    return found


def html_of(db: Connection, tenant: UUID, message: UUID) -> str:
    """The mail's cleaned HTML, or an empty string where there is none, or no such message."""
    found: str | None = db.execute(
        text("SELECT parsed ->> 'html' FROM message WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant, "id": message},
    ).scalar()
    return found or ""


def _shown(row: Any, drafts: tuple[Draft, ...], earlier: tuple[Draft, ...]) -> Shown:
    return Shown(
        id=row.id,
        direction=row.direction,
        state=row.state,
        sender_name=row.sender_name,
        sender_address=row.sender_address,
        subject=row.subject,
        text=row.body,
        has_html=row.has_html,
        sender_verified=row.sender_verified,
        attachments=tuple((one["name"], one["size"]) for one in row.attachments or ()),
        received_at=row.received_at,
        last_error=row.last_error,
        decision=row.decision,
        disposition=row.disposition or "",
        reason=row.reason or "",
        importance=row.importance or 1,
        understanding=understanding_from_json(row.understanding or {}),
        citations=citations_from_json(row.citations or []),
        checks=checks_from_json(row.checks or []),
        answer=look_from_json(row.answer),
        verdict=row.verdict,
        judged_by=row.judged_by,
        settled_at=row.settled_at,
        settlement=Settlement(row.settlement) if row.settlement else None,
        settled_by=row.settled_by,
        drafts=drafts,
        facts=facts_from_json(row.facts or []),
        suggestions=suggestions_from_json(row.suggestions or []),
        earlier=earlier,
        has_pictures=row.has_pictures,
        handled_as=row.handled_as,
        would_release=row.would_release,
    )
