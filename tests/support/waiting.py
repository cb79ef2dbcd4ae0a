"""Wait in a test for something that another process or thread brings about."""

import threading
import time
from collections.abc import Callable


def until(condition: Callable[[], object], within: float = 60.0) -> None:
    """Return as soon as `condition()` holds; fail the test when it does not within so many seconds."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"this did not come true within {within:.0f} s"
        pause.wait(0.02)
