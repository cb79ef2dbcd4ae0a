"""The lists of the desk beside their bare SQL, and the plan of each: what `evaluation.bench_desk` writes."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bootstrap import Services
from evaluation import desk_rows
from storage import conversations, desk, queue, queue_counts, thread
from storage.queue import Filter, State

TIMES = 100

List = Callable[[Any, UUID], object]

# Each list of the desk as its page asks for it.
LISTS: dict[str, List] = {
    "the queue": lambda db, t: queue.page(db, t, Filter(), limit=51),
    "the queue, one category": lambda db, t: queue.page(db, t, Filter(category="refund"), limit=51),
    "the queue, four filters": lambda db, t: queue.page(
        db, t, Filter(category="other", language="es", kind="person", assignee="nobody"), limit=51
    ),
    "the queue, words": lambda db, t: queue.page(db, t, Filter(words="person17"), limit=51),
    "the queue, common words": lambda db, t: queue.page(db, t, Filter(words="lamp"), limit=51),
    "what rests": lambda db, t: queue.page(db, t, Filter(state=State.SNOOZED), limit=51),
    "what is settled": lambda db, t: queue.page(db, t, Filter(state=State.DONE), limit=51),
    "its counts": lambda db, t: queue_counts.counts(db, t, Filter()),
    "conversations": lambda db, t: conversations.recent(db, t, limit=51),
    "conversations, words": lambda db, t: conversations.recent(db, t, words="person17", limit=51),
    "conversations, common words": lambda db, t: conversations.recent(db, t, words="lamp", limit=51),
}


@dataclass
class Recorder:
    """A connection that notes what it is asked, and asks it."""

    connection: Any
    asked: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)

    def execute(self, statement: Any, values: dict[str, Any] | None = None) -> Any:
        self.asked.append((statement, values or {}))
        return self.connection.execute(statement, values or {})


def ratio(services: Services, question: List) -> tuple[float, float]:
    """Median milliseconds of the list through `storage`, and of its SQL alone through the driver, turn by turn.

    Both ask over one connection, as the application's role, and read every row. Each goes first in every other turn,
    since the second finds the processor's caches warm.
    """
    tenant = desk_rows.tenant()
    ours: list[float] = []
    bare: list[float] = []
    with services.database.transaction(tenant) as db:
        statements = _recorded(db, tenant, question)
        driver: Any = db.connection

        def alone() -> None:
            with driver.cursor() as cursor:
                for sql, values in statements:
                    cursor.execute(sql, values)
                    cursor.fetchall()

        def through_storage() -> None:
            question(db, tenant)

        turn = ((ours, through_storage), (bare, alone))
        for number in range(-8, TIMES):
            for times, ask in turn if number % 2 else reversed(turn):
                began = time.perf_counter()
                ask()
                if number >= 0:
                    times.append((time.perf_counter() - began) * 1000)
    return statistics.median(ours), statistics.median(bare)


def plans(services: Services) -> dict[str, str]:
    """The plan of each statement of each page, as Postgres ran it under the application's role."""
    tenant = desk_rows.tenant()
    pages: dict[str, List] = {
        **LISTS,
        "how many wait (each page)": desk.waiting,
        "the last 24 hours": desk.today,
        "a conversation": lambda db, t: thread.find(db, t, _some_conversation(db, t)),
    }
    found: dict[str, str] = {}
    with services.database.transaction(tenant) as db:
        for name, question in pages.items():
            statements = _recorded(db, tenant, question)
            found[name] = "\n\n".join(_plan(db, sql, values) for sql, values in statements)
    return found


def page(built: str, table: str, last: str, found: dict[str, str]) -> str:
    """docs/desk.md."""
    head = f"# The desk, measured\n\n{built}\n\n{table}\n\n```\n{last}\n```\n\n{HOW}\n"
    return head + "".join(f"\n### {name[0].upper()}{name[1:]}\n\n```\n{plan}\n```\n" for name, plan in found.items())


HOW = """## How it is measured

Postgres and gunicorn are those of production, started for this; pages are asked for over HTTP by a signed-in member,
one at a time, the kinds in turn, and their time is from the request to the last byte. The figure of a group is the
worst p95 of its kinds. *Ours* is the function of `storage/` that the page calls; *bare SQL* is the same statements
through the driver alone, over the same connection, every row read. kB is the page's own HTML; style and script are
cached.

## How a search keeps to its tenant and is fast

Row-level security lets no index be used for `@@`: the operator is not declared leakproof, so Postgres looks at the
tenant first, and with it at each of its rows. Two narrow functions (`waiting_with_words`, `decided_with_words` in
migration 0014) therefore ask in the place of the application. They compare the tenant of the transaction themselves and
return ids alone; what the ids stand for is read under row-level security as everything else. Each word in the index
begins with six characters of its tenant, so that a word which is common elsewhere costs nothing here.
`tests/storage/test_search.py` asks them with another tenant's words.

Words that stand in more than 2,000 mails are looked for by walking the list in its order instead: a page of 50 is full
soon. Then no counts are shown.

## Plans"""


def _recorded(db: Any, tenant: UUID, question: List) -> list[tuple[str, dict[str, Any]]]:
    recorder = Recorder(db)
    question(recorder, tenant)
    made = [(one.compile(db.engine), values) for one, values in recorder.asked]
    return [
        (str(one), dict(one.construct_params({k: v for k, v in values.items() if k in one.params})))
        for one, values in made
    ]


def _plan(db: Any, sql: str, values: dict[str, Any]) -> str:
    with db.connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF, TIMING OFF) " + sql, values)
        return "\n".join(line for (line,) in cursor.fetchall())


def _some_conversation(db: Any, tenant: UUID) -> UUID:
    [row] = queue.page(db, tenant, Filter(), limit=1)
    if row.conversation is None:
        raise RuntimeError("The first row of the bench has no conversation.")
    return row.conversation
