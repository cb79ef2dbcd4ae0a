"""Words as arrays: a table in which terms are found by their hash, and texts in one blob."""

from array import array
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from rag.lists import Arrays


def hashed(term: str) -> int:
    """64 bits, the same in every process; a million terms share one with a probability of 3 in 10^8."""
    return int.from_bytes(blake2b(term.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def hashes_of(terms: Iterable[str]) -> Any:
    return np.fromiter(map(hashed, terms), dtype=np.uint64)


class Terms:
    """A sorted array of hashes; a term's number is its place in it."""

    def __init__(self, hashes: Any) -> None:
        self.hashes = hashes

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: Any) -> tuple[Any, Any]:
        """(numbers, known) of hashes: their places in the table, and which of them are in it at all."""
        if not len(self.hashes):
            return np.zeros(len(hashes), dtype=np.int64), np.zeros(len(hashes), dtype=bool)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return at, self.hashes[at] == hashes

    def number(self, term: str) -> int | None:
        at, known = self.find(hashes_of([term]))
        return int(at[0]) if known[0] else None


class Numbering(dict[str, int]):
    """Numbers terms in the order in which they are first asked for."""

    def __missing__(self, term: str) -> int:
        self[term] = number = len(self)
        return number

    def in_table(self) -> tuple[Terms, list[str], Any]:
        """The table, the terms in its order, and for each number of ours its place there."""
        names = list(self)
        hashes = hashes_of(names)
        order = np.argsort(hashes, kind="stable")
        places = np.empty(len(names), dtype=np.int32)
        places[order] = np.arange(len(names), dtype=np.int32)
        return Terms(hashes[order]), [names[at] for at in order], places


class Texts:
    """Many texts as UTF-8 in one array of bytes, read one at a time."""

    def __init__(self, blob: Any, ends: Any) -> None:
        self._blob, self._ends = blob, ends

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        # Half a character, as broken documents have it, must come back as it was: quotes are compared with it.
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64), dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), ends)

    @classmethod
    def read(cls, arrays: Arrays, name: str) -> "Texts":
        return cls(arrays[f"{name}.blob"], arrays[f"{name}.ends"])

    def named(self, name: str) -> dict[str, Any]:
        return {f"{name}.blob": self._blob, f"{name}.ends": self._ends}

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, at: int) -> str:
        start = int(self._ends[at - 1]) if at else 0
        return bytes(self._blob[start : int(self._ends[at])]).decode("utf-8", "surrogatepass")


def counts_in(rows: Iterable[Sequence[int]], places: Any = None) -> tuple[Any, Any, Any]:
    """(lengths, numbers, counts): the distinct numbers of each row in ascending order, and how often each is in it.

    `places` gives other numbers for those in the rows.
    """
    flat, lengths = array("i"), array("i")
    for row in rows:
        flat.extend(row)
        lengths.append(len(row))
    numbers = np.array(flat, dtype=np.int64)
    if places is not None:
        numbers = places[numbers].astype(np.int64)
    size = int(numbers.max(initial=0)) + 1
    owners = np.repeat(np.arange(len(lengths), dtype=np.int64), np.array(lengths, dtype=np.int64))
    keys, counts = np.unique(owners * size + numbers, return_counts=True)
    return np.bincount(keys // size, minlength=len(lengths)), keys % size, counts
