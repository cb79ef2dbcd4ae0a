"""What a person has answered, with the mail that it answers: the raw material of an article."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply that a person sent. `names` are words that name its writer and its reader; `gap` may wait for it."""

    reply: str
    question: str
    subject: str
    language: str
    names: tuple[str, ...]
    gap: UUID | None


_SENT = text("""
    SELECT o.text, coalesce(d.understanding ->> 'text', '') AS question, m.subject, m.sender_name, m.sender_address,
        o.recipient, o.recipient_name, coalesce(d.understanding ->> 'language', 'und') AS language,
        coalesce(p.name, '') AS member_name, g.id AS gap
    FROM outbox o JOIN message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id
        JOIN decision d ON d.tenant_id = o.tenant_id AND d.id = o.decision_id
        LEFT JOIN member p ON p.tenant_id = o.tenant_id AND p.id = o.released_by
        LEFT JOIN gap_question q ON q.tenant_id = m.tenant_id AND q.message_id = m.id
        LEFT JOIN gap g ON g.tenant_id = q.tenant_id AND g.id = q.gap_id AND g.state = 'open'
    WHERE o.tenant_id = :tenant AND o.id = :id AND o.state = 'sent' AND NOT o.automatic
""")


def by_a_person(db: Connection, tenant: UUID, reply: UUID) -> Answered | None:
    """None where there is no such reply, where it has not left, or where no person stands behind it."""
    row = db.execute(_SENT, {"tenant": tenant, "id": reply}).one_or_none()
    if row is None:
        return None
    addresses = (row.sender_address or "", row.recipient or "")
    words = f"{row.sender_name or ''} {row.recipient_name or ''} {row.member_name}".split()
    names = {*words, *(part for one in addresses for part in one.partition("@")[0].split("."))} - {""}
    return Answered(row.text, row.question, row.subject, row.language, tuple(sorted(names)), row.gap)
