"""The wake-up calls: one RQ job, `drain(kind)`, carrying nothing but the kind of work."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from storage.due import Kind

log = structlog.get_logger()

# The brain loads the models; io never imports one.
QUEUES: dict[str, tuple[Kind, ...]] = {
    "io": (
        Kind.SYNC,
        Kind.FETCH,
        Kind.DELIVER,
        Kind.LABEL,
        Kind.REVOKE,
        Kind.INCIDENTS,
        Kind.ACT,
        Kind.TICKET,
        Kind.REMIND,
    ),
    "brain": (Kind.LEARN, Kind.PROCESS, Kind.TRIAL, Kind.INDEX, Kind.GAPS),
}
QUEUE_OF = {kind: queue for queue, kinds in QUEUES.items() for kind in kinds}

# As the job names it; the worker refuses every other name.
DRAIN = "worker.run.drain_job"

# A second waiting call for one kind of work says nothing new, and would be a second turn of it before the others have
# theirs. Several workers are kept busy all the same: who takes a call makes room for the next.
ENOUGH = 1

# Seconds that a call waits for its turn: longer than a round in which everybody talks to a slow system. One that ran
# out keeps its place, so that no other is made, and calls nobody when that comes up.
PATIENT = 600


class OnlyDrain(Job):
    """A job that can call one function and nothing after it. RQ would run whatever names stand in Redis."""

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name != DRAIN or len(self.args) != 1 or self.kwargs or self.args[0] not in list(Kind):
            log.warning("job_refused", queue=self.origin if self.origin in QUEUES else "")
            raise PermissionError("This queue runs no such job.")
        from worker.run import drain_job

        return drain_job


def connect(redis_url: str, *, hurried: bool = False) -> Redis:
    """A connection to Redis; a hurried one gives up at once, for whoever only leaves a hint."""
    if hurried:
        return Redis.from_url(redis_url, socket_timeout=0.2, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    return Redis.from_url(redis_url, socket_connect_timeout=5)


def queue(connection: Redis, name: str) -> Queue:
    return Queue(name, connection=connection, serializer=JSONSerializer, job_class=OnlyDrain)


class Waker:
    """Leaves wake-up calls. Losing one loses no mail, so that trouble with Redis is noted and passed over."""

    def __init__(self, redis_url: str) -> None:
        self._connection = connect(redis_url, hurried=True)
        self._quiet = False

    def __call__(self, kind: Kind) -> None:
        self.wake([kind])

    def wake(self, kinds: Iterable[Kind]) -> None:
        """One call for each kind of work, unless plenty are waiting for that kind. None keeps another asleep."""
        try:
            for kind in kinds:
                target = queue(self._connection, QUEUE_OF[kind])
                waiting = sum(job_id.startswith(f"{kind}-") for job_id in target.get_job_ids())
                if waiting < ENOUGH:
                    # Neither result nor failure is kept: rows tell the state, and a kept job would be a copy of it.
                    target.enqueue(
                        DRAIN,
                        kind.value,
                        job_id=f"{kind}-{uuid4().hex}",
                        job_timeout=-1,
                        result_ttl=0,
                        failure_ttl=0,
                        ttl=PATIENT,
                    )
            self._quiet = False
        except RedisError as error:
            if not self._quiet:
                log.warning("redis_away", error=type(error).__name__)
            self._quiet = True
