"""One worker process: `python -m worker.run io` or `python -m worker.run brain`."""

import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import structlog
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from adapters import logs, redis_look
from adapters.glibc import give_large_blocks_back
from bootstrap import Services, build
from domain.errors import MailwrightError
from settings import Settings, read_or_exit
from storage.due import Kind
from worker.drain import drain_in_lanes
from worker.jobs import QUEUES, OnlyDrain, Waker, connect, queue
from worker.turns import Turns

log = structlog.get_logger()

# What uses the models, and so as many threads as they were given.
THINKING = frozenset({Kind.PROCESS})

# Seconds that one wait for a call lasts, and until a Redis that takes connections and says nothing counts as away.
# RQ would wait for such a one for seven minutes, each time anew, and no mail would move.
A_CALL, AN_ANSWER = 2, 4


class Program:
    """The one running worker of this process. RQ calls a function by name, which has to find what it works with."""

    services: Services
    wake: Waker
    turns: Turns


def drain_job(kind: str) -> None:
    """The one job: work through what is due of this kind. Nothing but the kind travels."""
    work_through(Kind(kind))


def work_through(kind: Kind) -> None:
    began = time.monotonic()
    services = Program.services
    try:
        lanes = services.settings.model_threads if kind in THINKING else 1
        rows = drain_in_lanes(services, kind, Program.wake, lanes, Program.turns)
    except MailwrightError as error:
        # Postgres is away, or the models are not built: the rows stay due, and the listener calls again.
        log.warning("drain_broke_off", kind=kind, error=error.logged)
        Program.services.stopping.wait(1.0)
    else:
        if rows:
            log.info("drained", kind=kind, rows=rows, seconds=round(time.monotonic() - began, 3))


class Worker(SimpleWorker):
    """RQ's worker without a fork: a model that was loaded must not be forked. A signal ends it between two rows."""

    _idle = False
    redis_url = ""

    @property
    def dequeue_timeout(self) -> int:
        return A_CALL

    @property
    def connection_timeout(self) -> int:
        return AN_ANSWER

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        self._idle = True
        try:
            if Program.services.stopping.is_set():
                raise StopRequested
            return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        finally:
            self._idle = False

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().heartbeat(*args, **kwargs)
        except RedisAway as error:
            # RQ would wait for Redis by itself, up to a minute at a time, while mail is due.
            raise StopRequested from error

    def subscribe(self) -> None:
        """To nothing: nobody sends our workers RQ's commands, and its thread would stay behind where Redis hangs."""

    def register_death(self) -> None:
        """Its name in Redis ends by itself: a Redis in trouble is not waited for once more."""
        with suppress(RedisError):
            if redis_look.answers(self.redis_url):
                super().register_death()  # type: ignore[no-untyped-call]  # RQ has no types here

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """RQ's own would ask Redis in the middle of a row, and end that row with an exception."""
        del signum, frame
        Program.services.stopping.set()
        self._stop_requested = True
        if self._idle:
            raise StopRequested


def main(name: str, assemble: Callable[[Settings], Services] | None = None) -> int:
    """Work until asked to stop; the exit code. `assemble` puts together other services than production's."""
    if name not in QUEUES:
        print(f"There is no worker {name!r}; say io or brain.", file=sys.stderr)
        return 2
    settings = read_or_exit("worker")
    logs.configure(settings.log_level)
    give_large_blocks_back()
    Program.services = services = (assemble or build)(settings)
    Program.wake, Program.turns = Waker(settings.redis_url), Turns()
    _listen_to_signals()
    if name == "brain":
        try:
            services.load_models()
        except MailwrightError as error:
            print(error, file=sys.stderr)
            return 2
    log.info("worker_ready", queue=name)
    while not services.stopping.is_set():
        _work_when_called(settings.redis_url, name)
        _listen_to_signals()
        # Only a stop or trouble with Redis brings us here. Redis only wakes: without it we look by ourselves.
        for kind in QUEUES[name]:
            if not services.stopping.is_set():
                work_through(kind)
        services.stopping.wait(settings.listen_seconds)
    services.close()
    return 0


def _work_when_called(redis_url: str, name: str) -> None:
    """Do what RQ calls for, until a stop or trouble with Redis; one that does not answer at once is not waited for."""
    if not redis_look.answers(redis_url, within=AN_ANSWER):
        log.warning("redis_away", error="no answer")
        return
    try:
        connection = connect(redis_url)
        worker = Worker(
            [queue(connection, name)], connection=connection, serializer=JSONSerializer, job_class=OnlyDrain
        )
        worker.redis_url = redis_url
        worker.work(logging_level="WARNING", with_scheduler=False)
    except RedisError as error:
        log.warning("redis_away", error=type(error).__name__)


def _listen_to_signals() -> None:
    """Ours whenever RQ is not waiting: nothing is broken off in the middle of a row."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: Program.services.stopping.set())


if __name__ == "__main__":
    # RQ imports this module by its name to find the job: it must be the same module, not a second copy of it.
    from worker.run import main as named_main

    sys.exit(named_main(sys.argv[1] if len(sys.argv) == 2 else ""))
