"""The figures of the whole machine, for whoever watches it: numbers alone, which name no tenant."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Figure:
    """`name` as the function of the migration calls it; `one` and `two` say what of it: a state, a kind of work."""

    name: str
    one: str
    two: str
    value: float


# Across tenants, and so a function that runs as the owner of the tables: docs/adr/0027-metrics-from-rows.md.
_ALL = text("SELECT name, one, two, value FROM metrics()")


def figures(db: Connection) -> list[Figure]:
    """All of them as of now, in a transaction without a tenant. Ages are in seconds, days are UTC."""
    return [Figure(*row) for row in db.execute(_ALL)]
