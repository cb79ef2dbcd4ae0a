"""One look at everything: programs, Postgres and its tables, Redis, the queue. As figures by name (soak/figures.py)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import psycopg
import redis

from adapters.embedded.postgres import RunningPostgres
from adapters.embedded.valkey import RunningValkey
from chaos.ahead import connect
from evaluation.bench_cpu import seconds_of_family
from soak.figures import MIB, calls_autovacuum
from soak.processes import held

STAND_INS = ("google", "ticketing", "shop", "page")

# Of the programs; as the owner only this run itself looks, now and then.
_CONNECTIONS = """
    SELECT usename, count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'
        AND datname = current_database() AND usename <> current_user GROUP BY 1
"""
_TABLES = """
    SELECT relname, n_live_tup, n_dead_tup, n_tup_upd + n_tup_del, pg_total_relation_size(relid)
    FROM pg_stat_user_tables ORDER BY relname
"""
_SIZE = "SELECT pg_database_size(current_database())"
_DUE = "SELECT count(*), coalesce(extract(epoch FROM now() - min(since)), 0) FROM due_since"
# All decisions, which one index serves: a look is part of "processor time for a mail", and joined each mail before.
_DECIDED = "SELECT count(*) FROM decision WHERE is_current"


@dataclass
class Probe:
    """Keeps its connection to Redis, so that it is one client all the time; to Postgres it comes anew each time."""

    postgres: RunningPostgres
    valkey: RunningValkey
    database: str
    _redis: redis.Redis = field(init=False)

    def __post_init__(self) -> None:
        self._redis = redis.Redis.from_url(self.valkey.url)

    def look(self, pids: Mapping[str, int]) -> dict[str, float]:
        """`pids` are those of the programs and stand-ins, by name. Raises psycopg.Error, redis.RedisError."""
        with connect(self.postgres, self.database) as db:
            read = {**dict(_of_postgres(db)), **dict(_of_tables(db))}
        return {**dict(_of_programs(pids)), **dict(self._of_servers()), **read, **dict(self._of_redis())}

    def seconds_used(self, pids: Mapping[str, int]) -> float:
        """Processor seconds of everything so far, stand-ins and servers with them."""
        servers = (self.postgres.pid, self.valkey.pid)
        return sum(seconds_of_family(pid) for pid in (*pids.values(), *servers))

    def _of_servers(self) -> Iterator[tuple[str, float]]:
        postgres, valkey = held(self.postgres.pid), held(self.valkey.pid)
        # Each backend counts the buffers that all share as its own, and touches more of them by and by.
        yield "memory postgres", postgres.own / MIB
        yield "handles postgres", postgres.handles
        yield "memory redis", valkey.resident / MIB
        yield "handles redis", valkey.handles

    def _of_redis(self) -> Iterator[tuple[str, float]]:
        said = self._redis.info()
        assert isinstance(said, dict)
        yield "redis-keys all", float(self._redis.dbsize())
        yield "redis-memory all", float(said["used_memory"]) / MIB
        yield "redis-clients all", float(said["connected_clients"])


def _of_programs(pids: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    for name, pid in pids.items():
        has = held(pid)
        if name in STAND_INS:
            yield f"beside {name}", has.resident
        else:
            yield f"memory {name}", has.resident / MIB
            yield f"handles {name}", has.handles
            yield f"threads {name}", has.threads


def _of_postgres(db: psycopg.Connection[tuple[object, ...]]) -> Iterator[tuple[str, float]]:
    for login, number in db.execute(_CONNECTIONS).fetchall():
        yield f"connections {login}", _number(number)
    yield "database size", _number(_first(db, _SIZE)[0])
    due, oldest = _first(db, _DUE)
    yield "due all", _number(due)
    yield "oldest all", _number(oldest)
    yield "mails decided", _number(_first(db, _DECIDED)[0])


def _of_tables(db: psycopg.Connection[tuple[object, ...]]) -> Iterator[tuple[str, float]]:
    for name, *numbers in db.execute(_TABLES).fetchall():
        rows, dead, died, size = map(_number, numbers)
        told = {f"rows {name}": rows, f"died {name}": died, f"bytes {name}": size / max(rows, 1.0)}
        yield from told.items()
        yield f"dead {name}", dead / calls_autovacuum(told, str(name))


def _first(db: psycopg.Connection[tuple[object, ...]], question: str) -> tuple[object, ...]:
    row = db.execute(question.encode()).fetchone()
    assert row is not None
    return row


def _number(value: object) -> float:
    return float(str(value))
