"""Checked mail: what the machine said of a mail beside what it is.

Three acts count. A member *says* what a mail is about (the right category, or another one). A member *sends* the
machine's draft as it stands: its category's handler wrote it. A set of mails is *shipped*. What does not count:
an edited reply and a dismissal, since neither says whether the category was right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.category import Category
from storage import learning


@dataclass(frozen=True, slots=True)
class Shipped:
    """A labelled mail that came with the program; `id` is its own in the file."""

    id: str
    text: str
    subject: str
    language: str
    category: Category


# Thresholds are earned by the local models alone: a language model's word, where there was one, is not theirs.
# A mail in a case of another kind was answered by that case, whatever was read; a draft for what was read as other mail
# was written as for a question, so that sending it says nothing for *other*.
_SENT = text("""
    INSERT INTO checked_mail (tenant_id, id, origin, message_id, language, category, said_category, said_confidence,
        said_at, act, member_id)
    SELECT d.tenant_id, :id, 'member', d.message_id, coalesce(d.understanding ->> 'language', 'und'), d.category,
        coalesce(d.understanding -> 'second_look' ->> 'before', d.category),
        coalesce(CAST(d.understanding -> 'second_look' ->> 'before_confidence' AS double precision), d.confidence),
        d.created_at, 'sent', :member
    FROM decision d WHERE d.tenant_id = :tenant AND d.id = :decision AND d.category NOT IN ('', 'other')
        AND NOT EXISTS (SELECT FROM support_case c WHERE c.tenant_id = d.tenant_id
            AND c.conversation_id = d.conversation_id AND c.kind <> d.category)
    ON CONFLICT (tenant_id, message_id) DO NOTHING
""")

# What the machine itself said first is what is judged: a later decision may rest on a member's word.
_SAID = text("""
    INSERT INTO checked_mail (tenant_id, id, origin, message_id, language, category, said_category, said_confidence,
        said_at, act, member_id)
    SELECT d.tenant_id, :id, 'member', d.message_id, coalesce(d.understanding ->> 'language', 'und'), :category,
        coalesce(d.understanding -> 'second_look' ->> 'before', d.category),
        coalesce(CAST(d.understanding -> 'second_look' ->> 'before_confidence' AS double precision), d.confidence),
        d.created_at, 'said', :member
    FROM decision d WHERE d.tenant_id = :tenant AND d.id = :decision AND d.category <> ''
    ON CONFLICT (tenant_id, message_id) DO UPDATE SET category = excluded.category, act = 'said',
        member_id = excluded.member_id, checked_at = now()
""")

_SHIP = text("""
    INSERT INTO checked_mail (tenant_id, id, origin, shipped_id, text, subject, language, category, act)
    VALUES (:tenant, :id, 'shipped', :shipped, :text, :subject, :language, :category, 'shipped')
    ON CONFLICT (tenant_id, shipped_id) DO UPDATE SET text = excluded.text, subject = excluded.subject,
        language = excluded.language, category = excluded.category, said_by = ''
    WHERE (checked_mail.text, checked_mail.subject, checked_mail.category)
        IS DISTINCT FROM (excluded.text, excluded.subject, excluded.category)
""")

# Members' verdicts about what another model said prove nothing about this one.
_VERDICTS = text("""
    SELECT v.said_category, v.said_confidence, v.category = v.said_category AS was_right
    FROM checked_mail v LEFT JOIN learning l ON l.tenant_id = v.tenant_id
    WHERE v.tenant_id = :tenant AND v.said_category <> '' AND CASE v.origin
        WHEN 'shipped' THEN v.said_by = :model
        ELSE l.model IN ('', :model) AND (l.model_since IS NULL OR v.said_at >= l.model_since) END
    ORDER BY v.checked_at DESC LIMIT :limit
""")

# What lies further back says little about today's mail.
NEWEST = 5000


def sent(db: Connection, tenant: UUID, decision: UUID, *, member: UUID) -> None:
    """A member sent the draft unchanged, unless the mail was checked before."""
    noted = db.execute(_SENT, {"tenant": tenant, "decision": decision, "member": member, "id": uuid4()})
    if noted.rowcount:
        learning.ask(db, tenant)


def said(db: Connection, tenant: UUID, decision: UUID, *, member: UUID, category: Category) -> None:
    """A member said what the mail of this decision is about; their word stands over an earlier one."""
    values = {"tenant": tenant, "decision": decision, "member": member, "id": uuid4(), "category": category.value}
    db.execute(_SAID, values)
    learning.ask(db, tenant)


def ship(db: Connection, tenant: UUID, mails: Sequence[Shipped]) -> None:
    """Store labelled mails that came with the program; a worker reads what is new and earns thresholds from all."""
    new = 0
    for mail in mails:
        values = {"text": mail.text, "subject": mail.subject, "language": mail.language, "category": mail.category}
        new += db.execute(_SHIP, {"tenant": tenant, "id": uuid4(), "shipped": mail.id, **values}).rowcount
    if new:
        learning.ask(db, tenant)


def unread(db: Connection, tenant: UUID, model: str) -> list[tuple[UUID, Shipped]]:
    """Shipped mails that this model has not read yet."""
    rows = db.execute(
        text("""
            SELECT id, shipped_id, text, subject, language, category FROM checked_mail
            WHERE tenant_id = :tenant AND origin = 'shipped' AND said_by <> :model ORDER BY shipped_id
        """),
        {"tenant": tenant, "model": model},
    )
    return [
        (row.id, Shipped(row.shipped_id, row.text, row.subject, row.language, Category(row.category))) for row in rows
    ]


def read(db: Connection, tenant: UUID, row: UUID, *, said: Category, confidence: float, model: str) -> None:
    """What the model says of a shipped mail."""
    db.execute(
        text("""
            UPDATE checked_mail SET said_category = :said, said_confidence = :confidence, said_by = :model,
                said_at = now()
            WHERE tenant_id = :tenant AND id = :id AND origin = 'shipped'
        """),
        {"tenant": tenant, "id": row, "said": said.value, "confidence": confidence, "model": model},
    )


def verdicts(db: Connection, tenant: UUID, model: str) -> dict[Category, list[tuple[float, bool]]]:
    """By what the machine said: how sure it was, and whether that was right."""
    found: dict[Category, list[tuple[float, bool]]] = {category: [] for category in Category}
    for row in db.execute(_VERDICTS, {"tenant": tenant, "model": model, "limit": NEWEST}):
        found[Category(row.said_category)].append((row.said_confidence, row.was_right))
    return found
