"""The queue, a page at a time: what waits for a person, rests until later, or was settled by one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, TextClause, TextualSelect, column, text

from storage import search
from storage.search import Asked


class State(StrEnum):
    WAITING = "waiting"
    SNOOZED = "snoozed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are asked for; an empty field asks nothing. `assignee` is a member's id as text, or "nobody"."""

    category: str = ""
    kind: str = ""
    language: str = ""
    mailbox: UUID | None = None
    assignee: str = ""
    state: State = State.WAITING
    words: str = ""


class QueueRow(NamedTuple):
    """One mail with its decision. `settlement` and `settled_by` are empty while it waits; `since` is when it came.

    A tuple, since a page makes fifty of them and a frozen class costs as much as a third of the question.
    """

    decision: UUID
    conversation: UUID | None
    importance: int
    customer: str
    address: str
    subject: str
    first_line: str
    category: str
    reason: str
    since: datetime
    assignee: str
    snoozed_until: datetime | None
    settlement: str
    settled_by: str
    settled_at: datetime | None


_KEYS = {
    State.WAITING: """
        SELECT d.id, d.queue_rank, d.created_at AS at FROM decision d
        WHERE d.tenant_id = :tenant AND d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL
            AND (d.snoozed_until IS NULL OR d.snoozed_until <= now())""",
    State.SNOOZED: """
        SELECT d.id, d.queue_rank, d.created_at AS at FROM decision d
        WHERE d.tenant_id = :tenant AND d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL
            AND d.snoozed_until > now()""",
    State.DONE: """
        SELECT d.id, 0 AS queue_rank, d.settled_at AS at FROM decision d
        WHERE d.tenant_id = :tenant AND d.is_current AND d.settled_at IS NOT NULL""",
}

_CONDITIONS = {
    "category": " AND d.category = :category",
    "kind": " AND d.reason_kind = :kind",
    "language": " AND d.language = :language",
    "mailbox": " AND d.mailbox_id = :mailbox",
    "assignee": " AND d.assignee_id = :assignee",
    "nobody": " AND d.assignee_id IS NULL",
    "words": " AND d.id IN (SELECT waiting_with_words(CAST(:asked AS tsquery), :most))",
    "settled words": " AND d.id IN (SELECT w.decision FROM decided_with_words(CAST(:asked AS tsquery), :most) w)",
    "common words": " AND d.words @@ CAST(:asked AS tsquery)",
    "after": " AND (d.queue_rank, d.created_at, d.id) > (CAST(:rank AS integer), CAST(:at AS timestamptz), :id)",
    "after settled": " AND (d.settled_at, d.id) < (CAST(:at AS timestamptz), :id)",
}

_ORDER = {
    State.WAITING: " ORDER BY d.queue_rank, d.created_at, d.id LIMIT :limit",
    State.SNOOZED: " ORDER BY d.queue_rank, d.created_at, d.id LIMIT :limit",
    State.DONE: " ORDER BY d.settled_at DESC, d.id DESC LIMIT :limit",
}

# The keys of the page come from the index alone; only then are its rows read.
_ROWS = """
    SELECT d.id, d.conversation_id, d.importance, coalesce(nullif(m.sender_name, ''), m.sender_address) AS customer,
        m.sender_address, m.subject,
        left(coalesce(d.understanding ->> 'text', m.parsed ->> 'text', ''), 160) AS first_line, d.category, d.reason,
        coalesce(m.received_at, d.created_at) AS since, coalesce(nullif(a.name, ''), a.email, '') AS assignee,
        d.snoozed_until, coalesce(d.settlement, '') AS settlement,
        coalesce(nullif(s.name, ''), s.email, '') AS settled_by, d.settled_at
    FROM page JOIN decision d ON d.tenant_id = :tenant AND d.id = page.id
        JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
        LEFT JOIN member a ON a.tenant_id = d.tenant_id AND a.id = d.assignee_id
        LEFT JOIN member s ON s.tenant_id = d.tenant_id AND s.id = d.settled_by"""

_ROWS_IN_ORDER = {
    State.WAITING: " ORDER BY page.queue_rank, page.at, page.id",
    State.SNOOZED: " ORDER BY page.queue_rank, page.at, page.id",
    State.DONE: " ORDER BY page.at DESC, page.id DESC",
}

_PLACE = text("""
    SELECT queue_rank, created_at, settled_at FROM decision WHERE tenant_id = :tenant AND id = :id
""")


def page(db: Connection, tenant: UUID, asked: Filter, *, after: UUID | None = None, limit: int = 50) -> list[QueueRow]:
    """The rows after the row `after`: most important first, then oldest; of what is done, the newest first."""
    found = conditions(db, tenant, asked)
    if found is None:
        return []
    names, values = found
    if after is not None:
        place = db.execute(_PLACE, {"tenant": tenant, "id": after}).one_or_none()
        at = None if place is None else place.settled_at if asked.state is State.DONE else place.created_at
        if place is None or at is None:
            return []
        names += ("after settled" if asked.state is State.DONE else "after",)
        values |= {"rank": place.queue_rank, "at": at, "id": after}
    rows = db.execute(statement(asked.state, names), {**values, "limit": limit}).all()
    return [*map(QueueRow._make, rows)]


def ids(db: Connection, tenant: UUID, asked: Filter, *, limit: int) -> list[UUID]:
    """The decisions of the first `limit` rows."""
    found = conditions(db, tenant, asked)
    if found is None:
        return []
    return list(db.execute(_keys_alone(asked.state, found[0]), {**found[1], "limit": limit}).scalars())


def conditions(db: Connection, tenant: UUID, asked: Filter) -> tuple[tuple[str, ...], dict[str, object]] | None:
    """The names of the conditions that a filter means, and their values; None where nothing can fit."""
    words = _words(db, tenant, asked) if asked.words else None
    if asked.words and words is None:
        return None
    is_done = asked.state is State.DONE
    named = {
        "category": asked.category, "kind": asked.kind, "language": asked.language, "mailbox": asked.mailbox,
        "assignee": asked.assignee if asked.assignee != "nobody" else "", "nobody": asked.assignee == "nobody",
        "words": words and not words.common and not is_done, "settled words": words and not words.common and is_done,
        "common words": words and words.common,
    }  # fmt: skip
    names = tuple(name for name, value in named.items() if value)
    return names, {"tenant": tenant, **named, **(words.values if words else {})}


@cache
def statement(state: State, names: tuple[str, ...]) -> TextualSelect:
    """The question for a page under these conditions: our own pieces of SQL, put together.

    Its columns are named, so that SQLAlchemy need not find out at each answer what stands in it.
    """
    sql = "WITH page AS MATERIALIZED (" + _keys(state, names) + ")" + _ROWS + _ROWS_IN_ORDER[state]
    return text(sql).columns(*map(column, QueueRow._fields))


@cache
def _keys_alone(state: State, names: tuple[str, ...]) -> TextClause:
    return text(_keys(state, names))


def _keys(state: State, names: tuple[str, ...]) -> str:
    return _KEYS[state] + "".join(_CONDITIONS[name] for name in names) + _ORDER[state]


def _words(db: Connection, tenant: UUID, asked: Filter) -> Asked | None:
    look = search.decided if asked.state is State.DONE else search.waiting
    return look(db, tenant, asked.words)
