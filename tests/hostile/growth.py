"""Whether something takes time in proportion to what it is given."""

import time
from collections.abc import Callable

# Below this a clock of the processor says little.
TELLING = 0.03
# Twice as much may take twice as long, and a cache that is full, or a table that has grown, a little more. What takes
# the square of it takes four times as long.
TWICE = 3.0


def seconds(work: Callable[[str], object], given: str) -> float:
    """Of the processor, so that whatever else this machine does is not counted."""
    begun = time.process_time()
    work(given)
    return time.process_time() - begun


def grows_too_fast(work: Callable[[str], object], make: Callable[[int], str], size: int) -> str:
    """What is wrong, in words, or nothing: twice as much is looked at only where it takes time at all.

    The least of three counts on both sides: a collection of garbage in between is not the text's.
    """
    if seconds(work, make(size)) < TELLING:
        return ""
    small, large = (min(seconds(work, make(one)) for _ in range(3)) for one in (size, 2 * size))
    if large <= TELLING or large <= TWICE * small:
        return ""
    return f"{small:.3f} s for {size} characters, {large:.3f} s for twice as many"
