"""The searchable form of one tenant's knowledge base, in one version and for one embedding engine."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np

from domain.ports import Embedder
from rag.documents import Document, knowledge_version
from rag.embedded import Embedded, embed_documents, rows
from rag.lexical import LanguagePart, language_parts
from rag.passages import Passage

# Up to here a plain product with all vectors is as quick as FAISS, and every score is exact.
EXACT_UP_TO = 4_000
CANDIDATES = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that is searched for, with its vector (float32, length 1)."""

    text: str
    vector: Any


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for each of `numbers`, the passages that may matter; comparable over searches.

    Each of the four is a float array of shape (texts, passages): `titles` and `bodies` are cosines of vectors, `words`
    is the share of the reachable BM25, `characters` a cosine. `foreign` marks passages in another language than the
    question's, where the knowledge base has some in its own.
    """

    numbers: Any
    titles: Any
    bodies: Any
    words: Any
    characters: Any
    foreign: Any


class Index:
    """Immutable after it was built, so threads may share it. Rebuilt from documents, never stored as an object."""

    def __init__(
        self,
        *,
        documents: Sequence[Document],
        passages: Sequence[Passage],
        titles: tuple[Any, Any],
        bodies: Any,
        parts: Mapping[str, LanguagePart],
        engine: str,
    ) -> None:
        """`titles` is (vectors, number of the passage each belongs to); `bodies` has one vector for each passage."""
        self.documents = {document.path: document for document in documents}
        self.version = knowledge_version(tuple(documents))
        self.passages = tuple(passages)
        self.engine = engine
        self.parts = parts
        self._titles, self._owners = titles
        self._bodies = bodies
        self.languages = np.array([passage.document.language for passage in passages])
        self._near_titles = self._near_bodies = None
        if len(passages) > EXACT_UP_TO:
            self._near_titles, self._near_bodies = _flat(self._titles), _flat(bodies)

    def signals(self, asked: Sequence[Asked], language: str) -> Signals:
        """The scores of the passages that may matter to these texts; at least one text."""
        lexical = [self._lexical(one.text, language) for one in asked]
        chosen = self._candidates([one.vector for one in asked], lexical)
        return Signals(
            numbers=chosen,
            titles=np.stack([self._title_scores(one.vector, chosen) for one in asked]),
            bodies=np.stack([self._bodies[chosen] @ one.vector for one in asked]),
            words=np.stack([scores[0][chosen] for scores in lexical]),
            characters=np.stack([scores[1][chosen] for scores in lexical]),
            foreign=(self.languages[chosen] != language) & (language in self.parts),
        )

    def _lexical(self, text: str, language: str) -> tuple[Any, Any]:
        words, characters = np.zeros(len(self.passages)), np.zeros(len(self.passages))
        for own, part in self.parts.items():
            # Where passages in the question's own language exist, a common word elsewhere says nothing.
            if language in self.parts and own != language:
                continue
            words[part.numbers] = part.words.scores(text)
            characters[part.numbers] = part.characters.scores(text)
        return words, characters

    def _candidates(self, vectors: Sequence[Any], lexical: Sequence[tuple[Any, Any]]) -> Any:
        if self._near_bodies is None or self._near_titles is None:
            return np.arange(len(self.passages))
        queries = np.stack(vectors)
        _, bodies = self._near_bodies.search(queries, CANDIDATES)
        _, titles = self._near_titles.search(queries, CANDIDATES)
        found = [bodies.ravel(), self._owners[titles.ravel()]]
        for scores in (scores for both in lexical for scores in both):
            top = np.argpartition(-scores, CANDIDATES)[:CANDIDATES]
            found.append(top[scores[top] > 0])
        return np.unique(np.concatenate(found))

    def _title_scores(self, vector: Any, chosen: Any) -> Any:
        """The best similarity among a passage's heading and sample questions. Owners are sorted."""
        if len(chosen) == len(self.passages):
            return np.maximum.reduceat(self._titles @ vector, self._first_titles())
        rows = [slice(*np.searchsorted(self._owners, [number, number + 1])) for number in chosen]
        return np.array([float((self._titles[row] @ vector).max()) for row in rows], dtype=np.float32)

    def _first_titles(self) -> Any:
        return np.searchsorted(self._owners, np.arange(len(self.passages)))


def assemble(embedded: Sequence[Embedded], engine: str, *, for_staff: bool = False) -> Index:
    """One index of many documents. Internal ones are left out altogether, unless the index is for staff."""
    allowed = [one for one in embedded if one.document.public or for_staff]
    passages = [passage for one in allowed for passage in one.passages]
    count = len(passages)
    samples: dict[int, list[str]] = defaultdict(list)
    asked_by: list[int] = []
    first = 0
    for one in allowed:
        for question, owner in zip(one.document.questions, one.owners, strict=False):
            samples[first + owner].append(question)
            asked_by.append(first + owner)
        first += len(one.passages)
    titles = rows([*(one.titles for one in allowed), *(one.questions for one in allowed)])
    owners = np.concatenate((np.arange(count), np.array(asked_by, dtype=np.int64)))
    order = np.argsort(owners, kind="stable")
    heads = [passage.heading.replace(" > ", ": ") for passage in passages]
    fields = [(" ".join([heads[number], *samples[number]]), passage.text) for number, passage in enumerate(passages)]
    return Index(
        documents=[one.document for one in allowed],
        passages=passages,
        titles=(titles[order], owners[order]),
        bodies=rows([one.bodies for one in allowed]),
        parts=language_parts([passage.document.language for passage in passages], fields),
        engine=engine,
    )


def build_index(documents: Sequence[Document], embedder: Embedder, *, for_staff: bool = False) -> Index:
    """Cut, embed and index documents at once, for a knowledge base that is stored nowhere."""
    allowed = [document for document in documents if document.public or for_staff]
    return assemble(list(embed_documents(allowed, embedder)), embedder.engine, for_staff=for_staff)


def _flat(vectors: Any) -> Any:
    # More threads make a search of this size slower, and OpenMP's do not survive a fork (MODELS.md 3).
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    return flat
