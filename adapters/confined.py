"""A child process that is fed hostile bytes through pipes, with a deadline for every wait."""

import contextlib
import os
import select
import subprocess
import time
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).resolve().parent.parent
_MAX_ANSWER = 64 * 1024 * 1024


class ChildDied(Exception):
    """The child closed its pipe."""


class TooSlow(Exception):
    """The deadline passed."""


class Child:
    """The process and its two pipes. Every wait has a deadline on the monotonic clock."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.asked = 0
        # No setting and no secret of ours reaches a process that reads hostile bytes.
        environment = {"PYTHONPATH": str(_ROOT), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env=environment
        )
        self._to, self._from = _pipe(self._process.stdin), _pipe(self._process.stdout)
        os.set_blocking(self._to.fileno(), False)
        os.set_blocking(self._from.fileno(), False)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, raw: bytes, deadline: float) -> None:
        self.asked += 1
        rest = memoryview(len(raw).to_bytes(4) + raw)
        while rest:
            _wait(self._to, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._to.fileno(), rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as broken:
                raise ChildDied from broken

    def receive(self, deadline: float) -> bytes:
        size = int.from_bytes(self._take(4, deadline))
        if size > _MAX_ANSWER:
            raise ChildDied
        return self._take(size, deadline)

    def _take(self, size: int, deadline: float) -> bytes:
        pieces: list[bytes] = []
        while size:
            _wait(self._from, select.POLLIN, deadline)
            try:
                piece = os.read(self._from.fileno(), min(size, 1 << 20))
            except BlockingIOError:
                continue
            if not piece:
                raise ChildDied
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._to.close()
        self._from.close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _wait(stream: IO[bytes], event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(stream, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TooSlow
