"""One connection serves one tenant after the other: whatever befell it before, it shows each their own and no more."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext, suppress
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from domain.errors import Collided, TryAgain
from settings import ROOT
from storage.database import Database
from tests.support.waiting import until


@pytest.fixture
def one_connection(urls):
    """A pool that never has more than one, as long as one is asked for at a time."""
    made = Database(urls.app, pool_size=1)
    yield made
    made.close()


def seen(db: Connection) -> set[UUID]:
    return set(db.execute(text("SELECT tenant_id FROM tenant")).scalars())


def server(db: Connection) -> int:
    found: int = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return found


def goes_well(db: Connection, owner: Connection) -> None:
    db.execute(text("UPDATE tenant SET name = 'Changed'"))


def raises_in_python(db: Connection, owner: Connection) -> None:
    raise LookupError


def raises_in_postgres(db: Connection, owner: Connection) -> None:
    db.execute(text("SELECT 1 / 0"))


def takes_too_long(db: Connection, owner: Connection) -> None:
    db.execute(text("SET LOCAL statement_timeout = 20"))
    db.execute(text("SELECT pg_sleep(20)"))


def is_cancelled(db: Connection, owner: Connection) -> None:
    threading.Timer(
        0.1, lambda pid: owner.execute(text("SELECT pg_cancel_backend(:pid)"), {"pid": pid}), [server(db)]
    ).start()
    db.execute(text("SELECT pg_sleep(20)"))


def is_rolled_back(db: Connection, owner: Connection) -> None:
    db.rollback()


def goes_on_after_a_savepoint(db: Connection, owner: Connection) -> None:
    with pytest.raises(DBAPIError), db.begin_nested():
        db.execute(text("SELECT 1 / 0"))
    assert len(seen(db)) == 1


def gives_up_a_savepoint_in_which_it_was_somebody_else(db: Connection, owner: Connection) -> None:
    ours = seen(db)
    with db.begin_nested() as savepoint:
        everybody = owner.execute(text("SELECT tenant_id FROM tenant")).scalars()
        other = next(one for one in everybody if one not in ours)
        db.execute(text("SELECT set_config('app.tenant_id', :other, true)"), {"other": str(other)})
        assert seen(db) == {other}
        savepoint.rollback()
    assert seen(db) == ours


BROKEN: tuple[Callable[[Connection, Connection], None], ...] = (
    raises_in_python,
    raises_in_postgres,
    takes_too_long,
    is_cancelled,
)
ENDS = (
    *BROKEN,
    goes_well,
    is_rolled_back,
    goes_on_after_a_savepoint,
    gives_up_a_savepoint_in_which_it_was_somebody_else,
)


@pytest.mark.parametrize("ends", ENDS, ids=lambda ends: ends.__name__)
def test_the_next_tenant_on_a_connection_sees_its_own_and_nobody_after_it_sees_any(
    one_connection, owner, workspace, other_workspace, ends
):
    servers = set()
    for tenant in (workspace.id, other_workspace.id, workspace.id):
        with (
            suppress(LookupError, DBAPIError, TryAgain) if ends in BROKEN else nullcontext(),
            one_connection.transaction(tenant) as db,
        ):
            servers.add(server(db))
            assert seen(db) == {tenant}
            ends(db, owner)
        with one_connection.without_tenant() as db:
            servers.add(server(db))
            assert seen(db) == set()
            assert not db.execute(text("SELECT current_setting('app.tenant_id', true)")).scalar()
    assert len(servers) == 1, "it was to be one connection"


def test_a_connection_that_was_cut_in_the_middle_comes_back_as_nobodys(
    one_connection, owner, workspace, other_workspace
):
    def is_cut(db: Connection) -> None:
        owner.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": server(db)})
        seen(db)

    with pytest.raises(TryAgain), one_connection.transaction(workspace.id) as db:
        is_cut(db)
    with one_connection.without_tenant() as db:
        assert seen(db) == set()
    with one_connection.transaction(other_workspace.id) as db:
        assert seen(db) == {other_workspace.id}


def test_of_two_who_wait_for_each_other_in_a_circle_one_hears_that_it_gave_way(database, workspace):
    rename, answer = text("UPDATE tenant SET name = 'Changed'"), text("UPDATE member SET name = 'Changed'")

    def other_way_round() -> None:
        with database.transaction(workspace.id) as db:
            db.execute(answer)
            both.wait(timeout=30)
            db.execute(rename)

    both, ended = threading.Barrier(2), []
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(other_way_round)
        try:
            with database.transaction(workspace.id) as db:
                db.execute(rename)
                both.wait(timeout=30)
                db.execute(answer)
        except Collided as error:
            ended.append(error)
        ended.append(late.exception(timeout=30))
    assert [type(one) for one in ended if one is not None] == [Collided]


def test_a_connection_is_made_anew_by_and_by(urls, monkeypatch):
    """What a process of Postgres has looked up it keeps: in one that never ends, memory and open files only grow."""
    monkeypatch.setattr("storage.database.RENEWED_AFTER", 0.2)
    shared = Database(urls.app, pool_size=1)

    def who_serves() -> int:
        with shared.without_tenant() as db:
            return server(db)

    first = who_serves()
    until(lambda: who_serves() != first)
    shared.close()


MANY = 8


def test_connections_that_began_together_are_not_made_anew_together(urls, monkeypatch):
    """Else all that they hold would be given back at once, and every page wait for a new one."""
    monkeypatch.setattr("storage.database.RENEWED_AFTER", 100)
    shared, now = Database(urls.app, pool_size=MANY), [1000.0]
    monkeypatch.setattr("storage.database.monotonic", lambda: now[0])

    def who_serve() -> set[int]:
        with ExitStack() as stack:
            return {server(stack.enter_context(shared.without_tenant())) for _ in range(MANY)}

    first, left = who_serve(), []
    for _ in range(20):
        now[0] += 10
        who_serve()
        left.append(len(first & who_serve()))
    shared.close()
    assert left[3] == MANY, "none is made anew before half of the time"
    assert left[15] == 0, "all are after three halves"
    assert len(set(left)) > 2, f"they went together: {left}"


def test_threads_that_share_few_connections_never_see_each_others(urls, workspace, other_workspace):
    shared, wrong = Database(urls.app, pool_size=2), []

    def work(mine: UUID) -> None:
        for turn in range(60):
            with shared.transaction(mine) as db:
                if seen(db) != {mine}:
                    wrong.append(mine)
                if turn % 3 == 0:
                    db.rollback()

    threads = [threading.Thread(target=work, args=[one]) for one in (workspace.id, other_workspace.id) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timedelta(minutes=1).total_seconds())
    shared.close()
    assert wrong == []


def test_the_tenant_is_set_in_one_place_and_for_one_transaction():
    """A setting of the session would outlive it on a connection of the pool."""
    named = {
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for folder in ("storage", "parts", "web", "worker", "commands", "adapters")
        for file in (ROOT / folder).rglob("*.py")
    }
    places = {name for name, source in named.items() if "app.tenant_id" in source}
    assert places == {"storage/database.py"}
    # The third word says: until the transaction ends.
    set_anywhere = [found for source in named.values() for found in re.findall(r"set_config\((.*?)\)", source)]
    assert "'app.tenant_id', :tenant, true" in set_anywhere
    assert [found for found in set_anywhere if not found.endswith(", true")] == []
