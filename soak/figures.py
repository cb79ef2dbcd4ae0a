"""Which figures may not grow with the mails, by how much a run may move them, and which ones naturally do grow.

A figure's name is its kind and whose it is: `memory web`, `bytes message`. Each threshold was set before the first run,
but that of dead rows, which was changed after a run failed by it, and that of rows changed, which came with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from soak.verdict import Allowed, Judged, Series, after_warm_up, judge

MIB = 1024.0 * 1024.0
# A table may waste so much in a run: less is a page here and there.
WASTE = 256 * 1024
# autovacuum_naptime, as Postgres ships it, in seconds: it looks at a database so often, and no oftener.
NAP = 60
# Seconds over which it is counted what is changed for a mail: a connection tells what it did at its leisure.
SPAN = 300


@dataclass(frozen=True, slots=True)
class Kind:
    """What is measured, its unit, and what is allowed to it."""

    what: str
    unit: str
    allowed: Allowed


# Shares are of the level after warm-up, over the rest of the run.
KINDS: Mapping[str, Kind] = {
    "memory": Kind("resident memory", "MiB", Allowed(share=0.03, least=4.0)),
    "handles": Kind("open file handles", "", Allowed(share=0.03, least=3)),
    "threads": Kind("threads", "", Allowed(least=2)),
    "connections": Kind("connections to Postgres", "", Allowed(least=2)),
    "redis-keys": Kind("keys in Redis", "", Allowed(share=0.03, least=5)),
    "redis-memory": Kind("memory that Redis says it uses", "MiB", Allowed(share=0.05, least=0.25)),
    "redis-clients": Kind("clients of Redis", "", Allowed(least=2)),
    # Of everything together: servers, stand-ins, and this looking too, which counts all mails. A question that reads
    # all that there ever was is seen here.
    "cost": Kind("processor time for a mail", "ms", Allowed(share=0.15)),
    "due": Kind("pieces of work that are due", "", Allowed(least=5)),
    "oldest": Kind("age of the oldest due work", "s", Allowed(least=10)),
    # Dead rows stay until they are 50 and a fifth of the living ones: then autovacuum comes. 1 is where it should, and
    # a part of what dies between two of its looks is added (`_allowed`).
    "dead": Kind("dead rows, as a part of what calls autovacuum", "", Allowed(limit=1.0)),
    # By what is written, dead rows are allowed; so that may not grow either.
    "changed": Kind("rows changed or deleted for each mail, over five minutes", "", Allowed(share=0.15, least=0.1)),
    "bytes": Kind("bytes on disk for each living row", "B", Allowed(share=0.10)),
}
# What grows with the mails, and should: told for each mail, and not judged.
NATURAL: Mapping[str, str] = {
    "rows": "rows",
    "database": "database, bytes",
    "beside": "memory of the stand-ins, bytes",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What was read `at` seconds after the mails began to come at their pace, by name."""

    at: float
    values: Mapping[str, float]


def calls_autovacuum(values: Mapping[str, float], table: str) -> float:
    """How many dead rows do: autovacuum_vacuum_threshold and autovacuum_vacuum_scale_factor, as Postgres ships them."""
    return 50 + 0.2 * values[f"rows {table}"]


def series(samples: Sequence[Sample], name: str) -> Series:
    return [(one.at, one.values[name]) for one in samples if name in one.values]


def judged(samples: Sequence[Sample]) -> dict[str, Judged]:
    """Every figure that may not grow, by name."""
    told = _with_changed(samples)
    names = sorted({name for one in told for name in one.values if name.partition(" ")[0] in KINDS}, key=_place)
    return {name: judge(series(told, name), _allowed(samples, name)) for name in names}


def _with_changed(samples: Sequence[Sample]) -> list[Sample]:
    """With what was changed in each table for each mail that was decided, over the minutes before each sample."""
    told, start = [], 0
    for one in samples:
        while start + 1 < len(samples) and samples[start + 1].at <= one.at - SPAN:
            start += 1
        before = samples[start].values
        mails = one.values["mails decided"] - before["mails decided"]
        changed = {
            f"changed {name.partition(' ')[2]}": (one.values[name] - before[name]) / mails
            for name in one.values
            if name.startswith("died ") and name in before and mails > 0 and one.at - samples[start].at >= SPAN
        }
        told.append(Sample(one.at, {**one.values, **changed}))
    return told


def per_mail(samples: Sequence[Sample]) -> dict[str, float]:
    """By how much what naturally grows grew for each mail that was decided, after warm-up."""
    mails = _rise(samples, "mails decided")
    names = sorted({name for one in samples for name in one.values if name.partition(" ")[0] in NATURAL})
    return {name: _rise(samples, name) / mails for name in names} if mails > 0 else {}


def _rise(samples: Sequence[Sample], name: str) -> float:
    watched = after_warm_up(series(samples, name))
    return watched[-1][1] - watched[0][1] if watched else 0.0


def _allowed(samples: Sequence[Sample], name: str) -> Allowed:
    kind, _, whose = name.partition(" ")
    allowed = KINDS[kind].allowed
    if kind == "bytes":
        rows = series(samples, f"rows {whose}")
        return replace(allowed, least=WASTE / max(rows[-1][1] if rows else 1.0, 1.0))
    if kind == "dead" and allowed.limit is not None:
        # A level is a lower quartile: of a saw-tooth from none to all that dies in a nap, a quarter or a little more.
        return replace(allowed, limit=allowed.limit + _dying_in_a_nap(samples, whose) / 3)
    return allowed


def _dying_in_a_nap(samples: Sequence[Sample], table: str) -> float:
    """How many rows die between two looks of autovacuum, as a part of what calls it.

    Of those too that Postgres clears away by itself, since they were changed within their page.
    """
    died = after_warm_up(series(samples, f"died {table}"))
    if len(died) < 2:
        return 0.0
    return (died[-1][1] - died[0][1]) / (died[-1][0] - died[0][0]) * NAP / calls_autovacuum(samples[-1].values, table)


def _place(name: str) -> tuple[int, str]:
    return list(KINDS).index(name.partition(" ")[0]), name
