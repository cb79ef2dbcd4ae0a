"""Lists of numbers with weights, laid one after the other in three arrays: what is looked up by term or by passage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = Mapping[str, Any]
# Scores that are looked at together where the best are sought.
BLOCK = 64


@dataclass(frozen=True, slots=True)
class Lists:
    """List `i` is `numbers[starts[i]:starts[i + 1]]` (int32), each with its weight (float32)."""

    starts: Any
    numbers: Any
    weights: Any

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def of(cls, lengths: Any, numbers: Any, weights: Any) -> "Lists":
        starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64)
        return cls(starts, np.asarray(numbers, dtype=np.int32), np.asarray(weights, dtype=np.float32))

    @classmethod
    def read(cls, arrays: Arrays, name: str) -> "Lists":
        return cls(arrays[f"{name}.starts"], arrays[f"{name}.numbers"], arrays[f"{name}.weights"])

    def named(self, name: str) -> dict[str, Any]:
        return {f"{name}.starts": self.starts, f"{name}.numbers": self.numbers, f"{name}.weights": self.weights}

    @property
    def lengths(self) -> Any:
        return np.diff(self.starts)

    def inverted(self, size: int) -> "Lists":
        """For each number below `size` the lists that hold it, in their order."""
        owners = np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)
        order = np.argsort(self.numbers, kind="stable")
        return Lists.of(np.bincount(self.numbers, minlength=size), owners[order], self.weights[order])

    def spans(self, rows: Any) -> tuple[Any, Any]:
        """The positions of all entries of these lists, list by list, and the length of each."""
        low = self.starts[rows]
        lengths = self.starts[rows + 1] - low
        before = np.cumsum(lengths) - lengths
        return np.arange(int(lengths.sum())) + np.repeat(low - before, lengths), lengths

    def totals(self, rows: Any, worth: Any, size: int) -> Any:
        """For each number below `size` the sum of its weights in these lists, each list times its `worth`, if any."""
        at, lengths = self.spans(rows)
        weights = self.weights.take(at)
        if worth is not None:
            weights *= np.repeat(worth, lengths)
        return np.bincount(self.numbers.take(at), weights=weights, minlength=size)

    def products(self, rows: Any, worth: Sequence[Any]) -> Any:
        """For each array of `worth`, by number, and each of these lists the sum of its weights times their worth."""
        at, lengths = self.spans(rows)
        # Indices of 64 bits are taken at once, others are first made such, for each array anew.
        numbers, weights = self.numbers.take(at).astype(np.int64), self.weights.take(at)
        found = np.zeros((len(worth), len(lengths)), dtype=np.float32)
        filled = np.flatnonzero(lengths)
        first = (np.cumsum(lengths) - lengths)[filled]
        for row, one in zip(found, worth if len(first) else (), strict=False):
            row[filled] = np.add.reduceat(one.take(numbers) * weights, first)
        return found


def sums(values: Any, lengths: Any) -> Any:
    """The sums of consecutive groups of rows; a group may be empty."""
    totals = np.zeros((len(lengths), *values.shape[1:]), dtype=values.dtype)
    filled = lengths > 0
    if filled.any():
        totals[filled] = np.add.reduceat(values, (np.cumsum(lengths) - lengths)[filled], axis=0)
    return totals


def best_of(scores: Any, count: int, floor: float = 0.0) -> Any:
    """The positions of the highest `count` scores above `floor`, in any order."""
    size = len(scores) // BLOCK
    if size > count > 0:
        # So many blocks have a score that is no lower, hence so many scores: only few are left to be put in order.
        highest = scores[: size * BLOCK].reshape(BLOCK, size).max(axis=0)
        highest.partition(size - count)
        least = highest[size - count]
        above = np.flatnonzero(scores >= least) if least > floor else np.flatnonzero(scores > floor)
    else:
        above = np.flatnonzero(scores > floor)
    if len(above) <= count:
        return above
    return above[np.argpartition(scores[above], len(above) - count)[len(above) - count :]]


def within(rows: Any, lengths: Any, budget: int) -> Any:
    """As many of these lists, taken in their order, as have `budget` entries together; at least the first one."""
    return rows[(np.cumsum(lengths) <= budget) | (np.arange(len(rows)) == 0)]
