"""Which passages suit a text best: how the signals of the index become one order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.index import Asked, Index
from rag.lexical import LanguagePart
from rag.passages import Passage

# A passage in another language than the question's stands behind those in its own.
FOREIGN = 1.0
# A passage that consists of links answers nothing: it stands behind those that say something.
LINKS, MOSTLY_LINKS = 0.5, 0.5
# A code of the mail that stands in the passage outweighs any likeness of words.
EXACT = 0.3
# A text that is a heading or a sample question, word for word or nearly so by a cosine from here to 1, asks for it.
NEARLY, NAMED = 0.8, 0.25
# How many passages are put into their last order.
LOOKED_AT = 60


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts for; the five add up to 1. `variety` is taken off the further passages of a document.

    Chosen on the demonstration shop's questions and on those of rag/training/, each knowledge base once by itself and
    once among all the others: of a few rounded fits, the one that leads to most right passages.
    """

    title: float
    body: float
    words: float
    characters: float
    document: float
    variety: float


# The model knows English only (MODELS.md 2); a script without spaces has pairs of characters for words.
ENGLISH = Weights(0.107, 0.5, 0.071, 0.25, 0.072, variety=0.14)
SPACED = Weights(0.032, 0.226, 0.161, 0.484, 0.097, variety=0.035)
UNSPACED = Weights(0.043, 0.087, 0.435, 0.217, 0.218, variety=0.035)
_UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th"})


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its scores. `score` ranks within one search; the others are as in `Signals`, over all texts.

    `document` is the share of the reachable BM25 that the passage reaches together with those around it; `above` says
    how many times the spread of all candidates' scores its own lies above their mean.
    """

    number: int
    passage: Passage
    score: float
    title: float
    body: float
    words: float
    characters: float
    document: float = 0.0
    exact: float = 0.0
    above: float = 0.0


def search(
    index: Index, whole: Asked, parts: Sequence[Asked], language: str, *, limit: int = 10, share: float = 0.5
) -> tuple[Hit, ...]:
    """The best passages for a text: `share` of the score from the whole, the rest from its best part."""
    if not index.passages:
        return ()
    found = index.signals([whole, *parts], language)
    signals = (found.titles, found.bodies, found.words, found.characters, found.exact)
    titles, bodies, words, characters, exact = (_mixed(scores, share) for scores in signals)
    weights = _weights(language)
    fused = (
        weights.title * titles + weights.body * bodies + weights.words * words + weights.characters * characters
        + weights.document * found.documents + EXACT * exact
        + NAMED * np.maximum(np.clip((titles - NEARLY) / (1 - NEARLY), 0, 1), found.named)
    )  # fmt: skip
    own = fused[~found.foreign]
    mean, spread = float(own.mean()), float(own.std()) or 1.0
    placed = fused - FOREIGN * found.foreign - LINKS * (index.linked[found.numbers] > MOSTLY_LINKS)
    best = _varied(placed, index.document_of[found.numbers], weights.variety, max(limit, 1))
    return tuple(
        Hit(
            number=int(found.numbers[at]),
            passage=index.passages[found.numbers[at]],
            score=score,
            title=float(titles[at]),
            body=float(bodies[at]),
            words=float(words[at]),
            characters=float(characters[at]),
            document=float(found.documents[at]),
            exact=float(exact[at]),
            above=(float(fused[at]) - mean) / spread,
        )
        for at, score in best
    )


def part_of(index: Index, hit: Hit) -> LanguagePart:
    return index.parts[hit.passage.document.language]


def stems_of(index: Index, hit: Hit) -> frozenset[str]:
    """The stems of a passage, of its headings and of the sample questions that belong to it."""
    part = part_of(index, hit)
    held: frozenset[str] = part.words.stems[part.position[hit.number]]
    return held


def _weights(language: str) -> Weights:
    if language == "en":
        return ENGLISH
    return UNSPACED if language in _UNSPACED_LANGUAGES else SPACED


def _varied(scores: Any, documents: Any, variety: float, limit: int) -> list[tuple[int, float]]:
    """(place, score) of the best, with `variety` taken off all but the first passage of a document."""
    order = np.argsort(-scores, kind="stable")[: max(LOOKED_AT, limit)]
    seen: set[int] = set()
    placed = []
    for at, score, document in zip(order.tolist(), scores[order].tolist(), documents[order].tolist(), strict=True):
        placed.append((at, score - variety * (document in seen)))
        seen.add(document)
    return sorted(placed, key=lambda one: -one[1])[:limit]


def _mixed(scores: Any, share: float) -> Any:
    return share * scores[0] + (1 - share) * scores[1:].max(axis=0) if len(scores) > 1 else scores[0]
