"""Learn what is a tenant's own: read its checked mail with the shared model, and fit its head."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.category import Category
from domain.earned import Standing
from domain.ports import Embedder
from understanding.classifier import Classifier, Text
from understanding.features import embedded_text
from understanding.head import Head, Taught
from understanding.language import language_of
from understanding.thresholds import choose

AT_ONCE = 32

Labelled = tuple[str, str]
"""The text and the subject of a mail."""


class Learner:
    """Works with the models of the reader; the same texts give the same results."""

    def __init__(self, embedder: Embedder, classifier: Classifier) -> None:
        classifier.check_engine(embedder.engine)
        self._embedder = embedder
        self._classifier = classifier

    def read(self, mails: Sequence[Labelled]) -> list[tuple[Category, float]]:
        """What the shared model alone says of each mail, and how sure it is."""
        texts = [Text(text, subject, language_of(text, subject)) for text, subject in mails]
        verdicts = self._classifier.classify(texts, self._vectors(texts))
        return [(verdict.category, verdict.confidence) for verdict in verdicts]

    def fit(self, taught: Sequence[Taught], before: Head | None = None) -> Head:
        """The head of these examples; the vectors of those that `before` knows are taken from it."""
        known = {one.id: before.vector_of(one.id) if before else None for one in taught}
        new = [one for one in taught if known[one.id] is None]
        known |= dict(zip([one.id for one in new], self._vectors([one.text for one in new]), strict=True))
        return Head.fit(taught, [known[one.id] for one in taught], self._classifier)

    def _vectors(self, texts: Sequence[Text]) -> Any:
        parts = [np.empty((0, 384), dtype=np.float32)]
        for start in range(0, len(texts), AT_ONCE):
            batch = texts[start : start + AT_ONCE]
            parts.append(np.asarray(self._embedder.embed([embedded_text(one.text, one.subject) for one in batch])))
        return np.concatenate(parts)


def earned(
    labels: Sequence[Category], read: Sequence[tuple[Category, float]], target: float
) -> dict[Category, tuple[Standing, int]]:
    """How each category stands, and how many mails were wrongly read as it, from true labels and what was read."""
    found = {}
    for category in Category:
        verdicts = [(sure, said is label) for label, (said, sure) in zip(labels, read, strict=True) if said is category]
        found[category] = choose(verdicts, target), sum(not right for _, right in verdicts)
    return found
