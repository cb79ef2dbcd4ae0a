"""Indexes as files on the local disk: a cache that any process may fill, map, distrust and throw away."""

import contextlib
import fcntl
import json
import math
import os
import re
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import structlog

from rag.index import Facts, Index
from rag.library import SHAPE

log = structlog.get_logger()

# To be raised with every change of what the arrays mean: older files are then built anew from the rows.
FORMAT = 3
HEADER, ARRAYS = "header.json", "arrays"
ALIGNED = 64  # bytes: where each array begins in its file
# A folder that is being filled, or being removed.
_BUILDING = ".building-"


@dataclass(frozen=True, slots=True)
class Key:
    """Whose index, of which version of the documents, made by which engine; for customers or for staff."""

    tenant: str
    version: str
    engine: str
    for_staff: bool = False


class Shelf:
    """One folder for each index, `<tenant>/<version>-<engine>-<digest>`, at most `max_bytes` in all.

    A folder appears under its name in one step and is never changed afterwards, so that a reader sees all of it or
    nothing, and one who has mapped it keeps it after it was removed. What is damaged is removed. Nothing is pickled.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes

    def load(self, key: Key) -> Index | None:
        """The index of this key, mapped; None where there is none that can be trusted."""
        place = self._place(key)
        if not place.is_dir():
            # Asked first: one that another process puts there in the meantime is not damaged.
            return None
        try:
            header = _header(place, key)
            octets = _mapped(place / ARRAYS)
            arrays = {name: _array(octets, name, wanted) for name, wanted in header["arrays"].items()}
            index = Index(arrays, Facts(**{**header["facts"], "languages": tuple(header["facts"]["languages"])}))
        except (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError) as error:
            if place.exists():
                log.warning("index_file_discarded", tenant=key.tenant, reason=str(error))
                _remove(place)
            return None
        with contextlib.suppress(OSError):
            # The time of the last use: what was not used for longest goes first.
            os.utime(place)
        return index

    def save(self, key: Key, index: Index) -> bool:
        """Whether it is on the shelf now, put there by us or by another process. Raises OSError, as of a full disk."""
        place = self._place(key)
        if index.nbytes > self._max_bytes:
            return False
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        with _new_folder(place.parent) as new:
            try:
                _write(new, key, index)
                with contextlib.suppress(OSError):
                    # Another process was quicker; what it made is as good as ours.
                    new.rename(place)
            finally:
                _remove(new)
        self._make_room(keep=place)
        return place.is_dir()

    def forget(self, tenant: str) -> None:
        """Remove all that is kept of a tenant."""
        _remove(self._folder / str(UUID(tenant)))

    def _place(self, key: Key) -> Path:
        # Only a UUID and our own letters ever become a path. Raises ValueError for a tenant that is none.
        digest = sha256(json.dumps(asdict(key)).encode()).hexdigest()[:24]
        names = [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24] for name in (key.version, key.engine)]
        return self._folder / str(UUID(key.tenant)) / "-".join([*filter(None, names), digest])

    def _make_room(self, keep: Path) -> None:
        """Remove what was not used for longest, and what a process left behind that died while it built."""
        kept = []
        for place in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                if place.name.startswith(_BUILDING):
                    _remove_abandoned(place)
                elif place != keep:
                    kept.append((place.stat().st_mtime_ns, place, _size(place)))
        total = _size(keep) + sum(size for _, _, size in kept)
        for _, place, size in sorted(kept):
            if total <= self._max_bytes:
                break
            _remove(place)
            total -= size


def _header(place: Path, key: Key) -> Mapping[str, Any]:
    """What stands in the header, if it is whole and of this key; raises what is wrong with it."""
    text = (place / HEADER).read_text(encoding="utf-8")
    check, _, rest = text.partition("\n")
    header: Mapping[str, Any] = json.loads(rest)
    if int(check) != zlib.crc32(rest.encode()) or header["key"] != asdict(key):
        raise ValueError("the header is not what was written")
    if (header["format"], header["shape"]) != (FORMAT, SHAPE):
        raise ValueError("the header is of another format")
    if header["facts"]["for_staff"] != key.for_staff or header["facts"]["engine"] != key.engine:
        raise ValueError("the index is another one")
    return header


def _write(folder: Path, key: Key, index: Index) -> None:
    """All arrays in one file: a map holds its file open, and an index has more than a hundred of them."""
    described, end = {}, 0
    with (folder / ARRAYS).open("wb") as file:
        for name, array in sorted(index.arrays.items()):
            if array.dtype.hasobject:
                raise ValueError(f"{name} holds objects, which no file can")
            begins = -(-end // ALIGNED) * ALIGNED if array.nbytes else end
            file.write(bytes(begins - end))
            file.write(_octets(array))
            end = begins + array.nbytes
            described[name] = [begins, array.dtype.str, list(array.shape), _checksum(array)]
    header = {"format": FORMAT, "shape": SHAPE, "key": asdict(key), "facts": asdict(index.facts), "arrays": described}
    rest = json.dumps(header)
    (folder / HEADER).write_text(f"{zlib.crc32(rest.encode())}\n{rest}", encoding="utf-8")


def _mapped(file: Path) -> Any:
    """The bytes of the file, read-only."""
    # Nothing cannot be mapped.
    octets = np.memmap(file, np.uint8, mode="r") if file.stat().st_size else np.frombuffer(b"", np.uint8)
    # A plain view of the map: numpy's own class costs a microsecond in each operation.
    return np.asarray(octets).view(np.ndarray)


def _array(octets: Any, name: str, wanted: tuple[int, str, list[int], int]) -> Any:
    """One array of the file. Raises ValueError where it is not what the header says."""
    begins, written, shape, checksum = wanted
    dtype = np.dtype(written)
    if dtype.hasobject:
        raise ValueError(f"{name} holds objects")
    array = octets[begins : begins + math.prod(shape) * dtype.itemsize].view(dtype).reshape(shape)
    if _checksum(array) != checksum:
        raise ValueError(f"{name} is damaged")
    return array


def _checksum(array: Any) -> int:
    return zlib.crc32(_octets(array))


def _octets(array: Any) -> Any:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.iterdir())


def _remove(place: Path) -> None:
    """Take a folder away in one step, so that nobody reads half of it."""
    gone = place.with_name(f"{_BUILDING}{secrets.token_hex(8)}")
    with contextlib.suppress(OSError):
        place.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


@contextlib.contextmanager
def _new_folder(parent: Path) -> Iterator[Path]:
    """A folder to fill, which is held.

    Between its making and its holding another process may take it for abandoned: then it is one more that is tried.
    """
    while True:
        new = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=parent))
        with contextlib.ExitStack() as holding:
            try:
                holding.enter_context(_held(new))
            except (FileNotFoundError, BlockingIOError):
                continue
            if new.is_dir():
                yield new
                return


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder that is being filled, so that no other process takes it for abandoned."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(held)


def _remove_abandoned(folder: Path) -> None:
    """Remove the folder of a builder unless it lives: the lock goes with the process."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        _remove(folder)
    finally:
        os.close(held)
