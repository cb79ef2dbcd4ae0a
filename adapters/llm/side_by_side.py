"""Do several slow things at once, and wait for none of them beyond a deadline."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from multiprocessing.pool import ThreadPool
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

AT_ONCE = 4


def side_by_side(
    do: Callable[[Given], Made], given: Sequence[Given], *, seconds: float, at_once: int = AT_ONCE
) -> list[Made | None]:
    """What `do` made of each, in their order; None where it was not ready after `seconds`, or was not begun.

    What is still running then ends by itself in its thread, which does not keep the program from ending; nobody looks
    at its outcome any more. An error of `do` is raised here.
    """
    if not given:
        return []
    until = time.monotonic() + seconds
    pool = ThreadPool(min(at_once, len(given)))
    try:
        begun = [pool.apply_async(do, (one,)) for one in given]
        made: list[Made | None] = []
        for one in begun:
            try:
                made.append(one.get(max(until - time.monotonic(), 0)))
            except multiprocessing.TimeoutError:
                made.append(None)
        return made
    finally:
        pool.terminate()
