"""Whether something is quick: the processor's time of the best try, since others work on the machine, too."""

import threading
import time
from collections.abc import Callable

TRIES = 9
# Seconds of the plain loop on the machine that the limits were written on.
PLAIN_LOOP = 0.005


def slowness(loop: Callable[[], object] | None = None) -> float:
    """How many times as long as there a plain loop takes here and now, at least 1: a limit in seconds is times this."""
    return max(1.0, min(seconds_of(loop or _plain_loop) for _ in range(5)) / PLAIN_LOOP)


def seconds_of(do: Callable[[], object]) -> float:
    began = time.process_time()
    do()
    return time.process_time() - began


def best(do: Callable[[], object], *, below: float, tries: int = TRIES) -> float:
    """The seconds of the quickest of several tries; no more are made when one was below the limit."""
    quickest = seconds_of(do)
    for _ in range(tries - 1):
        if quickest < below:
            break
        quickest = min(quickest, seconds_of(do))
    return quickest


def seconds_in_a_thread(do: Callable[[], object], *, within: float = 600.0) -> float:
    """The same of what may never end: after so many seconds by the clock it is left behind, and took for ever."""
    took = [float("inf")]

    def run() -> None:
        began = time.thread_time()
        do()
        took[0] = time.thread_time() - began

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(within)
    return took[0]


def _plain_loop() -> int:
    total = 0
    for number in range(200_000):
        total += number % 7
    return total
