"""The one language model of this process, with what was learnt of it: what works, and until when it rests."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from adapters.llm.model import METHODS, ChatModel, Choice

LONGEST_REST = timedelta(minutes=15)


class LanguageModel:
    """Shared by all tenants and threads. Times are those of `clock`, in seconds."""

    def __init__(self, choice: Choice, clock: Callable[[], float] = time.monotonic) -> None:
        self.choice = choice
        self._clock = clock
        self._chat: ChatModel | None = None
        self._works = ""
        self._rests_until = 0.0
        self._failures = 0
        self._lock = threading.Lock()

    @property
    def chat(self) -> ChatModel:
        """Made when it is first asked, which imports the one vendor's client. Raises our own errors."""
        with self._lock:
            if self._chat is None:
                self._chat = ChatModel(self.choice)
            return self._chat

    def methods(self) -> list[str]:
        """The ladder, the method that worked last before all others."""
        return sorted(METHODS[self.choice.provider], key=lambda one: one != self._works)

    def worked(self, method: str) -> None:
        with self._lock:
            self._works, self._failures = method, 0

    @property
    def rests(self) -> bool:
        return self._clock() < self._rests_until

    def rest(self, wait: timedelta) -> None:
        """Ask nothing for a while, longer each time: a vendor in trouble must not cost time for each mail."""
        with self._lock:
            if self.rests:
                return
            longest = max(LONGEST_REST, wait)
            self._rests_until = self._clock() + min(wait * 2**self._failures, longest).total_seconds()
            self._failures = min(self._failures + 1, 10)
