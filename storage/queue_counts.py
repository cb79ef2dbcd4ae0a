"""How many mails of the queue each choice of its filter would show, counted from one index."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from storage import search
from storage.queue import Filter

# What was settled is counted up to here: it grows for ever, and nobody needs to know more.
MOST_DONE = 1000


@dataclass(frozen=True, slots=True)
class Counts:
    """`total` is what fits the filter. Each mapping says how many would fit with that choice and all others as they
    are; a choice that nothing fits is left out. Keys are the values of columns as text, "" for nobody.

    `waiting` is all that waits, whatever the filter; None where words were asked for. Nothing is known where these
    stand in very many mails: `known` is false, and all is empty.
    """

    total: int
    category: Mapping[str, int]
    kind: Mapping[str, int]
    language: Mapping[str, int]
    mailbox: Mapping[str, int]
    assignee: Mapping[str, int]
    state: Mapping[str, int]
    waiting: int | None = None
    known: bool = True


# One group for each combination that occurs, from the index of the queue alone; then a few hundred groups are added up.
# `missed` is how many conditions of the filter a group misses: it counts for a choice where it misses none but that.
_COUNT = """
    WITH grouped AS MATERIALIZED (
        SELECT d.category, d.reason_kind AS kind, d.language, d.mailbox_id, d.assignee_id, d.snoozed_until,
            count(*) AS n
        FROM decision d
        WHERE d.tenant_id = :tenant AND d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL"""

_ADD_UP = """
        GROUP BY d.category, d.reason_kind, d.language, d.mailbox_id, d.assignee_id, d.snoozed_until
    ), looked AS (
        SELECT g.n, g.category, g.kind, g.language, coalesce(CAST(g.mailbox_id AS text), '') AS mailbox,
            coalesce(CAST(g.assignee_id AS text), '') AS assignee, s.state,
            CAST(:category <> '' AND g.category <> :category AS integer) AS m1,
            CAST(:kind <> '' AND g.kind <> :kind AS integer) AS m2,
            CAST(:language <> '' AND g.language <> :language AS integer) AS m3,
            CAST(CAST(:mailbox AS uuid) IS NOT NULL AND g.mailbox_id IS DISTINCT FROM :mailbox AS integer) AS m4,
            CAST(CASE :assignee WHEN '' THEN false WHEN 'nobody' THEN g.assignee_id IS NOT NULL
                ELSE coalesce(CAST(g.assignee_id AS text), '') <> :assignee END AS integer) AS m5,
            CAST(s.state <> :state AS integer) AS m6
        FROM grouped g CROSS JOIN LATERAL (
            SELECT CASE WHEN g.snoozed_until > now() THEN 'snoozed' ELSE 'waiting' END AS state) s
    ), missing AS MATERIALIZED (
        SELECT *, m1 + m2 + m3 + m4 + m5 + m6 AS missed FROM looked
    )
    SELECT 'total' AS facet, '' AS choice, CAST(sum(n) AS bigint) AS n FROM missing WHERE missed = 0 HAVING sum(n) > 0
    UNION ALL SELECT 'waiting', '', sum(n) FROM missing WHERE state = 'waiting' HAVING sum(n) > 0
    UNION ALL SELECT 'category', category, sum(n) FROM missing WHERE missed = m1 GROUP BY category
    UNION ALL SELECT 'kind', kind, sum(n) FROM missing WHERE missed = m2 GROUP BY kind
    UNION ALL SELECT 'language', language, sum(n) FROM missing WHERE missed = m3 GROUP BY language
    UNION ALL SELECT 'mailbox', mailbox, sum(n) FROM missing WHERE missed = m4 GROUP BY mailbox
    UNION ALL SELECT 'assignee', assignee, sum(n) FROM missing WHERE missed = m5 GROUP BY assignee
    UNION ALL SELECT 'state', state, sum(n) FROM missing WHERE missed = m6 GROUP BY state
"""

_WORDS = " AND d.id IN (SELECT waiting_with_words(CAST(:asked AS tsquery), :most))"

_DONE = text("""
    SELECT count(*) FROM (SELECT FROM decision WHERE tenant_id = :tenant AND is_current AND settled_at IS NOT NULL
        LIMIT :most) few
""")


def counts(db: Connection, tenant: UUID, asked: Filter) -> Counts:
    """What waits and what rests, by each choice. What is done is no part of it: see `done`."""
    words = search.waiting(db, tenant, asked.words) if asked.words else None
    if asked.words and (words is None or words.common):
        return Counts(0, {}, {}, {}, {}, {}, {}, known=words is None)
    values: dict[str, object] = {
        "tenant": tenant, "category": asked.category, "kind": asked.kind, "language": asked.language,
        "mailbox": asked.mailbox, "assignee": asked.assignee, "state": asked.state.value,
        **(words.values if words else {}),
    }  # fmt: skip
    found: dict[str, dict[str, int]] = {name: {} for name in Counts.__slots__}
    for facet, choice, n in db.execute(statement(words=words is not None), values):
        found[facet][choice] = int(n)
    return Counts(
        found["total"].get("", 0), found["category"], found["kind"], found["language"], found["mailbox"],
        found["assignee"], found["state"], waiting=None if words else found["waiting"].get("", 0),
    )  # fmt: skip


def done(db: Connection, tenant: UUID) -> int:
    """How many mails people have settled, at most MOST_DONE + 1."""
    count: int = db.execute(_DONE, {"tenant": tenant, "most": MOST_DONE + 1}).scalar_one()
    return count


@cache
def statement(*, words: bool) -> TextClause:
    """The question, with or without words that are searched for."""
    return text(_COUNT + (_WORDS if words else "") + _ADD_UP)
