"""The wake-up calls and the processes they wake: Redis carries nothing that could be lost or could do harm."""

import os
import signal
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from adapters.embedded import place
from adapters.embedded.valkey import start_valkey
from storage.due import Kind, kinds_due
from tests.support import pipeline
from tests.support.pipeline import CUSTOMER, SHOP, Shop
from tests.support.processes import IO, LISTENER, process, program
from tests.support.servers import memory
from tests.support.waiting import until
from worker.drain import drain
from worker.jobs import DRAIN, ENOUGH, QUEUES, OnlyDrain, Waker, connect, queue

PARCEL = "question: when does my parcel come?"


@pytest.fixture
def valkey(servers) -> redis.Redis:
    with redis.Redis.from_url(servers.empty_valkey()) as client:
        yield client


@pytest.fixture
def waker(servers, valkey) -> Waker:
    """It waits for as long as a busy machine wants; a real one gives a hint up after a fifth of a second."""
    patient = Waker(servers.valkey.url)
    patient._connection = connect(servers.valkey.url)
    return patient


@pytest.fixture
def own_valkey():
    """One that the test may kill."""
    directory = Path(tempfile.mkdtemp(prefix="mailwright-jobs-", dir=memory()))
    with start_valkey(directory / "valkey", durable=False) as server:
        yield server
    place.erase(directory)


@pytest.fixture
def live(google, settings, workspace, servers):
    """Settings for processes of their own, and the shop they work for."""
    settings = replace(
        pipeline.settings_over(settings, google), redis_url=servers.empty_valkey(), listen_seconds=0.1, poll_seconds=0.3
    )
    services = pipeline.TestServices(settings)
    yield settings, Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    services.close()


def answered(shop: Shop) -> int:
    return len(shop.received())


def work_off(connection: redis.Redis, name: str = "io") -> list[str]:
    """What one RQ worker does with what lies in a queue; returns the failures it wrote down."""
    failures: list[str] = []
    worker = SimpleWorker(
        [queue(connection, name)], connection=connection, serializer=JSONSerializer, job_class=OnlyDrain,
        disable_default_exception_handler=True,
        exception_handlers=[lambda job, kind, error, trace: failures.append(f"{kind.__name__}: {error}")],
    )  # fmt: skip
    worker.log.disabled = True
    worker.work(burst=True, logging_level="CRITICAL")
    return failures


def test_every_kind_of_work_has_one_queue():
    assert sorted(kind for kinds in QUEUES.values() for kind in kinds) == sorted(Kind)


def test_a_wake_up_call_carries_the_kind_alone(valkey, waker):
    waker.wake([Kind.SYNC, Kind.PROCESS])
    (job,) = queue(valkey, "io").jobs
    assert (job.func_name, job.args, job.kwargs, job.result_ttl, job.failure_ttl) == (DRAIN, ["sync"], {}, 0, 0)
    assert [job.args for job in queue(valkey, "brain").jobs] == [["process"]]


@pytest.mark.parametrize("name", ["os.system", "subprocess.call", "worker.run.main", "worker.run.Program.wake", "eval"])
def test_no_other_function_is_ever_called(valkey, tmp_path, name):
    mark = tmp_path / "mark"
    Queue("io", connection=valkey, serializer=JSONSerializer).enqueue(name, f"touch {mark}")
    assert work_off(valkey) == ["PermissionError: This queue runs no such job."]
    assert not mark.exists()
    assert queue(valkey, "io").count == 0


@pytest.mark.parametrize(("args", "kwargs"), [((), {}), (("sync", "fetch"), {}), (("sync",), {"kind": "fetch"})])
def test_the_one_function_takes_one_kind_and_nothing_else(valkey, args, kwargs):
    Queue("io", connection=valkey, serializer=JSONSerializer).enqueue_call(DRAIN, args=args, kwargs=kwargs)
    assert work_off(valkey) == ["PermissionError: This queue runs no such job."]


