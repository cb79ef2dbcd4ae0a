"""Indexes kept in memory, the least recently used given up first."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from rag.index import Index

Key = tuple[str, str, str]


class IndexCache:
    """Holds indexes of at most `max_passages` passages together, keyed (tenant, knowledge-base version, engine)."""

    def __init__(self, max_passages: int = 200_000) -> None:
        self._max_passages = max_passages
        self._kept: OrderedDict[Key, Index] = OrderedDict()
        self._lock = Lock()
        self._building = Lock()

    def get(self, tenant: str, version: str, engine: str, build: Callable[[], Index]) -> Index:
        """The index of this key, built when it is not there; who asks meanwhile waits instead of building it, too."""
        key = (tenant, version, engine)
        known = self._known(key)
        if known is not None:
            return known
        with self._building:
            index = self._known(key) or build()
        with self._lock:
            self._kept[key] = index
            while len(self._kept) > 1 and sum(len(one.passages) for one in self._kept.values()) > self._max_passages:
                self._kept.popitem(last=False)
        return index

    def _known(self, key: Key) -> Index | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def __len__(self) -> int:
        return len(self._kept)
