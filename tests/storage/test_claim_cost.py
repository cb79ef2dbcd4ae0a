"""What a claim costs when a tenant has a hundred thousand rows waiting, beside what it costs when it has a hundred.

`FLOOD=100000 pytest -s tests/storage/test_claim_cost.py` prints the figures of docs/bench.md, and holds the clock to
the ratio as well. In the suite, where others work on the machine, the rows that Postgres read are held to it.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, text

from storage import due
from storage.due import Kind
from tests.support.flood import CLAIM, MANY, pour, workspaces

FULL = 100_000
FLOOD, FEW = int(os.environ.get("FLOOD", "20000")), 100

# Postgres may read three thousand rows as a whole, since that is quick: fewer than these say nothing.
# A claim from a flood may cost this many times one from a hundred rows: in rows, and in time with what a clock allows.
RATIO, ALLOWED_ROWS, ALLOWED_SECONDS = 3.0, 50, 0.0005
TRIES = 12

TABLES = "mailbox, message, outbox, order_act, ticket, supplier_request, revocation, trial"
_READ = text(
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables"
    " WHERE relname = ANY(:tables)"
)


@dataclass(frozen=True)
class Cost:
    """The rows that one question read, and the seconds of the quickest of several."""

    rows: int
    seconds: float


def rows_read(db: Connection) -> int:
    return int(db.execute(_READ, {"tables": TABLES.split(", ")}).scalar_one())


def cost(begin: Callable, do: Callable[[Connection], object]) -> Cost:
    seconds = []
    for _ in range(TRIES if FLOOD >= FULL else 1):
        with begin() as db:
            before = rows_read(db)
            began = time.perf_counter()
            do(db)
            seconds.append(time.perf_counter() - began)
            rows = rows_read(db) - before
            db.rollback()
    return Cost(rows, min(seconds))


@pytest.mark.parametrize("kind", MANY)
def test_a_claim_costs_the_same_however_much_waits(owner, services, kind: Kind):
    flooding, one = workspaces(owner, 2)
    pour(owner, one, kind, 1)
    as_app, as_listener = services.database.transaction, services.listener_database.without_tenant

    def measured() -> dict[str, Cost]:
        return {
            "its claim": cost(lambda: as_app(flooding), lambda db: CLAIM[kind](db, flooding)),
            "another's claim": cost(lambda: as_app(one), lambda db: CLAIM[kind](db, one)),
            "who is due": cost(as_listener, lambda db: due.tenants_due(db, kind)),
            "what is due": cost(as_listener, due.kinds_due),
        }

    took = {}
    for count in (FEW, FLOOD):
        pour(owner, flooding, kind, count)
        owner.exec_driver_sql(f"ANALYZE {TABLES}")
        owner.commit()
        took[count] = measured()
    for name, few in took[FEW].items():
        many = took[FLOOD][name]
        print(
            f"claim: {kind}, {name}: {few.rows} rows {few.seconds * 1000:.2f} ms at {FEW},"
            f" {many.rows} rows {many.seconds * 1000:.2f} ms at {FLOOD}"
        )
        assert many.rows <= few.rows * RATIO + ALLOWED_ROWS, name
        assert FLOOD < FULL or many.seconds <= few.seconds * RATIO + ALLOWED_SECONDS, name
