"""Work through everything that is due of one kind, fairly among tenants, until there is nothing or time is up."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from bootstrap import Services
from storage import due
from storage.due import Kind
from worker import (
    act,
    deliver,
    fetch,
    gaps,
    incidents,
    index,
    label,
    learn,
    process,
    remind,
    revoke,
    sync,
    tickets,
    trial,
)
from worker.attempt import attempt
from worker.turns import ASK_AGAIN, Turns, turn_of

# One round of a stage for one tenant: claim a batch, work through it, say how many rows that were.
Stage = Callable[[Services, UUID], int]

STAGES: Mapping[Kind, Stage] = {
    Kind.SYNC: sync.work,
    Kind.FETCH: fetch.work,
    Kind.PROCESS: process.work,
    Kind.DELIVER: deliver.work,
    Kind.LABEL: label.work,
    Kind.REVOKE: revoke.work,
    Kind.LEARN: learn.work,
    Kind.INDEX: index.work,
    Kind.INCIDENTS: incidents.work,
    Kind.GAPS: gaps.work,
    Kind.ACT: act.work,
    Kind.TICKET: tickets.work,
    Kind.REMIND: remind.work,
    Kind.TRIAL: trial.work,
}

# What a stage makes due: woken as a hint as soon as it has done something.
NEXT: Mapping[Kind, tuple[Kind, ...]] = {
    Kind.SYNC: (Kind.FETCH,),
    Kind.FETCH: (Kind.PROCESS,),
    Kind.PROCESS: (Kind.ACT, Kind.DELIVER, Kind.TICKET),
    Kind.ACT: (Kind.DELIVER,),
    Kind.DELIVER: (Kind.LABEL, Kind.TICKET),
    Kind.TICKET: (Kind.LABEL,),
    Kind.REMIND: (Kind.DELIVER, Kind.TICKET),
    # The next batch, behind the mail that has come meanwhile.
    Kind.INDEX: (Kind.INDEX,),
}

# One batch in a call: these are long, and mail must not wait for them.
GIVES_WAY = frozenset({Kind.INDEX})


def drain(
    services: Services,
    kind: Kind,
    wake: Callable[[Kind], None],
    seconds: float | None = None,
    turns: Turns | None = None,
) -> int:
    """Give the tenants that have something due one batch each, who has waited longest first, until there is nothing or
    the turn of this kind is over; returns how many rows were worked on.

    What is left lines up again, behind the other kinds that were called meanwhile (docs/adr/0028-fair-turns.md).
    """
    turns = turns or Turns()
    until = time.monotonic() + (turn_of(kind) if seconds is None else seconds)
    total, left = 0, False
    while not services.stopping.is_set():
        with services.listener_database.without_tenant() as db:
            tenants = turns.in_order(kind, due.tenants_due(db, kind))
        # Who asks slowly, as of a busy Postgres, has a round all the same: else each turn would end before its work.
        if left := bool(total and tenants) and time.monotonic() >= until:
            break
        worked = _one_round(services, kind, tenants, turns, until)
        total += worked
        if not worked:
            break
        for following in NEXT.get(kind, ()):
            wake(following)
        if kind in GIVES_WAY:
            break
    if left:
        wake(kind)
    return total


def _one_round(services: Services, kind: Kind, tenants: Sequence[UUID], turns: Turns, until: float) -> int:
    """A batch for each in turn; it ends early where others wait, or where it is time to ask who else has come."""
    ask_again = min(until, time.monotonic() + ASK_AGAIN)
    worked = 0
    for tenant in tenants:
        if services.stopping.is_set() or (worked and (kind in GIVES_WAY or time.monotonic() >= ask_again)):
            break
        turns.take(kind, tenant)
        worked += _one_batch(services, kind, tenant)
    return worked


def _one_batch(services: Services, kind: Kind, tenant: UUID) -> int:
    """One tenant's trouble is its own: it is logged, counts as nothing done, and the others go on."""
    rows: list[int] = []
    attempt(lambda: rows.append(STAGES[kind](services, tenant)), lambda _: None, tenant=tenant, stage=kind.value)
    return sum(rows)


def drain_in_lanes(
    services: Services, kind: Kind, wake: Callable[[Kind], None], lanes: int, turns: Turns | None = None
) -> int:
    """The same in several threads, each with batches of its own; raises what a lane raised when all have ended.

    While one lane decides and writes, the models, which are shared and free of Python's lock, work for another.
    """
    turns = turns or Turns()
    if lanes == 1:
        return drain(services, kind, wake, turns=turns)
    with ThreadPoolExecutor(lanes, thread_name_prefix=f"{kind}-lane") as threads:
        return sum(threads.map(lambda _: drain(services, kind, wake, turns=turns), range(lanes)))
