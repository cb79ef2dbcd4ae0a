"""The connections to Postgres, and the one way to open a transaction: for one tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from secrets import SystemRandom
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from domain.errors import Collided, NeedsPerson, TryAgain

_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant, true)")


# A server that takes connections and says nothing must not hold us for ever; no statement of ours is this slow.
PATIENCE: dict[str, object] = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": "-c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000",
}

# Seconds that a server may say nothing. Its `statement_timeout` should have spoken before: one that does not hangs, and
# who waits for it would wait for ever.
SILENT = 40.0

# Seconds until a connection is made anew, between a half and three halves of it: the process that serves it keeps in
# memory, and open, whatever table and index it has ever looked at. Those that began together do not end together, so
# that what all of them hold stays level, and no page waits for a whole pool.
RENEWED_AFTER = 15 * 60


class Database:
    """A pool of connections under one role. Row-level security sees the tenant of the transaction, or no row at all."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        # Postgres may restart under us: a connection is tried before it is handed out, and made anew when it is dead.
        # Values never stand in an error: they are people's mail.
        self._engine = create_engine(
            psycopg_url(url),
            pool_size=pool_size,
            max_overflow=5,
            pool_pre_ping=True,
            pool_timeout=10,
            use_native_hstore=False,  # we have none, and looking for its type is a question at each start
            hide_parameters=True,
            connect_args=PATIENCE,
        )
        event.listen(self._engine, "do_connect", _connect)
        event.listen(self._engine, "first_connect", _refuse_who_sees_everything)
        event.listen(self._engine, "connect", _give_it_its_time)
        event.listen(self._engine, "checkin", _renew_what_had_its_time)

    @contextmanager
    def transaction(self, tenant: UUID) -> Iterator[Connection]:
        """One transaction that sees `tenant` alone, rolled back when the block raises.

        Raises TryAgain when Postgres is away, and Collided, which is one, where somebody else's stood in its way.
        """
        with self._begin() as connection:
            connection.execute(_SET_TENANT, {"tenant": str(tenant)})
            yield connection

    @contextmanager
    def without_tenant(self) -> Iterator[Connection]:
        """One transaction before a tenant is known: it sees what the role's own policies show, and no tenant's rows."""
        with self._begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            if _state_of(error) == _IN_A_CIRCLE:
                raise Collided from error
            if error.connection_invalidated or _is_away(error):
                raise TryAgain("The database is not reachable.", timedelta(seconds=1)) from error
            raise


class _Impatient(psycopg.Connection[Any]):
    """Gives up a server that hangs. What was asked of it may still be done, so the connection is of no more use."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        began = monotonic()
        try:
            return super().wait(gen, interval, SILENT if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None and monotonic() - began >= SILENT:
                self.close()
            raise


def _connect(_dialect: object, _record: object, words: list[Any], settings: dict[str, Any]) -> _Impatient:
    return _Impatient.connect(*words, **settings)


def _refuse_who_sees_everything(connection: DBAPIConnection, _record: object) -> None:
    """Row-level security does not bind a superuser, nor a role that may bypass it: such a login sees every tenant."""
    cursor = connection.cursor()
    cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    row = cursor.fetchone()
    cursor.close()
    connection.rollback()
    if row is None or row[0]:
        raise NeedsPerson("This database user would see every tenant: give DATABASE_URL a user of its own.")


def _give_it_its_time(_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    record.info["until"] = monotonic() + RENEWED_AFTER * SystemRandom().uniform(0.5, 1.5)


def _renew_what_had_its_time(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    """Close it after its last use; whoever asks next gets a new one in its place. None is a connection that broke."""
    if connection is not None and monotonic() >= record.info["until"]:
        record.invalidate()


def psycopg_url(url: str) -> str:
    """The URL with psycopg 3 named as its driver, whichever way it was written."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


# 57P0x: the server is stopping or starting; 53300: too many connections; 57014 and 55P03: it took too long, or waited
# too long for a lock; 25P03: we were idle too long. Class 08: connection exceptions.
_AWAY = {"57P01", "57P02", "57P03", "53300", "57014", "55P03", "25P03"}

_IN_A_CIRCLE = "40P01"


def _is_away(error: DBAPIError) -> bool:
    state = _state_of(error)
    if state is None:
        return isinstance(error, OperationalError)
    return state.startswith("08") or state in _AWAY


def _state_of(error: DBAPIError) -> str | None:
    """Postgres's own code for it, None where the error is the driver's."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state
