"""The listener: every second or so, ask Postgres what is due and wake the workers. It works on nothing itself."""

import signal
import sys
import threading

import structlog

from adapters import logs
from bootstrap import build
from domain.errors import TryAgain
from settings import read_or_exit
from storage import due
from worker.jobs import Waker

log = structlog.get_logger()


def main() -> int:
    settings = read_or_exit("listener")
    logs.configure(settings.log_level)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    services, waker = build(settings), Waker(settings.redis_url)
    log.info("listener_ready")
    wait = settings.listen_seconds
    while not stopping.wait(wait):
        try:
            with services.listener_database.without_tenant() as db:
                kinds = due.kinds_due(db)
            wait = settings.listen_seconds
        except TryAgain as error:
            # Back off while Postgres is away, and come back by ourselves.
            wait = min(wait * 2, 30.0)
            log.warning("postgres_away", error=error.reason, next_look_seconds=wait)
            continue
        waker.wake(kinds)
    services.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
