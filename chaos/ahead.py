"""Postgres's own clock, which goes ahead in leaps: `now()` is the real time and what was leapt over.

Leases of minutes, waits of a quarter of an hour and looks of an hour then pass within a run of minutes, for every table
and every row at once, and under living workers too, as if each had been asleep. Whose clock a worker believes shows:
the database's and its own differ by hours in the end.
"""

from datetime import timedelta

import psycopg

from adapters.embedded.postgres import RunningPostgres

_CLOCK = """
    CREATE SCHEMA IF NOT EXISTS chaos;
    CREATE TABLE IF NOT EXISTS chaos.clock (ahead interval NOT NULL);
    INSERT INTO chaos.clock SELECT '0' WHERE NOT EXISTS (SELECT FROM chaos.clock);
    CREATE OR REPLACE FUNCTION chaos.now() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT pg_catalog.now() + (SELECT ahead FROM chaos.clock)';
    GRANT USAGE ON SCHEMA chaos TO public;
    GRANT SELECT ON chaos.clock TO public;
"""


def connect(postgres: RunningPostgres, database: str) -> psycopg.Connection[tuple[object, ...]]:
    """As the owner, who sees every tenant's rows. Raises psycopg.OperationalError while Postgres is away."""
    url = postgres.url(database).replace("postgresql+psycopg", "postgresql", 1)
    return psycopg.connect(url, autocommit=True, connect_timeout=60)


def set_clock(postgres: RunningPostgres, database: str) -> None:
    """From the next connection on `now()` is ours. Before the migrations: views keep the function that they found."""
    with connect(postgres, database) as db:
        db.execute(_CLOCK)
        # Written last, pg_catalog is looked at last; tables are still made in `public`.
        db.execute(f'ALTER DATABASE "{database}" SET search_path = public, chaos, pg_catalog')


def leap(postgres: RunningPostgres, database: str, over: timedelta) -> None:
    with connect(postgres, database) as db:
        db.execute("UPDATE chaos.clock SET ahead = ahead + %s", [over])


def ahead(postgres: RunningPostgres, database: str) -> timedelta:
    with connect(postgres, database) as db:
        row = db.execute("SELECT ahead FROM chaos.clock").fetchone()
    assert row is not None
    assert isinstance(row[0], timedelta)
    return row[0]
