"""What the document around a passage says for it: a section seldom repeats what its neighbours have said."""

from typing import Any

import numpy as np

from rag.index import Index
from rag.signals import Signals

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


def document_words(index: Index, found: Signals) -> Any:
    """As `words` of Signals, with each stem of a text counted where the passage or one around it says it best."""
    scores = np.zeros(len(found.numbers), dtype=np.float32)
    if not len(found.numbers):
        return scores
    starts, lengths = _blocks(of_documents(index, found.numbers))
    for told in found.told:
        if not len(told.idf) or not len(told.places):
            continue
        telling = np.argsort(-told.idf, kind="stable")[:MOST_TERMS]
        each = told.weights[telling]
        if len(told.places) < len(scores):
            each, inside = np.zeros((len(telling), len(scores)), dtype=np.float32), each
            each[:, told.places] = inside
        best = np.maximum.reduceat(each, starts, axis=1).sum(axis=0) / told.most
        scores = np.maximum(scores, np.repeat(best, lengths))
    return scores


def _blocks(documents: Any) -> tuple[Any, Any]:
    """Starts and lengths of the runs of one document, cut after NEIGHBOURS passages; `documents` is ascending."""
    first = np.concatenate(([True], documents[1:] != documents[:-1]))
    at = np.arange(len(documents))
    begun = np.maximum.accumulate(np.where(first, at, 0))
    starts = np.flatnonzero(first | ((at - begun) % NEIGHBOURS == 0))
    return starts, np.diff(np.append(starts, len(documents)))
