"""The heads that this process has at hand: the newest of each tenant, and of few tenants at once."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from understanding.head import Head

MOST_TENANTS = 32


class Heads:
    """Bounded and safe among threads. A head is replaced as a whole by one of another version, never changed."""

    def __init__(self, most: int = MOST_TENANTS) -> None:
        self._most = most
        self._known: OrderedDict[str, tuple[int, Head | None]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tenant: str, version: int, load: Callable[[], Head | None]) -> Head | None:
        """The tenant's head of this version (0: it has none), loaded when another one is at hand."""
        if version == 0:
            with self._lock:
                self._known.pop(tenant, None)
            return None
        with self._lock:
            found = self._known.get(tenant)
            if found is not None and found[0] == version:
                self._known.move_to_end(tenant)
                return found[1]
        # Loaded without the lock: two threads may load one head, which costs a moment and harms nobody.
        head = load()
        with self._lock:
            self._known[tenant] = (version, head)
            self._known.move_to_end(tenant)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return head

    def __len__(self) -> int:
        return len(self._known)
