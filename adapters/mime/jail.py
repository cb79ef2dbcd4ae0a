"""Parsing in a child process that is killed when a mail takes too long or too much (RELIABILITY.md, section 5)."""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from adapters.mime.wire import from_json
from domain.errors import TryAgain, Unreadable
from domain.message import Message
from domain.triage import MAX_BYTES

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 30.0
_MAX_ANSWER = 64 * 1024 * 1024
_MAILS_PER_CHILD = 2000  # a fresh child now and then, so that memory lost to fragments comes back


class _ChildDied(Exception):
    """The child closed its pipe."""


class _TooSlow(Exception):
    """The deadline passed."""


@dataclass(frozen=True, slots=True)
class JailLimits:
    """For one mail: seconds of wall clock, seconds of processor, bytes of address space of the child.

    Each megabyte of the mail adds `seconds_per_megabyte` to both times: 25 MB of attachments take a second honestly.
    """

    deadline_seconds: float = 2.0
    cpu_seconds: float = 3.0
    seconds_per_megabyte: float = 0.2
    memory_bytes: int = 1024**3


class Jail:
    """One child, started at the first mail and replaced when it dies. Threads take turns; `close` ends it."""

    def __init__(self, limits: JailLimits = JailLimits(), command: tuple[str, ...] = ()) -> None:
        self._limits = limits
        self._command = command or (
            sys.executable,
            "-m",
            "adapters.mime.jail_child",
            str(limits.memory_bytes),
            str(limits.cpu_seconds),
            str(limits.seconds_per_megabyte),
        )
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._closed = False

    def read(self, raw: bytes) -> Message:
        """Parse one mail. Raises Unreadable with the reason, or TryAgain when no child can be started."""
        if len(raw) > MAX_BYTES:
            raise Unreadable(f"The mail is larger than {MAX_BYTES // 1024 // 1024} MB.")
        with self._lock:
            if self._closed:
                raise ValueError("The jail is closed.")
            answer = self._answer(raw)
        return _understood(answer)

    def close(self) -> None:
        """End the child. May be called twice."""
        with self._lock:
            self._closed = True
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _living_child(self) -> "_Child":
        if self._child is not None and (not self._child.alive or self._child.mails >= _MAILS_PER_CHILD):
            self._drop()
        if self._child is None:
            child = _Child(self._command)
            try:
                child.receive(time.monotonic() + _START_SECONDS)
            except (_ChildDied, _TooSlow) as trouble:
                child.kill()
                raise TryAgain("The process that reads mails does not start.") from trouble
            self._child = child
        return self._child

    def _answer(self, raw: bytes) -> bytes:
        child = self._living_child()
        try:
            return self._ask(child, raw)
        except _ChildDied:
            # It may have died of something else: of an earlier mail, or with the thread that started it.
            if child.mails > 1:
                with contextlib.suppress(_ChildDied):
                    return self._ask(self._living_child(), raw)
        raise Unreadable("Reading the mail needed too much memory or time, or broke the parser.")

    def _ask(self, child: "_Child", raw: bytes) -> bytes:
        seconds = self._limits.deadline_seconds + self._limits.seconds_per_megabyte * len(raw) / 1_000_000
        deadline = time.monotonic() + seconds
        answer = b""
        try:
            child.send(raw, deadline)
            answer = child.receive(deadline)
        except _TooSlow as slow:
            raise Unreadable(f"Reading the mail took longer than {seconds:.1f} s.") from slow
        finally:
            # A child that still works on one mail would answer the next with it.
            if not answer:
                self._drop()
        return answer

    def _drop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


class _Child:
    """The process and its two pipes. Every wait has a deadline on the monotonic clock."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.mails = 0
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
        self.mails += 1
        rest = memoryview(len(raw).to_bytes(4) + raw)
        while rest:
            _wait(self._to, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._to.fileno(), rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as broken:
                raise _ChildDied from broken

    def receive(self, deadline: float) -> bytes:
        size = int.from_bytes(self._take(4, deadline))
        if size > _MAX_ANSWER:
            raise _ChildDied
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
                raise _ChildDied
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
        raise _TooSlow


def _understood(answer: bytes) -> Message:
    try:
        found = json.loads(answer)
        if "unreadable" in found:
            raise Unreadable(str(found["unreadable"])[:500])
        return from_json(found)
    except (ValueError, KeyError, TypeError) as strange:
        raise Unreadable("The parser gave an answer that cannot be understood.") from strange
