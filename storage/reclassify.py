"""A member says what a mail is about: noted as a correction, and an order to decide about the mail again."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.case import CaseState
from domain.category import Category
from storage import acts, cases, checked, events, settling
from storage.codec import understanding_from_json

# What a shop calls a refund today it may call something else next year.
LIVES = timedelta(days=365)
# As much of a mail as is ever looked at to tell what it is about.
LONGEST = 4000


class Outcome(StrEnum):
    """`AGAIN`: the mail is decided anew. `NOTED`: only learned from. `LATE`: somebody else was faster."""

    AGAIN = "again"
    NOTED = "noted"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Known:
    """What a member said about one message."""

    category: Category
    sub_intent: str


_DECISION = text("""
    SELECT d.message_id, d.conversation_id, d.is_current, d.disposition = 'hold' AND d.settled_at IS NULL AS waits,
        d.category, d.confidence, d.understanding, m.subject, m.sender_address, m.state,
        m.parsed IS NOT NULL AS is_read, left(coalesce(m.parsed ->> 'text', ''), :longest) AS body
    FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
    WHERE d.tenant_id = :tenant AND d.id = :decision FOR UPDATE OF d
""")

_FORGET_EARLIER = text("""
    UPDATE correction SET deleted_at = now(), text = '', subject = ''
    WHERE tenant_id = :tenant AND message_id = :message AND deleted_at IS NULL
""")

_INSERT = text("""
    INSERT INTO correction (tenant_id, id, message_id, text, subject, language, category, sub_intent, said_category,
        said_confidence, scope, author, sender_hash, expires_at)
    VALUES (:tenant, :id, :message, :text, :subject, :language, :category, :sub_intent, :said_category,
        :said_confidence, :scope, :member, :sender_hash, now() + :lives)
""")

# Only what waits for a person and whose reply has not left, nor perhaps left, is decided again; and nothing of which
# an order action is being carried out, or was.
_SUPERSEDE = text("""
    UPDATE decision d SET is_current = false
    WHERE tenant_id = :tenant AND id = :decision AND is_current AND disposition = 'hold' AND settled_at IS NULL
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.id
            AND o.state NOT IN ('held', 'cancelled'))
        AND NOT EXISTS (SELECT FROM order_act a WHERE a.tenant_id = d.tenant_id AND a.decision_id = d.id
            AND a.state NOT IN ('held', 'cancelled'))
""")

_REOPEN = text("""
    UPDATE message SET state = 'fetched', next_at = now(), attempts = 0, lease_until = NULL, fence = fence + 1,
        last_error = ''
    WHERE tenant_id = :tenant AND id = :message AND state = 'decided' AND parsed IS NOT NULL
""")

# The case of this very decision: what its mail was about, it is not.
_OF_ANOTHER_KIND = f"""
    SELECT c.id FROM decision d JOIN support_case c ON c.tenant_id = d.tenant_id
        AND c.conversation_id = d.conversation_id
    WHERE d.tenant_id = :tenant AND d.id = :decision AND c.is_open AND c.state NOT IN ('approved', 'executing')
        AND c.kind <> :category AND {cases.ITS_OWN}
    FOR UPDATE OF c
"""  # noqa: S608  # a constant of ours
_MISREAD = text(_OF_ANOTHER_KIND)

_AS_SOMETHING_ELSE = "It was read again as something else."


def correct(
    db: Connection, tenant: UUID, decision: UUID, *, member: UUID, category: Category, sub_intent: str, learn: bool
) -> Outcome:
    """A member says what the mail of this decision is about.

    It is learned from (unless it shall count for this mail alone) and counts as checked mail. Where the category is
    another one, a decision that waits is made again under it. Nothing is sent here.
    """
    values: dict[str, object] = {"tenant": tenant, "decision": decision, "member": member}
    row = db.execute(_DECISION, {**values, "longest": LONGEST}).one_or_none()
    if row is None or not row.is_current:
        return Outcome.LATE
    values |= {"message": row.message_id}
    db.execute(_FORGET_EARLIER, values)
    scope = "example" if learn else "mail"
    _insert(db, row, {**values, "scope": scope, "category": category.value, "sub_intent": sub_intent})
    checked.said(db, tenant, decision, member=member, category=category)
    kind, change = "message_reclassified", {"before": row.category, "after": category.value}
    events.record(db, tenant, actor=str(member), kind=kind, subject=row.message_id, **change)
    if row.category == category or not row.waits or not row.is_read or row.state != "decided":
        return Outcome.NOTED
    if db.execute(_SUPERSEDE, values).rowcount != 1:
        return Outcome.NOTED
    for case in db.execute(_MISREAD, {**values, "category": category.value}).scalars().all():
        found = cases.get(db, tenant, case)
        if found is not None:
            withdrawn = found.moved_to(CaseState.WITHDRAWN)
            cases.move(db, tenant, row.conversation_id, withdrawn, actor=str(member), reason=_AS_SOMETHING_ELSE)
    acts.cancel(db, tenant, decision, reason=_AS_SOMETHING_ELSE)
    settling.drop_replies(db, tenant, decision, reason=_AS_SOMETHING_ELSE)
    db.execute(_REOPEN, values)
    return Outcome.AGAIN


def known(db: Connection, tenant: UUID, messages: list[UUID]) -> dict[UUID, Known]:
    """What members said about these messages: it rules over what the machine reads."""
    rows = db.execute(
        text("""
            SELECT message_id, category, sub_intent FROM correction
            WHERE tenant_id = :tenant AND message_id = ANY(:ids) AND deleted_at IS NULL
        """),
        {"tenant": tenant, "ids": messages},
    )
    return {row.message_id: Known(Category(row.category), row.sub_intent) for row in rows}


def _insert(db: Connection, row: Any, values: dict[str, object]) -> None:
    """The sender is kept as a hash of address and tenant: enough to count one sender's mails as one voice."""
    read = understanding_from_json(row.understanding)
    sender = hashlib.sha256(f"{values['tenant']} {row.sender_address}".encode()).digest()
    db.execute(
        _INSERT,
        {
            **values, "id": uuid4(), "text": (read.text if read else row.body)[:LONGEST], "subject": row.subject[:500],
            "language": read.language if read else "und",
            "said_category": row.category, "said_confidence": row.confidence, "sender_hash": sender, "lives": LIVES,
        },
    )  # fmt: skip
