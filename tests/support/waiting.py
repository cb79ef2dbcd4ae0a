"""Wait in a test for something that another process or thread brings about."""

import threading
import time
from collections.abc import Callable
from multiprocessing.dummy import DummyProcess

from adapters.pinned_http import Limits

# Of a call out: as long as a busy machine may want.
PATIENT = Limits(connect_s=30.0, read_s=30.0, total_s=60.0)


def until(condition: Callable[[], object], within: float = 60.0) -> None:
    """Return as soon as `condition()` holds; fail the test when it does not within so many seconds."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"this did not come true within {within:.0f} s"
        pause.wait(0.02)


def let_go(stopping: threading.Event, is_over: Callable[[], object]) -> None:
    """End what a sandbox is slow with on purpose, which waits for its `stopping`; return when it is over."""
    stopping.set()
    try:
        until(is_over)
    finally:
        stopping.clear()


def nothing_runs_on() -> bool:
    """Whether of what was asked side by side nothing is left that would come to the next test."""
    return not any(isinstance(thread, DummyProcess) for thread in threading.enumerate())
