"""Who may use a server's directory: one program at a time, and only after the server of the last one has ended."""

import fcntl
import os
import time
from pathlib import Path

from domain.errors import NeedsPerson, TryAgain

PROGRAM = "program.lock"
SERVER = "server.lock"
EARLIER_SERVER = 60.0  # seconds that a killed server and its children have to notice and end


def claim(path: Path, directory: Path) -> int:
    """The descriptor that keeps `directory` ours until it is closed or we end; refused when another program has it."""
    lock = _open(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
        os.close(lock)
        raise NeedsPerson(
            f"{directory} is in use by another running program (process {holder or 'unknown'}); stop that one first"
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def wait_for_last(path: Path, name: str, within: float) -> int:
    """The lock that a server and its children inherit, taken when the last of an earlier server has ended.

    A server whose program was killed needs a second to shut down. One that was killed itself leaves children who still
    hold its memory ("pre-existing shared memory block is still in use"). So wait, at most `within` seconds.
    """
    lock = _open(path)
    deadline = time.monotonic() + within
    pause = 0.02
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(lock)
                raise TryAgain(f"an earlier {name} has not ended within {within:.0f} s (lock {path})") from None
        else:
            return lock
        time.sleep(pause)
        pause = min(pause * 2, 1.0)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