def test_an_unknown_kind_fails_alone(valkey):
    Queue("io", connection=valkey, serializer=JSONSerializer).enqueue(DRAIN, "everything")
    assert work_off(valkey) == ["PermissionError: This queue runs no such job."]


def test_a_pickled_job_is_never_unpickled(valkey, tmp_path):
    mark = tmp_path / "mark"
    Queue("io", connection=valkey).enqueue(os.system, f"touch {mark}")
    work_off(valkey)
    assert not mark.exists()
    assert queue(valkey, "io").count == 0


def test_a_full_queue_gets_no_more_calls(valkey, waker):
    for _ in range(50):
        waker.wake(list(Kind))
    assert queue(valkey, "io").count == ENOUGH * len(QUEUES["io"])
    assert queue(valkey, "brain").count == ENOUGH * len(QUEUES["brain"])


def test_a_full_queue_of_one_kind_does_not_keep_the_others_asleep(valkey, waker):
    for _ in range(ENOUGH):
        waker(Kind.DELIVER)
    waker(Kind.SYNC)
    assert "sync" in [job.args[0] for job in queue(valkey, "io").jobs]


def test_a_call_outlives_a_round_in_which_every_kind_of_work_is_slow(valkey, waker):
    waker(Kind.TICKET)
    (call,) = queue(valkey, "io").jobs
    assert valkey.ttl(call.key) > 30 * len(QUEUES["io"])


def test_a_waker_without_redis_says_so_once_and_goes_on(capsys):
    waker = Waker("unix:///nobody/listens/here.sock")
    for _ in range(3):
        waker.wake(list(Kind))
    assert capsys.readouterr().out.count("redis_away") <= 1


def test_the_processes_answer_a_mail_and_lost_hints_lose_nothing(live, servers, tmp_path):
    settings, shop = live
    with program(settings, tmp_path) as running:
        shop.write(PARCEL, "First")
        until(lambda: answered(shop) == 1, 60)
        with redis.Redis.from_url(settings.redis_url) as client:
            for number in range(10):
                shop.write(PARCEL, f"More {number}", sender=f"someone{number}@customer.example")
                client.flushall()
        until(lambda: shop.one("SELECT count(*) FROM outbox WHERE state = 'sent'") == 11, 60)
        for name in ("io", "brain", "listener"):
            running[name].send_signal(signal.SIGTERM)
        assert [running[name].wait(60) for name in ("io", "brain", "listener")] == [0, 0, 0]


def test_mail_goes_through_without_redis_and_after_it_came_back(live, own_valkey, tmp_path):
    settings, shop = live
    os.kill(own_valkey.pid, signal.SIGKILL)
    until(lambda: not own_valkey.alive)
    with program(replace(settings, redis_url=own_valkey.url), tmp_path) as running:
        shop.write(PARCEL, "Redis is away")
        until(lambda: answered(shop) == 1, 60)
        own_valkey.revive()
        shop.write(PARCEL, "Redis is back")
        until(lambda: answered(shop) == 2, 60)
        os.kill(own_valkey.pid, signal.SIGKILL)
        shop.write(PARCEL, "Redis went away")
        until(lambda: answered(shop) == 3, 60)
        assert all(one.poll() is None for one in running.values())
        for name in ("io", "brain", "listener"):
            running[name].send_signal(signal.SIGTERM)
        assert [running[name].wait(60) for name in ("io", "brain", "listener")] == [0, 0, 0]


def test_the_listener_survives_postgres_away(live, servers, valkey, tmp_path):
    settings, _ = live
    log = tmp_path / "listener.log"
    name = settings.database_listener_url.rsplit("@/", 1)[1].split("?")[0]
    away = replace(settings, database_listener_url=settings.database_listener_url.replace(name, "not_there_yet"))
    with process(away, LISTENER, log) as listener:
        until(lambda: "postgres_away" in log.read_text(), 30)
        assert listener.poll() is None
        listener.send_signal(signal.SIGTERM)
        assert listener.wait(60) == 0
    with process(settings, LISTENER, log) as listener:
        until(lambda: queue(valkey, "io").count > 0, 30)
        with servers.postgres._connect() as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mailwright_test_listener'"
            )
        valkey.flushall()
        until(lambda: queue(valkey, "io").count > 0, 30)
        assert listener.poll() is None


