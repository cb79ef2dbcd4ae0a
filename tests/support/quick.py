"""Whether something is quick: the processor's time of the best try, since others work on the machine, too."""

import time
from collections.abc import Callable

TRIES = 9


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
