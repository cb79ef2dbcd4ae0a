"""What the nearest of our own examples say a text is about."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from understanding.table import Table

# How many of the nearest have a vote, and how fast a vote fades with distance: one that is 0.05 less similar than the
# nearest weighs 1/e. Chosen on our own examples; anything from 20 to 80, and from 0.03 to 0.08, does about as well.
VOTERS, FADING = 40, 0.05


# Directions that are kept of the 384: the examples' own principal ones hold nearly all likeness, and a table a third as
# wide stays in the processor's cache, where the whole one costs more than the embedding itself.
KEPT = 128
# Examples of which only the nearest is looked at first.
SET = 16


class Neighbours:
    """The sentence vectors of the examples and which label each has: a kernel-weighted vote of the nearest
    (Nadaraya 1964, Watson 1964).

    The classifier draws straight lines between labels. A mail of a kind that only a few examples show lies on no side
    of such a line, but near those few.
    """

    def __init__(self, directions: Any, places: Any, owners: Any, labels: int) -> None:
        """`directions` of shape (384, kept); `places` of shape (examples, kept) is where each example lies along them;
        `owners` is the position of each one's label.
        """
        self.directions = directions.astype(np.float32)
        self.places = places.astype(np.float32)
        self.owners = owners.astype(np.int64)
        self._labels = labels
        self._along = Table(self.directions)
        self._to_each = Table(self.places.T)

    @classmethod
    def of(cls, vectors: Any, owners: Any, labels: int) -> "Neighbours":
        """Of the examples' sentence vectors, of shape (examples, 384) and length 1."""
        _, axes = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
        directions = axes[:, ::-1][:, :KEPT].astype(np.float32)
        return cls(directions, vectors @ directions, owners, labels)

    def votes(self, vectors: Any, *, without: Sequence[int] = ()) -> Any:
        """Shares of shape (texts, labels) that add up to 1. `without` names, for each text, the example that it is:
        it has no vote about itself.
        """
        likeness = self._to_each.product(self._along.product(np.asarray(vectors, dtype=np.float32)))
        if len(without):
            likeness[np.arange(len(likeness)), list(without)] = -1.0
        return np.array([self._votes(row, least) for row, least in zip(likeness, _least(likeness), strict=True)])

    def _votes(self, likeness: Any, least: float) -> Any:
        """Of one text. `least` is a likeness that as many examples reach as have a vote, and few more."""
        nearest = np.flatnonzero(likeness >= least)
        close = likeness[nearest]
        if len(nearest) > VOTERS:
            voting = np.argpartition(close, len(close) - VOTERS)[-VOTERS:]
            nearest, close = nearest[voting], close[voting]
        weights = np.exp((close - close.max()) / FADING)
        votes = np.bincount(self.owners[nearest], weights, self._labels)
        return (votes / votes.sum()).astype(np.float32)


def _least(likeness: Any) -> Any:
    """For each row a value that at least VOTERS of it reach, and few more: the VOTERS-th of the best of its sets of
    SET. Sorting those alone takes a twentieth of the time that sorting the row takes.
    """
    sets = likeness.shape[1] // SET
    if sets < VOTERS:
        return np.full(len(likeness), -np.inf)
    best = likeness[:, : sets * SET].reshape(len(likeness), SET, sets).max(axis=1)
    return np.partition(best, sets - VOTERS, axis=1)[:, sets - VOTERS]