def test_a_worker_survives_its_connections_being_cut(live, servers, tmp_path):
    settings, shop = live
    with program(settings, tmp_path) as running:
        until(lambda: shop.one("SELECT last_ok_at FROM mailbox") is not None, 60)
        for number in range(3):
            shop.write(PARCEL, f"Mail {number}")
            with servers.postgres._connect() as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'mailwright_test%'"
                )
        until(lambda: answered(shop) == 3, 60)
        assert all(one.poll() is None for one in running.values())


def test_sigterm_in_the_middle_of_a_row_finishes_it_and_leaves_the_rest(live, tmp_path):
    settings, shop = live
    shop.settle()
    for number in range(4):
        shop.write(PARCEL, f"Mail {number}")
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        shop.run(kind)
    waker = Waker(settings.redis_url)
    with (
        pipeline.slow(shop.google, "drafts.send") as goes_on,
        process(settings, IO, tmp_path / "io.log") as worker,
    ):
        # A hint may be lost on a busy machine: it is given again.
        until(lambda: waker(Kind.DELIVER) or shop.google.calls("drafts.create"), 60)
        worker.send_signal(signal.SIGTERM)
        goes_on()
        assert worker.wait(60) == 0
    states = sorted(row.state for row in shop.rows("SELECT state FROM outbox"))
    assert states == ["pending", "pending", "pending", "sent"]
    assert shop.one("SELECT count(*) FROM outbox WHERE lease_until IS NOT NULL") == 0
    assert "Traceback" not in (tmp_path / "io.log").read_text()
    shop.settle()
    assert len(shop.received(CUSTOMER)) == 4


def test_nothing_stays_due_that_no_worker_can_take(shop):
    """What the view calls due, the claims can take: otherwise a worker would be woken in vain for ever."""
    for number in range(3):
        shop.write(PARCEL, f"Mail {number}")
    shop.settle_over_time(3)
    with shop.services.listener_database.without_tenant() as db:
        assert kinds_due(db) == []


class RefusingOne:
    """The real database, but one tenant's rows cannot be reached."""

    def __init__(self, database, tenant):
        self._database = database
        self._tenant = tenant

    def transaction(self, tenant):
        if tenant == self._tenant:
            raise RuntimeError("this tenant's rows are out of order")
        return self._database.transaction(tenant)


def test_one_tenants_trouble_does_not_end_the_work_for_the_others(shop, rival):
    for one, address in ((shop, SHOP), (rival, "desk@rival.example")):
        one.write(PARCEL, to=address)
    whole = shop.services.database
    shop.services.database = RefusingOne(whole, rival.tenant)
    # The order of the tenants is random: several rounds, so that the troubled one comes first in some of them.
    worked = [drain(shop.services, Kind.SYNC, lambda _: None)]
    for _ in range(8):
        with whole.transaction(shop.tenant) as db:
            db.exec_driver_sql("UPDATE mailbox SET next_sync_at = now(), lease_until = NULL")
        worked.append(drain(shop.services, Kind.SYNC, lambda _: None))
    shop.services.database = whole
    assert worked == [1] * 9
    assert rival.one("SELECT count(*) FROM message") == 0
    assert shop.one("SELECT count(*) FROM message") == 1


def test_a_worker_of_an_unknown_name_is_refused(live, tmp_path):
    settings, _ = live
    with process(settings, ("-m", "worker.run", "kitchen"), tmp_path / "log") as started:
        assert started.wait(30) == 2
    assert "There is no worker 'kitchen'; say io or brain." in (tmp_path / "log").read_text()
