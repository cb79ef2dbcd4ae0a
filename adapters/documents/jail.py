"""HTML and PDF read in a child process that is killed when a document takes too long or too much."""

import json
import sys
import threading
import time
from dataclasses import dataclass

from adapters.confined import Child, ChildDied, TooSlow
from domain.errors import BadInput, TryAgain
from domain.ports import Converted

_START_SECONDS = 30.0
_DOCUMENTS_PER_CHILD = 200


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """For one document: seconds of wall clock, and bytes of address space of the child."""

    seconds: float = 60.0
    memory_bytes: int = 1024**3


class DocumentJail:
    """Implements `domain.ports.Converts`. One child, started at the first document; threads take turns."""

    def __init__(self, limits: DocumentLimits = DocumentLimits()) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._child: Child | None = None

    def convert(self, path: str, kind: str, content: bytes) -> Converted:
        """The readable text of one document of the kind html or pdf. Raises BadInput with one sentence."""
        with self._lock:
            answer = self._answer(path, kind.encode().ljust(8) + content)
        try:
            found = json.loads(answer)
            if "unreadable" in found:
                raise BadInput(path, str(found["unreadable"])[:500])
            return Converted(*(str(found[name]) for name in ("text", "title", "language", "url", "visibility")))
        except (ValueError, KeyError, TypeError) as strange:
            raise BadInput(path, "cannot be read: the reader gave no sensible answer.") from strange

    def close(self) -> None:
        """End the child. May be called twice."""
        with self._lock:
            self._drop()

    def _answer(self, path: str, request: bytes) -> bytes:
        child = self._living_child()
        deadline = time.monotonic() + self._limits.seconds
        answer = b""
        try:
            child.send(request, deadline)
            answer = child.receive(deadline)
        except TooSlow as slow:
            raise BadInput(path, f"takes longer than {self._limits.seconds:.0f} s to read.") from slow
        except ChildDied as dead:
            raise BadInput(path, "needs too much memory or time to read, or is damaged.") from dead
        finally:
            # A child that still works on one document would answer the next with it.
            if not answer or child.asked >= _DOCUMENTS_PER_CHILD:
                self._drop()
        return answer

    def _living_child(self) -> Child:
        if self._child is not None and not self._child.alive:
            self._drop()
        if self._child is None:
            limits = (str(self._limits.memory_bytes), str(self._limits.seconds))
            child = Child((sys.executable, "-m", "adapters.documents.child", *limits))
            try:
                child.receive(time.monotonic() + _START_SECONDS)
            except (ChildDied, TooSlow) as trouble:
                child.kill()
                raise TryAgain("The process that reads documents does not start.") from trouble
            self._child = child
        return self._child

    def _drop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None
