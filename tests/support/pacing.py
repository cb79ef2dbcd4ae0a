"""Stop a thread at a chosen place: before a statement, a commit or a call to the outside. There it dies, or waits."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import event

from storage.database import Database
from tests.support.kills import Killed

PATIENCE = 30.0

_here = threading.local()


@dataclass
class Stop:
    """Comes true at the `at`-th place that its thread passes; `dies` there, or waits until it may go on."""

    at: int
    dies: bool = True
    places: list[str] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def pass_by(self, place: str) -> None:
        self.places.append(place)
        if len(self.places) != self.at:
            return
        if self.dies:
            raise Killed(place)
        self.reached.set()
        assert self.goes_on.wait(PATIENCE), "nobody let it go on"


@contextmanager
def stopping(stop: Stop) -> Iterator[Stop]:
    """Within the block this thread passes the places of `stop`."""
    _here.stop = stop
    try:
        yield stop
    finally:
        del _here.stop


def pass_by(place: str) -> None:
    stop = getattr(_here, "stop", None)
    if stop is not None:
        stop.pass_by(place)


class PacedDatabase(Database):
    """Each statement and each commit is a place."""

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=8)
        event.listen(self._engine, "before_cursor_execute", lambda *_: pass_by("before a statement"))
        event.listen(self._engine, "commit", lambda *_: pass_by("before a commit"))


class PacedPort:
    """A port to the outside: before and after each call is a place."""

    def __init__(self, port) -> None:
        self._port = port

    def __getattr__(self, name):
        call = getattr(self._port, name)

        def paced(*args, **kwargs):
            pass_by(f"before {name}")
            answer = call(*args, **kwargs)
            pass_by(f"after {name}")
            return answer

        return paced


def meanwhile(
    first: Callable[[], object], second: Callable[[], object], at: int, somebody_waits: Callable[[], bool]
) -> list[BaseException]:
    """Let `second` happen while `first` stands at its `at`-th place, its transaction open; then `first` goes on.

    Where `second` needs what `first` has locked, it waits there until `first` is through. Returns what they raised.
    """
    stop = Stop(at, dies=False)
    with ThreadPoolExecutor(2) as pool:
        try:
            one = pool.submit(_paced, stop, first)
            one.add_done_callback(lambda _: stop.reached.set())
            assert stop.reached.wait(PATIENCE), "the first neither stopped nor ended"
            two, ended = pool.submit(second), threading.Event()
            two.add_done_callback(lambda _: ended.set())
            while not ended.wait(0.003) and not somebody_waits():
                pass
        finally:
            stop.goes_on.set()
        return [error for error in (_raised(one), _raised(two)) if error is not None]


def _paced(stop: Stop, act: Callable[[], object]) -> None:
    with stopping(stop):
        act()


def _raised(future: Future) -> BaseException | None:
    return future.exception(PATIENCE)
