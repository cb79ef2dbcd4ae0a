"""The list of conversations, newest first, each with what became of its newest mail."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from storage import search


@dataclass(frozen=True, slots=True)
class Row:
    """`state` is one of the desk's words: answered, asked back, held, sent, uncertain, ignored, unreadable, ..."""

    id: UUID
    customer: str
    address: str
    subject: str
    state: str
    reason: str
    last_message_at: datetime


# The state is derived here, from the newest incoming message, its decision and its reply; it is stored nowhere.
_STATES = """
    SELECT c.id, coalesce(nullif(c.customer_name, ''), c.customer_address) AS customer,
        c.customer_address, c.subject,
        CASE
            WHEN d.settlement = 'dismissed' THEN 'dismissed'
            WHEN m.state = 'unreadable' THEN 'unreadable'
            WHEN m.state IN ('discovered', 'fetched') THEN 'in work'
            WHEN o.state = 'sent' AND o.automatic AND d.category = 'refund' THEN 'asked back'
            WHEN o.state = 'sent' AND o.automatic THEN 'answered'
            WHEN o.state = 'sent' THEN 'sent'
            WHEN o.state = 'left_as_draft' AND d.disposition = 'hold' AND d.settled_at IS NULL THEN 'held'
            WHEN o.state = 'left_as_draft' AND o.sent_at IS NOT NULL THEN 'sent'
            WHEN o.state = 'left_as_draft' THEN 'in Gmail'
            WHEN o.state = 'uncertain' THEN 'uncertain'
            WHEN o.state IN ('needs_person', 'failed') THEN 'needs a person'
            WHEN o.state IN ('waiting', 'pending', 'drafted', 'sending') THEN 'leaving'
            WHEN d.disposition = 'hold' THEN 'held'
            WHEN d.disposition = 'ignore' THEN 'ignored'
            WHEN o.state = 'cancelled' THEN 'not sent'
            ELSE 'kept'
        END AS state,
        coalesce(d.reason, ''), c.last_message_at
    FROM page JOIN conversation c ON c.tenant_id = :tenant AND c.id = page.id
    LEFT JOIN LATERAL (SELECT * FROM message m WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id
        AND m.direction = 'in' ORDER BY m.received_at DESC, m.seq DESC LIMIT 1) m ON true
    LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
    LEFT JOIN LATERAL (SELECT * FROM outbox o WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.id
        AND o.kind = 'reply' ORDER BY o.position DESC LIMIT 1) o ON true
    ORDER BY page.last_message_at DESC, page.id DESC
"""

_PAGE = """
    WITH page AS MATERIALIZED (
        SELECT c.id, c.last_message_at FROM conversation c WHERE c.tenant_id = :tenant"""

_PAGE_ENDS = " ORDER BY c.last_message_at DESC, c.id DESC LIMIT :limit)"

# OFFSET 0 keeps the question about common words a question for each row, in the order of the list.
_CONDITIONS = {
    "words": " AND c.id IN (SELECT w.conversation FROM decided_with_words(CAST(:asked AS tsquery), :most) w)",
    "common words": """ AND EXISTS (SELECT FROM decision d WHERE d.tenant_id = c.tenant_id AND d.conversation_id = c.id
        AND d.is_current AND d.words @@ CAST(:asked AS tsquery) OFFSET 0)""",
    "customer": " AND c.customer_address = :address",
    "after": " AND (c.last_message_at, c.id) < (CAST(:at AS timestamptz), :after)",
}

_PLACE = text("SELECT last_message_at FROM conversation WHERE tenant_id = :tenant AND id = :after")

_FROM = text("""
    SELECT id, subject, last_message_at FROM conversation
    WHERE tenant_id = :tenant AND customer_address = :address ORDER BY last_message_at DESC, id DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Named:
    id: UUID
    subject: str
    last_message_at: datetime


def from_address(db: Connection, tenant: UUID, address: str, *, limit: int = 20) -> list[Named]:
    """The newest conversations that carry this address: whoever wrote them, since an address can be made up."""
    rows = db.execute(_FROM, {"tenant": tenant, "address": address.lower(), "limit": limit})
    return [Named(*row) for row in rows]


def recent(db: Connection, tenant: UUID, *, words: str = "", after: UUID | None = None, limit: int = 50) -> list[Row]:
    """The page of conversations after the row `after`; `words` are looked for in all mail that was decided about."""
    asked = search.decided(db, tenant, words) if words else None
    if words and asked is None:
        return []
    names = (("common words" if asked.common else "words"),) if asked else ()
    values: dict[str, object] = {"tenant": tenant, "after": after, "limit": limit, **(asked.values if asked else {})}
    if after is not None:
        at = db.execute(_PLACE, {"tenant": tenant, "after": after}).scalar()
        if at is None:
            return []
        names, values = (*names, "after"), {**values, "at": at}
    return [Row(*row) for row in db.execute(statement(names), values)]


def of_customer(db: Connection, tenant: UUID, address: str, *, limit: int = 50) -> list[Row]:
    """The newest conversations that carry this address, each with what became of its newest mail."""
    values = {"tenant": tenant, "address": address.lower(), "limit": limit}
    return [Row(*row) for row in db.execute(statement(("customer",)), values)]


@cache
def statement(names: tuple[str, ...]) -> TextClause:
    """The question for a page under these conditions: our own pieces of SQL, put together."""
    return text(_PAGE + "".join(_CONDITIONS[name] for name in names) + _PAGE_ENDS + _STATES)


def like(words: str) -> str:
    """A pattern that finds `words` anywhere, taken literally."""
    return "%" + words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


def begins_with(words: str) -> str:
    """A pattern that finds what begins with `words`, taken literally."""
    return like(words)[1:]
