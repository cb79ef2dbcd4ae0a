"""The connections to Postgres, and the one way to open a transaction: for one tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from domain.errors import TryAgain

_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant, true)")


class Database:
    """A pool of connections under one role. Row-level security sees the tenant of the transaction, or no row at all."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        # Postgres may restart under us: a connection is tried before it is handed out, and made anew when it is dead.
        self._engine = create_engine(
            psycopg_url(url), pool_size=pool_size, max_overflow=5, pool_pre_ping=True, pool_timeout=10
        )

    @contextmanager
    def transaction(self, tenant: UUID) -> Iterator[Connection]:
        """One transaction that sees `tenant` alone, rolled back when the block raises.

        Raises TryAgain when Postgres is away.
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
            if error.connection_invalidated or _is_away(error):
                raise TryAgain("The database is not reachable.", timedelta(seconds=1)) from error
            raise


def psycopg_url(url: str) -> str:
    """The URL with psycopg 3 named as its driver, whichever way it was written."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


# 57P0x: the server is stopping or starting; 53300: too many connections. Class 08: connection exceptions.
_AWAY = {"57P01", "57P02", "57P03", "53300"}


def _is_away(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)
    return state.startswith("08") or state in _AWAY
