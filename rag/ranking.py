"""Which passages suit a text best: how the signals of the index become one order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.index import Asked, Index
from rag.lexical import LanguagePart
from rag.passages import Passage

# The share of the lexical side, by language: the model knows English only (MODELS.md 4).
LEXICAL_SHARE = {"en": 0.15}
LEXICAL_SHARE_ELSEWHERE = 0.7
# A passage in another language than the question's stands behind those in its own.
FOREIGN = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its scores. `score` ranks within one search; the others are as in `Signals`, over all texts."""

    number: int
    passage: Passage
    score: float
    title: float
    body: float
    words: float
    characters: float


def search(
    index: Index, whole: Asked, parts: Sequence[Asked], language: str, *, limit: int = 10, share: float = 0.5
) -> tuple[Hit, ...]:
    """The best passages for a text: `share` of the score from the whole, the rest from its best part."""
    if not index.passages:
        return ()
    found = index.signals([whole, *parts], language)
    titles, bodies, words, characters = (
        _mixed(scores, share) for scores in (found.titles, found.bodies, found.words, found.characters)
    )
    weight = LEXICAL_SHARE.get(language, LEXICAL_SHARE_ELSEWHERE)
    fused = (1 - weight) * _spread((titles + bodies) / 2) + weight * (_spread(words) + _spread(characters)) / 2
    fused = fused - FOREIGN * found.foreign
    best = np.argsort(-fused, kind="stable")[:limit]
    return tuple(
        Hit(
            number=int(found.numbers[at]),
            passage=index.passages[found.numbers[at]],
            score=float(fused[at]),
            title=float(titles[at]),
            body=float(bodies[at]),
            words=float(words[at]),
            characters=float(characters[at]),
        )
        for at in best
    )


def part_of(index: Index, hit: Hit) -> LanguagePart:
    return index.parts[hit.passage.document.language]


def stems_of(index: Index, hit: Hit) -> frozenset[str]:
    """The stems of a passage, of its headings and of the sample questions that belong to it."""
    part = part_of(index, hit)
    return part.words.stems[part.position[hit.number]]


def _mixed(scores: Any, share: float) -> Any:
    return share * scores[0] + (1 - share) * scores[1:].max(axis=0) if len(scores) > 1 else scores[0]


def _spread(scores: Any) -> Any:
    """Scores brought to 0..1 over the candidates of one search."""
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
