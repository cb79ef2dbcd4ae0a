"""Indexes at hand: in memory as far as there is room, and as files that any process maps."""

import time
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

# Seconds until an index that could not be put on the disk is tried to be put there again.
AGAIN_S = 300.0


def _nobody(_: str) -> None:
    """Who does not ask is not told."""


class IndexCache:
    """Holds the indexes used last, of at most `max_bytes` together, keyed (tenant, knowledge-base version, engine); of
    each tenant's documents the version that was asked for last.

    With a `folder` each is also kept there, at most `max_disk_bytes` in all, and mapped from there: a process that
    starts reads it in a moment instead of building it, and processes on one machine share its memory. The rows in
    Postgres are the truth; a folder that is lost, damaged, full or read-only costs time only. What could not be kept
    there is tried again now and then, by whoever asks for it. Times are those of `clock`, in seconds.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        max_bytes: int = MEMORY,
        max_disk_bytes: int = DISK,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf = Shelf(folder, max_disk_bytes) if folder is not None and max_disk_bytes else None
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, Index] = OrderedDict()
        self._lock = Lock()
        self._building: dict[Key, Lock] = {}
        self._complained = False
        self._clock = clock
        self._try_at: dict[Key, float] = {}

    def get(
        self,
        tenant: str,
        version: str,
        engine: str,
        build: Callable[[], Index | Sequence[Embedded]],
        *,
        for_staff: bool = False,
        told: Callable[[str], None] = _nobody,
    ) -> Index:
        """The index of this key, built when it is nowhere; who asks meanwhile waits instead of building it, too.

        `build` gives the index, or the documents that it is assembled from. `told` hears why it cannot be kept on the
        disk, in a sentence, or an empty text once it is there. Raises ValueError when `build` gives one with internal
        documents for customers.
        """
        key = Key(str(tenant), version, engine, for_staff)
        known = self._known(key)
        if known is not None:
            return self._stored(key, known, told) if self._due(key) else known
        with self._lock:
            building = self._building.setdefault(key, Lock())
        with building:
            index = self._known(key) or self._from_shelf(key, told)
            if index is None:
                index = self._stored(key, self._built(key, build), told)
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

    def _due(self, key: Key) -> bool:
        """Whether it is not on the disk and is to be tried again now; only one of those who ask at once does so."""
        with self._lock:
            if self._try_at.get(key, float("inf")) > self._clock():
                return False
            self._try_at[key] = self._clock() + AGAIN_S
            return True

    def _from_shelf(self, key: Key, told: Callable[[str], None]) -> Index | None:
        found = self._shelf.load(key) if self._shelf is not None else None
        if found is not None:
            told("")
        return found

    def _built(self, key: Key, build: Callable[[], Index | Sequence[Embedded]]) -> Index:
        made = build()
        index = made if isinstance(made, Index) else assemble(made, key.engine, for_staff=key.for_staff)
        if index.facts.for_staff != key.for_staff:
            raise ValueError("An index for staff was built where one for customers was asked for, or the reverse.")
        return index

    def _stored(self, key: Key, index: Index, told: Callable[[str], None]) -> Index:
        """The index, on the disk if that is possible: the mapped form is one copy for all processes."""
        if self._shelf is None:
            return index
        try:
            mapped = (self._shelf.save(key, index) and self._shelf.load(key)) or index
        except OSError as error:
            reason = error.strerror or "it could not be written whole"
            if not self._complained:
                self._complained = True
                log.warning("index_not_stored", tenant=key.tenant, reason=reason)
            with self._lock:
                self._try_at[key] = self._clock() + AGAIN_S
            told(f"The disk says: {reason}.")
            return index
        with self._lock:
            self._try_at.pop(key, None)
            if key in self._kept:
                self._kept[key] = mapped
        self._complained = False
        told("")
        return mapped

    def _keep(self, key: Key, index: Index) -> None:
        """Instead of an earlier version of the same documents: nobody asks for what is no longer published."""
        with self._lock:
            for other in [other for other in self._kept if replace(other, version=key.version) == key]:
                del self._kept[other]
            self._kept[key] = index
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(one.nbytes for one in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)
