"""Indexes at hand: in memory as far as there is room, and as files that any process maps."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

import structlog

from rag.embedded import Embedded
from rag.index import Index, assemble
from rag.shelf import Key, Shelf

log = structlog.get_logger()

MEGABYTE = 1024 * 1024
MEMORY, DISK = 1024 * MEGABYTE, 4096 * MEGABYTE


class IndexCache:
    """Holds the indexes used last, of at most `max_bytes` together, keyed (tenant, knowledge-base version, engine); of
    each tenant's documents the version that was asked for last.

    With a `folder` each is also kept there, at most `max_disk_bytes` in all, and mapped from there: a process that
    starts reads it in a moment instead of building it, and processes on one machine share its memory. The rows in
    Postgres are the truth; a folder that is lost, damaged, full or read-only costs time only.
    """

    def __init__(self, folder: Path | None = None, *, max_bytes: int = MEMORY, max_disk_bytes: int = DISK) -> None:
        self._shelf = Shelf(folder, max_disk_bytes) if folder is not None and max_disk_bytes else None
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, Index] = OrderedDict()
        self._lock = Lock()
        self._building: dict[Key, Lock] = {}
        self._complained = False

    def get(
        self,
        tenant: str,
        version: str,
        engine: str,
        build: Callable[[], Index | Sequence[Embedded]],
        *,
        for_staff: bool = False,
    ) -> Index:
        """The index of this key, built when it is nowhere; who asks meanwhile waits instead of building it, too.

        `build` gives the index, or the documents that it is assembled from. Raises ValueError when it gives one with
        internal documents for customers.
        """
        key = Key(str(tenant), version, engine, for_staff)
        known = self._known(key)
        if known is not None:
            return known
        with self._lock:
            building = self._building.setdefault(key, Lock())
        with building:
            index = self._known(key) or self._from_shelf(key) or self._built(key, build)
            self._keep(key, index)
        with self._lock:
            self._building.pop(key, None)
        return index

    def forget(self, tenant: str) -> None:
        """Give up all that is kept of a tenant, in this process and on this machine's disk."""
        with self._lock:
            for key in [key for key in self._kept if key.tenant == str(tenant)]:
                del self._kept[key]
        if self._shelf is not None:
            self._shelf.forget(str(tenant))

    def __len__(self) -> int:
        return len(self._kept)

    def _known(self, key: Key) -> Index | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _from_shelf(self, key: Key) -> Index | None:
        return self._shelf.load(key) if self._shelf is not None else None

    def _built(self, key: Key, build: Callable[[], Index | Sequence[Embedded]]) -> Index:
        made = build()
        index = made if isinstance(made, Index) else assemble(made, key.engine, for_staff=key.for_staff)
        if index.facts.for_staff != key.for_staff:
            raise ValueError("An index for staff was built where one for customers was asked for, or the reverse.")
        if self._shelf is None:
            return index
        try:
            # The mapped form is one copy for all processes; what was built goes.
            return (self._shelf.save(key, index) and self._shelf.load(key)) or index
        except OSError as error:
            if not self._complained:
                self._complained = True
                log.warning("index_not_stored", tenant=key.tenant, reason=error.strerror)
            return index

    def _keep(self, key: Key, index: Index) -> None:
        """Instead of an earlier version of the same documents: nobody asks for what is no longer published."""
        with self._lock:
            for other in [other for other in self._kept if replace(other, version=key.version) == key]:
                del self._kept[other]
            self._kept[key] = index
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(one.nbytes for one in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)
