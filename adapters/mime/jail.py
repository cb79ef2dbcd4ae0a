"""Parsing in a child process that is killed when a mail takes too long or too much (RELIABILITY.md, section 5)."""

import contextlib
import json
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from adapters.confined import Child, ChildDied, TooSlow
from adapters.mime.wire import from_json
from domain.errors import TryAgain, Unreadable
from domain.message import Message
from domain.triage import MAX_BYTES

_START_SECONDS = 30.0
_MAILS_PER_CHILD = 2000  # a fresh child now and then, so that memory lost to fragments comes back


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
        self._child: Child | None = None
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

    def _living_child(self) -> Child:
        if self._child is not None and (not self._child.alive or self._child.asked >= _MAILS_PER_CHILD):
            self._drop()
        if self._child is None:
            child = Child(self._command)
            try:
                child.receive(time.monotonic() + _START_SECONDS)
            except (ChildDied, TooSlow) as trouble:
                child.kill()
                raise TryAgain("The process that reads mails does not start.") from trouble
            self._child = child
        return self._child

    def _answer(self, raw: bytes) -> bytes:
        # The first may have died of something else: of an earlier mail, with the thread that started it, or killed.
        for _ in range(2):
            with contextlib.suppress(ChildDied):
                return self._ask(self._living_child(), raw)
        raise Unreadable("Reading the mail needed too much memory or time, or broke the parser.")

    def _ask(self, child: Child, raw: bytes) -> bytes:
        seconds = self._limits.deadline_seconds + self._limits.seconds_per_megabyte * len(raw) / 1_000_000
        deadline = time.monotonic() + seconds
        answer = b""
        try:
            child.send(raw, deadline)
            answer = child.receive(deadline)
        except TooSlow as slow:
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


def _understood(answer: bytes) -> Message:
    try:
        found = json.loads(answer)
        if "unreadable" in found:
            raise Unreadable(str(found["unreadable"])[:500])
        return from_json(found)
    except (ValueError, KeyError, TypeError) as strange:
        raise Unreadable("The parser gave an answer that cannot be understood.") from strange
