"""Which questions that nothing answered ask the same, by meaning and by words, and which one speaks for its group."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from rag.words import folded, stems

# How much the meaning counts in the likeness of two questions; the model knows English only (MODELS.md 2).
MEANING, MEANING_ELSEWHERE = 0.7, 0.35
# Questions whose likeness is on average at least this share a group. On our own questions of one shop, in which few
# ask the same, half of the pairs put together were answered by one document, and the others by a neighbour of it
# (`rag/checked/`): good enough to be read by a person, and nothing more is done with a group.
ALIKE, ALIKE_ELSEWHERE = 0.38, 0.30
# Rows of a matrix of cosines that are made at once: of texts, nearly each number of it is more than 0, and a whole
# sparse one takes several times the room of the result.
ROWS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without greeting and chatter, with its vector (float32, length 1)."""

    text: str
    language: str
    vector: Any


def grouped(questions: Sequence[Asked]) -> list[list[int]]:
    """Positions of questions that ask the same, the largest group first; in each the most typical one first.

    Questions in two languages never share a group: an article is written in one.
    """
    by_language: dict[str, list[int]] = {}
    for number, question in enumerate(questions):
        by_language.setdefault(question.language, []).append(number)
    groups = [
        [numbers[at] for at in group]
        for language, numbers in by_language.items()
        for group in _of_one_language([questions[number] for number in numbers], language)
    ]
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def likeness(questions: Sequence[Asked], language: str) -> Any:
    """A matrix of how alike each two questions of one language are, up to 1."""
    vectors = np.stack([question.vector for question in questions])
    share = MEANING if language == "en" else MEANING_ELSEWHERE
    return share * (vectors @ vectors.T) + (1 - share) * _lexical(questions, language)


def _of_one_language(questions: Sequence[Asked], language: str) -> list[list[int]]:
    if len(questions) == 1:
        return [[0]]
    # Loaded where it is needed: only the worker that learns ever groups.
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    alike = likeness(questions, language)
    distances = np.clip(1.0 - alike, 0.0, None)
    np.fill_diagonal(distances, 0.0)
    least = ALIKE if language == "en" else ALIKE_ELSEWHERE
    labels = fcluster(linkage(squareform(distances, checks=False), "average"), 1.0 - least, "distance")
    groups = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        typical = alike[np.ix_(members, members)].sum(axis=1)
        groups.append([int(members[at]) for at in np.argsort(-typical, kind="stable")])
    return groups


def _lexical(questions: Sequence[Asked], language: str) -> Any:
    """Cosines of stems and of character n-grams, each weighted by how few of the questions have it."""
    # Without types, and loaded where it is needed: see above.
    vectorizer: Any = import_module("sklearn.feature_extraction.text").TfidfVectorizer
    words = vectorizer(analyzer=lambda text: stems(text, language) or [text], sublinear_tf=True, dtype=np.float32)
    characters = vectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32)
    texts = [folded(question.text) for question in questions]
    found = [words.fit_transform([question.text for question in questions]), characters.fit_transform(texts)]
    cosines = np.zeros((len(questions), len(questions)), dtype=np.float32)
    for rows in found:
        for at in range(0, len(questions), ROWS_AT_ONCE):
            cosines[at : at + ROWS_AT_ONCE] += (rows[at : at + ROWS_AT_ONCE] @ rows.T).toarray()
    return cosines / len(found)
