"""Somebody who reaches Redis puts jobs there with other tenants' ids: none is run, and each is said in the log.

A true job names a kind of work and nothing else, so that no id of anybody's can stand in one. Forged here are a job
for each kind with ids beside it, and jobs for functions of `worker/` and `storage/` that take a tenant.
"""

import importlib
import inspect
import pkgutil

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Connection, text
from structlog.testing import capture_logs

import storage
import worker
from storage.due import Kind
from tests.support.flood import pour, workspaces
from tests.worker.test_jobs import work_off
from worker.drain import STAGES
from worker.jobs import DRAIN, QUEUE_OF

REFUSED = "PermissionError: This queue runs no such job."


@pytest.fixture
def valkey(servers):
    with redis.Redis.from_url(servers.empty_valkey()) as client:
        yield client


def taking_a_tenant() -> list[str]:
    """The full name of each stage, of every function of the workers that takes a tenant, and of the first of each file
    of storage that does.
    """
    found = {f"{stage.__module__}.{stage.__name__}" for stage in STAGES.values()}
    for package in (worker, storage):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            of_it = [
                f"{module.name}.{name}"
                for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction)
                if one.__module__ == module.name and "tenant" in inspect.signature(one).parameters
            ]
            found |= set(of_it if package is worker else of_it[:1])
    return sorted(found)


def everything(owner: Connection) -> dict[str, str]:
    """A mark for all rows of each table."""
    tables = owner.execute(
        text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
    ).scalars()
    marks = {
        table: owner.exec_driver_sql(
            f"SELECT coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') FROM {table} t"  # noqa: S608  # names of the catalogue
        ).scalar_one()
        for table in tables.all()
    }
    owner.rollback()
    return marks


@pytest.fixture
def theirs(owner) -> dict[str, str]:
    """The ids of a tenant who has something due of each kind; and another one, in whose name the jobs are forged."""
    victim, thief = workspaces(owner, 2)
    ids = {"tenant": str(thief), "victim": str(victim)}
    for kind in Kind:
        pour(owner, victim, kind, 1)
    for table in ("message", "decision", "outbox", "order_act", "ticket", "supplier_request", "trial", "mailbox"):
        found = owner.exec_driver_sql(f"SELECT id FROM {table} WHERE tenant_id = %s LIMIT 1", (victim,))  # noqa: S608  # the tables above
        ids[table] = str(found.scalar_one())
    owner.rollback()
    return ids


def forged(kind: Kind, ids: dict[str, str]) -> list[tuple[str, list[object], dict[str, object]]]:
    """What a job of this kind would have to look like to bring ids with it."""
    every = list(ids.values())
    return [
        (DRAIN, [kind.value, *every], {}),
        (DRAIN, [kind.value], ids),
        (DRAIN, [], {"kind": kind.value}),
        (DRAIN, [[kind.value, *every]], {}),
        (DRAIN, [f"{kind.value}' OR tenant_id = '{ids['victim']}"], {}),
        (f"{STAGES[kind].__module__}.work", [None, ids["victim"]], {}),
    ]


@pytest.mark.parametrize("kind", Kind)
def test_a_job_that_brings_ids_is_refused_changes_nothing_and_is_said_in_the_log(owner, valkey, theirs, kind):
    before, jobs = everything(owner), forged(kind, theirs)
    name = QUEUE_OF[kind]
    for function, arguments, named in jobs:
        Queue(name, connection=valkey, serializer=JSONSerializer).enqueue_call(function, args=arguments, kwargs=named)
    with capture_logs() as said:
        assert work_off(valkey, name) == [REFUSED] * len(jobs)
    refused = [line for line in said if line["event"] == "job_refused"]
    assert len(refused) >= len(jobs)
    assert {line["queue"] for line in refused} == {name}
    assert not [one for one in theirs.values() if one in str(said)], "no id that a stranger wrote is in the log"
    assert everything(owner) == before


def test_no_function_that_takes_a_tenant_can_be_called_by_a_job(owner, valkey, theirs):
    before, functions = everything(owner), taking_a_tenant()
    assert len(functions) > 100
    forged = Queue("io", connection=valkey, serializer=JSONSerializer)
    for function in functions:
        forged.enqueue_call(function, kwargs={"tenant": theirs["victim"], "id": theirs["message"]})
    with capture_logs() as said:
        assert work_off(valkey) == [REFUSED] * len(functions)
    assert sum(line["event"] == "job_refused" for line in said) >= len(functions)
    assert everything(owner) == before
