"""Corrections as examples of a tenant: what is learned from now, and the list that members look after."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.category import Category
from storage import events, learning
from storage.conversations import like

# What one tenant learns from at most: the newest, so that a head stays small and quick.
MOST = 400


@dataclass(frozen=True, slots=True)
class Example:
    """A live correction as the machine learns from it. `author` and `sender` only say whose words it is."""

    id: UUID
    text: str
    subject: str
    language: str
    category: Category
    sub_intent: str
    author: str
    sender: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A correction as the page shows it. `first_line` is the beginning of its text, else its subject."""

    id: UUID
    first_line: str
    category: str
    sub_intent: str
    said_category: str
    author: str
    created_at: datetime
    expires_at: datetime
    has_ended: bool
    conversation: UUID | None


_PAGE = text("""
    SELECT c.id, left(coalesce(nullif(btrim(regexp_replace(c.text, '[[:space:]]+', ' ', 'g')), ''), c.subject), 200)
        AS first_line, c.category, c.sub_intent, c.said_category,
        coalesce(nullif(p.name, ''), p.email) AS author, c.created_at, c.expires_at,
        c.expires_at <= now() AS has_ended, m.conversation_id
    FROM correction c JOIN member p ON p.tenant_id = c.tenant_id AND p.id = c.author
        LEFT JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
    WHERE c.tenant_id = :tenant AND c.deleted_at IS NULL AND (:category = '' OR c.category = :category)
        AND (:words = '' OR c.text ILIKE :pattern OR c.subject ILIKE :pattern)
        AND (CAST(:after AS uuid) IS NULL OR (c.created_at, c.id) <
            (SELECT x.created_at, x.id FROM correction x WHERE x.tenant_id = :tenant AND x.id = :after))
    ORDER BY c.created_at DESC, c.id DESC LIMIT :limit
""")


def live(db: Connection, tenant: UUID) -> list[Example]:
    """What is learned from now, the newest first."""
    rows = db.execute(
        text("""
            SELECT id, text, subject, language, category, sub_intent, author, sender_hash FROM correction
            WHERE tenant_id = :tenant AND deleted_at IS NULL AND scope = 'example' AND expires_at > now()
            ORDER BY created_at DESC, id LIMIT :most
        """),
        {"tenant": tenant, "most": MOST},
    )
    return [
        Example(
            row.id, row.text, row.subject, row.language, Category(row.category), row.sub_intent, str(row.author),
            bytes(row.sender_hash).hex(),
        )
        for row in rows
    ]  # fmt: skip


def next_end(db: Connection, tenant: UUID) -> datetime | None:
    """When the first of the live examples ends."""
    found: datetime | None = db.execute(
        text("""
            SELECT min(expires_at) FROM correction
            WHERE tenant_id = :tenant AND deleted_at IS NULL AND scope = 'example' AND expires_at > now()
        """),
        {"tenant": tenant},
    ).scalar()
    return found


def page(
    db: Connection, tenant: UUID, *, category: str = "", words: str = "", after: UUID | None = None, limit: int = 50
) -> list[Listed]:
    """The newest first; the page after the row `after`."""
    values = {"tenant": tenant, "category": category, "words": words, "pattern": like(words), "after": after}
    return [Listed(*row) for row in db.execute(_PAGE, {**values, "limit": limit})]


def exists(db: Connection, tenant: UUID, correction: UUID) -> bool:
    question = text("SELECT EXISTS (SELECT FROM correction WHERE tenant_id = :tenant AND id = :id)")
    return bool(db.execute(question, {"tenant": tenant, "id": correction}).scalar())


def delete(db: Connection, tenant: UUID, correction: UUID, *, member: UUID) -> bool:
    """Forget it: its words are erased now, and what was learned from it with the next lesson."""
    values = "deleted_at = now(), text = '', subject = ''"
    return _change(db, tenant, correction, values, member=member, kind="correction_deleted")


def end(db: Connection, tenant: UUID, correction: UUID, *, member: UUID) -> bool:
    """It is learned from no more, and stays in the list."""
    return _change(db, tenant, correction, "expires_at = now()", member=member, kind="correction_ended")


def extend(db: Connection, tenant: UUID, correction: UUID, *, member: UUID) -> bool:
    """It is learned from for another year from today."""
    values = "expires_at = now() + interval '365 days'"
    return _change(db, tenant, correction, values, member=member, kind="correction_extended")


def _change(db: Connection, tenant: UUID, correction: UUID, what: str, *, member: UUID, kind: str) -> bool:
    """`what` is one of the three texts above; False where it was deleted before."""
    statement = f"UPDATE correction SET {what} WHERE tenant_id = :tenant AND id = :id AND deleted_at IS NULL"  # noqa: S608  # constants of this file
    if db.execute(text(statement), {"tenant": tenant, "id": correction}).rowcount != 1:
        return False
    learning.ask(db, tenant)
    events.record(db, tenant, actor=str(member), kind=kind, subject=correction)
    return True
