"""A tenant's head: what its people's corrections change about what the shared model says.

A kernel-weighted vote over the tenant's own examples, with the shared model as the prior: each live example lends its
category evidence to the extent that the mail at hand resembles it. Nothing of the sender is looked at. Weights are
bounded for each example, each sender and each author, and opposite examples cancel, so that no single word rules:

- One author's examples alone may move a mail into another category, and then make it wait for a person: its confidence
  stays below all that is ever answered by itself.
- At least three examples of at least two authors may also make sure.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np

from domain.category import Category
from domain.errors import BadInput
from understanding.classifier import CATEGORIES, DIMENSIONS, Text, Verdict
from understanding.features import Vocabulary
from understanding.votes import Vote, tally

# Likeness below LOW is a stranger's: in our examples 99 of 100 pairs of different categories lie there. From HIGH on it
# is the same mail in other words. Between them, where mails of one topic lie, evidence grows evenly.
LOW, HIGH = 0.24, 0.65
# Evidence of one near-identical example, in the logarithm of odds: enough against a model that is 99.9 % sure.
STRENGTH = 9.0
# How sure a lone author can make a mail that the shared model read otherwise: less than the least of all thresholds.
ALONE = 0.55
# What resembles a mail less than this supports nothing.
COUNTS = 0.05
RECIPE = 1

# What is kept of each example.
_NAMES = frozenset({"id", "language", "category", "sub_intent", "author", "sender"})
_DAMAGED = "What was learned is damaged or of another version; it is learned anew."


@dataclass(frozen=True, slots=True)
class Taught:
    """One example: what was read, what a member said of it, and whose words both are."""

    id: str
    text: Text
    category: Category
    sub_intent: str
    author: str
    sender: str


class Seen(Protocol):
    """How the shared model sees a text: positions and weights of its grams."""

    @property
    def vocabulary(self) -> Vocabulary: ...


class Head:
    """Immutable, so that a batch that was begun with one head ends with it."""

    def __init__(self, taught: Sequence[Mapping[str, str]], vectors: Any, grams: Any, starts: Any, values: Any) -> None:
        self._taught = tuple(taught)
        self._vectors, self._grams, self._starts, self._values = vectors, grams.astype(np.intp), starts, values
        self._worded = np.flatnonzero(np.diff(starts))
        self._languages = np.array([one["language"] in {"en", "und"} for one in self._taught], dtype=bool)

    @classmethod
    def fit(cls, taught: Sequence[Taught], vectors: Any, seen: Seen) -> "Head":
        """From examples and what the embedder gave for each, in the same order."""
        found = [seen.vocabulary.vector(one.text.text, one.text.subject) for one in taught]
        about = [
            {
                "id": one.id, "language": one.text.language, "category": one.category.value,
                "sub_intent": one.sub_intent, "author": one.author, "sender": one.sender,
            }
            for one in taught
        ]  # fmt: skip
        starts = np.cumsum([0, *(len(positions) for positions, _ in found)])
        empty = np.empty(0)
        return cls(
            about,
            np.asarray(vectors, dtype=np.float32).reshape(len(taught), DIMENSIONS),
            np.concatenate([empty, *(positions for positions, _ in found)]).astype(np.int32),
            starts.astype(np.int32),
            # Words and letters have length 1 each: halved by the root of two, the whole has length 1.
            (np.concatenate([empty, *(weights for _, weights in found)]) / 2**0.5).astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self._taught)

    def vector_of(self, example: str) -> Any:
        """The sentence vector of an example that was learned from, or None: it need not be computed again."""
        for place, one in enumerate(self._taught):
            if one["id"] == example:
                return self._vectors[place]
        return None

    def revise(self, verdict: Verdict, text: Text, vector: Any, seen: Seen) -> Verdict:
        """What the shared model said, in the light of the examples."""
        votes = self.votes(text, vector, seen)
        evidence = {category: vote for category, vote in votes.items() if vote.weight > 0}
        if not evidence:
            return verdict
        before = np.array([max(verdict.probabilities.get(category, 0.0), 1e-6) for category in CATEGORIES])
        weights = np.array([evidence[one].weight if one in evidence else 0.0 for one in CATEGORIES])
        after = before * np.exp(STRENGTH * weights)
        after /= after.sum()
        best = CATEGORIES[int(after.argmax())]
        confidence = float(after.max())
        vote = evidence.get(best)
        if vote is not None and not vote.is_quorum:
            # A lone voice may sort mail, and may not make the machine surer than the shared model was.
            confidence = min(confidence, max(verdict.probabilities.get(best, 0.0), ALONE))
        sub_intent = vote.sub_intent if vote is not None and best is not verdict.category else verdict.sub_intent
        after[after.argmax()] = 0.0
        after *= (1 - confidence) / max(float(after.sum()), 1e-12)
        chances = {category: float(value) for category, value in zip(CATEGORIES, after, strict=True)} | {
            best: confidence
        }
        return Verdict(best, sub_intent, confidence, chances)

    def votes(self, text: Text, vector: Any, seen: Seen) -> dict[Category, Vote]:
        """What the examples that resemble the mail say of it, by category."""
        kernel = self._kernel(text, vector, seen)
        near = np.flatnonzero(kernel >= COUNTS)
        return tally([(self._taught[int(place)], float(kernel[place])) for place in near])

    def _kernel(self, text: Text, vector: Any, seen: Seen) -> Any:
        """How much each example says about the mail, 0 to 1: by words and letters, in English also by meaning."""
        positions, values = seen.vocabulary.vector(text.text, text.subject)
        own = np.zeros(len(seen.vocabulary.index), dtype=np.float32)
        own[positions] = values / 2**0.5
        lexical = np.zeros(len(self._taught), dtype=np.float32)
        if len(self._worded):
            lexical[self._worded] = np.add.reduceat(self._values * own[self._grams], self._starts[self._worded])
        likeness = lexical
        if text.language in {"en", "und"}:
            # The embedding model knows English only.
            both = (lexical + self._vectors @ np.asarray(vector, dtype=np.float32)) / 2
            likeness = np.where(self._languages, both, lexical)
        return np.clip((likeness - LOW) / (HIGH - LOW), 0, 1)

    def dump(self) -> tuple[bytes, dict[str, Any]]:
        """Numbers as npz, names as JSON; nothing that could run."""
        file = io.BytesIO()
        np.savez_compressed(
            file,
            vectors=self._vectors.astype(np.float16),
            grams=self._grams.astype(np.int32),
            starts=self._starts,
            values=self._values.astype(np.float16),
        )
        weights = file.getvalue()
        return weights, {"recipe": RECIPE, "taught": list(self._taught), "sha256": _hash(weights)}

    @classmethod
    def load(cls, weights: bytes, about: Mapping[str, Any]) -> "Head":
        """Raises BadInput when the parts are not those that were dumped together."""
        try:
            whole = about["recipe"] == RECIPE and about["sha256"] == _hash(weights)
            whole = whole and all(one.keys() >= _NAMES and one["category"] in set(Category) for one in about["taught"])
            if not whole:
                raise BadInput("head", _DAMAGED)
            with np.load(io.BytesIO(weights), allow_pickle=False) as numbers:
                vectors, values = numbers["vectors"].astype(np.float32), numbers["values"].astype(np.float32)
                grams, starts = numbers["grams"], numbers["starts"]
        except (OSError, ValueError, TypeError, AttributeError, KeyError, BadZipFile) as error:
            raise BadInput("head", _DAMAGED) from error
        if not len(about["taught"]) == len(vectors) == len(starts) - 1:
            raise BadInput("head", _DAMAGED)
        return cls(about["taught"], vectors, grams, starts, values)


def _hash(weights: bytes) -> str:
    return hashlib.sha256(weights).hexdigest()


def trained_on(taught: Sequence[Taught], model: str) -> str:
    """Names everything that a head depends on."""
    rows = [(one.id, one.category, one.sub_intent, one.author, one.sender) for one in taught]
    return hashlib.sha256(json.dumps([RECIPE, model, rows]).encode()).hexdigest()
