"""What glibc's allocator keeps of memory that was freed."""

import ctypes
from contextlib import suppress

# mallopt(3).
_M_MMAP_THRESHOLD = -3
_LARGE = 256 * 1024


def give_large_blocks_back() -> None:
    """Have glibc return what was allocated in blocks of 256 KiB and more as soon as it is freed.

    By itself it keeps such blocks, up to 32 MiB, once for each thread that ever asked for one, and what is asked for
    meanwhile comes to lie between them: a program of a few threads grows for hours, though it uses no more.
    """
    with suppress(AttributeError):  # another libc does not keep them
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
