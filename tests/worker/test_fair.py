"""However much one tenant has waiting, and however many tenants do, nobody else's single row waits for it.

`FLOOD=100000 TENANTS=1000 pytest tests/worker/test_fair.py` tries the numbers that the promise is made for.
"""

import os
from collections import Counter
from uuid import UUID

import pytest

from storage import due
from storage.due import Kind
from tests.support.flood import CLAIM, MANY, pour, workspaces
from worker import drain as draining
from worker.drain import STAGES, drain
from worker.turns import TURN, Turns, turn_of

FLOOD = int(os.environ.get("FLOOD", "1000"))
TENANTS = int(os.environ.get("TENANTS", "300"))


class Claims:
    """Each stage takes its batch as the worker's does and does nothing with it; it notes whose batch that was."""

    def __init__(self, services, monkeypatch):
        self._services, self.batches, self.then = services, [], lambda: None
        for kind in Kind:
            monkeypatch.setitem(STAGES, kind, lambda _, tenant, kind=kind: self._take(kind, tenant))

    def _take(self, kind: Kind, tenant: UUID) -> int:
        with self._services.database.transaction(tenant) as db:
            taken = CLAIM[kind](db, tenant)
        rows = len(taken) if isinstance(taken, list) else int(taken is not None)
        if rows:
            self.batches.append(tenant)
            self.then()
        return rows

    def until(self, number: int) -> None:
        """Stop after so many batches."""
        if len(self.batches) >= number:
            self._services.stopping.set()


@pytest.fixture
def claims(services, monkeypatch) -> Claims:
    return Claims(services, monkeypatch)


def test_every_kind_of_work_has_a_claim_that_is_looked_at():
    assert set(CLAIM) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_who_comes_while_another_has_a_backlog_has_the_very_next_batch(owner, services, claims, kind):
    flooding, one = workspaces(owner, 2)
    pour(owner, flooding, kind, FLOOD)

    def comes() -> None:
        if len(claims.batches) == 3 or kind not in MANY:
            pour(owner, one, kind, 1)
        claims.until(6)

    claims.then = comes
    if kind in MANY:
        drain(services, kind, lambda _: None, seconds=30)
        assert claims.batches == [flooding] * 3 + [one] + [flooding] * 2
    else:
        # One row for each tenant is all that there ever is: nobody can have a backlog.
        claims.then = lambda: None
        pour(owner, one, kind, 1)
        for _ in range(2):
            drain(services, kind, lambda _: None, seconds=30)
        assert sorted(claims.batches) == sorted([flooding, one])


def test_among_many_with_a_backlog_who_comes_is_next_as_soon_as_it_is_asked_who_waits(
    owner, services, claims, monkeypatch
):
    monkeypatch.setattr(draining, "ASK_AGAIN", 0.0)  # as where each batch takes its second
    *flooding, one = workspaces(owner, 21)
    for tenant in flooding:
        pour(owner, tenant, Kind.PROCESS, 200)
    claims.then = lambda: pour(owner, one, Kind.PROCESS, 1) if len(claims.batches) == 50 else claims.until(60)
    drain(services, Kind.PROCESS, lambda _: None, seconds=30)
    assert claims.batches.index(one) == 50
    # And the others have their batches in turn: after fifty batches for twenty nobody has had four, nobody one.
    assert set(Counter(claims.batches[:50]).values()) == {2, 3}


def test_of_many_tenants_with_one_row_each_every_one_is_served_once_before_a_flood_is_served_twice(
    owner, services, claims
):
    flooding, *many = workspaces(owner, TENANTS + 1)
    pour(owner, flooding, Kind.FETCH, FLOOD)
    for tenant in many:
        pour(owner, tenant, Kind.FETCH, 1)
    turns = Turns()
    claims.then = lambda: claims.until(TENANTS + 2)
    drain(services, Kind.FETCH, lambda _: None, seconds=120, turns=turns)
    assert set(claims.batches[: TENANTS + 1]) == {flooding, *many}


def test_a_turn_that_broke_off_goes_on_with_those_who_waited_longest(owner, services, claims):
    tenants = workspaces(owner, 12)
    for tenant in tenants:
        pour(owner, tenant, Kind.DELIVER, 100)
    turns, served = Turns(), []
    for _ in range(4):
        claims.batches = []
        claims.then = lambda: claims.until(3)
        drain(services, Kind.DELIVER, lambda _: None, seconds=30, turns=turns)
        served += claims.batches
        services.stopping.clear()
    assert sorted(served) == sorted(tenants)


def test_what_is_left_when_a_turn_ends_lines_up_behind_the_others(owner, services, claims):
    (tenant,) = workspaces(owner, 1)
    pour(owner, tenant, Kind.FETCH, 100)
    woken: list[Kind] = []
    first = drain(services, Kind.FETCH, woken.append, seconds=0.0)
    assert woken == [Kind.PROCESS, Kind.FETCH]
    woken.clear()
    assert drain(services, Kind.FETCH, woken.append, seconds=30) == 100 - first
    assert Kind.FETCH not in woken


def test_a_turn_that_was_over_before_it_was_known_who_waits_has_its_batch(owner, services, claims):
    (tenant,) = workspaces(owner, 1)
    pour(owner, tenant, Kind.FETCH, 100)
    assert drain(services, Kind.FETCH, lambda _: None, seconds=0.0) > 0
    assert claims.batches == [tenant]


def test_only_deciding_has_a_long_turn():
    assert {kind for kind in Kind if turn_of(kind) > TURN} == {Kind.PROCESS}


def test_who_was_served_before_comes_after_who_was_not():
    turns = Turns()
    one, two, three = (UUID(int=number) for number in (1, 2, 3))
    for tenant in (two, one):
        turns.take(Kind.SYNC, tenant)
    assert turns.in_order(Kind.SYNC, [one, two, three]) == [three, two, one]
    assert turns.in_order(Kind.FETCH, [one, two, three]) == [one, two, three]


def test_the_questions_of_the_listener_find_what_they_found_by_reading_everything(owner, services):
    one, two = workspaces(owner, 2)
    for kind in Kind:
        pour(owner, one, kind, 2)
    pour(owner, two, Kind.ACT, 1)
    with services.listener_database.without_tenant() as db:
        everything = {(Kind(row.kind), row.tenant_id) for row in db.exec_driver_sql("SELECT * FROM due")}
        assert set(due.kinds_due(db)) == {kind for kind, _ in everything} == set(Kind)
        assert {(kind, tenant) for kind in Kind for tenant in due.tenants_due(db, kind)} == everything
