"""What the document around a passage says for it: a section seldom repeats what its neighbours have said."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rag.index import Index, Signals
from rag.names import Names

# Passages of one document that count as surroundings of each other; a file of a thousand questions is no document.
NEIGHBOURS = 16
# A long mail's most telling words say what it is about.
MOST_TERMS = 24


def of_documents(index: Index, numbers: Any) -> Any:
    """The number of the document of each passage."""
    return index.arrays["passages.documents"][numbers]


def linked(index: Index, numbers: Any) -> Any:
    """The share of each passage's letters that stand in links."""
    return index.arrays["passages.links"][numbers]


def called(index: Index, numbers: Any, texts: Sequence[str], language: str) -> Any:
    """Which passages are called just what one of the texts says, headings and names in links alike."""
    names = Names(index.arrays, "names")
    found = np.concatenate([names.called(text, language) for text in texts])
    return np.isin(numbers, found)


def document_words(index: Index, found: Signals, text: str, language: str) -> Any:
    """As `words` of Signals, with each stem of a text counted where the passage or one around it says it best."""
    scores = np.zeros(len(found.numbers), dtype=np.float32)
    if not len(found.numbers):
        return scores
    starts, lengths = _blocks(of_documents(index, found.numbers))
    for name in [language] if language in index.parts else list(index.parts):
        part = index.parts[name]
        numbers, most = part.words.query(text)
        own = np.flatnonzero(np.isin(found.numbers, part.numbers, assume_unique=True))
        if not len(numbers) or not len(own):
            continue
        worth = np.array([part.words.worth(int(number)) for number in numbers])
        telling = numbers[np.argsort(-worth, kind="stable")[:MOST_TERMS]]
        at = np.searchsorted(part.numbers, found.numbers[own])
        each = np.zeros((len(telling), len(found.numbers)), dtype=np.float32)
        each[:, own] = part.words.scores_of([(number[None], most) for number in telling], at)
        best = np.maximum.reduceat(each, starts, axis=1).sum(axis=0)
        scores = np.maximum(scores, np.repeat(best, lengths))
    return scores


def _blocks(documents: Any) -> tuple[Any, Any]:
    """Starts and lengths of the runs of one document, cut after NEIGHBOURS passages; `documents` is ascending."""
    first = np.concatenate(([True], documents[1:] != documents[:-1]))
    at = np.arange(len(documents))
    begun = np.maximum.accumulate(np.where(first, at, 0))
    starts = np.flatnonzero(first | ((at - begun) % NEIGHBOURS == 0))
    return starts, np.diff(np.append(starts, len(documents)))
