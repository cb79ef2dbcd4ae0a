"""Whose turn it is: the tenant that has waited longest since its last batch, and how long a turn lasts."""

import threading
import time
from collections.abc import Sequence
from uuid import UUID

from storage.due import Kind

# In io every stage of every mail's way stands in one line: a call works on for this many seconds, then lines up again.
# In the brain only `process` is on that way, and its lanes wait for one another whenever a call ends.
TURN, THINKING_TURN = 1.0, 20.0

# A call asks again who has something due after this many seconds, so that who came meanwhile is heard.
ASK_AGAIN = 1.0

# A batch that talks to a slow system gives the rest of its rows back after this many seconds.
LONGEST_BATCH = 5.0


def turn_of(kind: Kind) -> float:
    """How many seconds one call goes on while there is work of this kind."""
    return THINKING_TURN if kind is Kind.PROCESS else TURN


class Turns:
    """When each tenant had its last batch of each kind; shared by the lanes of one process, and forgotten with it.

    Each worker keeps its own. One that begins anew knows of nobody, and everybody has waited equally long.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[Kind, UUID], float] = {}
        self._lock = threading.Lock()

    def in_order(self, kind: Kind, tenants: Sequence[UUID]) -> list[UUID]:
        """Those who had their last batch longest ago first; among equals the order they came in."""
        with self._lock:
            return sorted(tenants, key=lambda tenant: self._last.get((kind, tenant), 0.0))

    def take(self, kind: Kind, tenant: UUID) -> None:
        """The tenant's batch begins now, whatever comes of it."""
        with self._lock:
            self._last[kind, tenant] = time.monotonic()
