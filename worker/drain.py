"""Work through everything that is due of one kind, fairly among tenants, until there is nothing or time is up."""

import time
from collections.abc import Callable, Mapping
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

SECONDS = 20.0


def drain(services: Services, kind: Kind, wake: Callable[[Kind], None], seconds: float = SECONDS) -> int:
    """Give each tenant that has something due one batch in turn; returns how many rows were worked on."""
    until = time.monotonic() + seconds
    total = 0
    while time.monotonic() < until and not services.stopping.is_set():
        with services.listener_database.without_tenant() as db:
            tenants = due.tenants_due(db, kind)
        worked = 0
        for tenant in tenants:
            if services.stopping.is_set() or (worked and kind in GIVES_WAY):
                break
            worked += _one_batch(services, kind, tenant)
        if not worked:
            break
        total += worked
        for following in NEXT.get(kind, ()):
            wake(following)
        if kind in GIVES_WAY:
            break
    return total


def _one_batch(services: Services, kind: Kind, tenant: UUID) -> int:
    """One tenant's trouble is its own: it is logged, counts as nothing done, and the others go on."""
    rows: list[int] = []
    attempt(lambda: rows.append(STAGES[kind](services, tenant)), lambda _: None, tenant=tenant, stage=kind.value)
    return sum(rows)


def drain_in_lanes(services: Services, kind: Kind, wake: Callable[[Kind], None], lanes: int) -> int:
    """The same in several threads, each with batches of its own; raises what a lane raised when all have ended.

    While one lane decides and writes, the models, which are shared and free of Python's lock, work for another.
    """
    if lanes == 1:
        return drain(services, kind, wake)
    with ThreadPoolExecutor(lanes, thread_name_prefix=f"{kind}-lane") as threads:
        return sum(threads.map(lambda _: drain(services, kind, wake), range(lanes)))
