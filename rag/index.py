"""The searchable form of one tenant's knowledge base, in one version and for one embedding engine."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np

from domain.ports import Embedder
from rag.documents import Document, knowledge_version
from rag.lexical import LanguagePart, language_parts
from rag.passages import Passage, passages_of
from rag.samples import owners_of_questions

# The share of the lexical side, by language: the model knows English only (MODELS.md 4).
LEXICAL_SHARE = {"en": 0.15}
LEXICAL_SHARE_ELSEWHERE = 0.7
# A passage in another language than the question's stands behind those in its own.
FOREIGN = 1.0
# Up to here a plain product with all vectors is as quick as FAISS, and every score is exact.
EXACT_UP_TO = 4_000
CANDIDATES = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that is searched for, with its vector (float32, length 1)."""

    text: str
    vector: Any


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its scores. `score` ranks within one search; the others are similarities, comparable over all.

    `title` and `body` are cosines of vectors, `words` is the share of the reachable BM25, `characters` a cosine.
    """

    number: int
    passage: Passage
    score: float
    title: float
    body: float
    words: float
    characters: float


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
        self._languages = np.array([passage.document.language for passage in passages])
        self._near_titles = self._near_bodies = None
        if len(passages) > EXACT_UP_TO:
            self._near_titles, self._near_bodies = _flat(self._titles), _flat(bodies)

    def search(
        self, whole: Asked, parts: Sequence[Asked], language: str, limit: int = 10, share: float = 0.5
    ) -> tuple[Hit, ...]:
        """The best passages for a text: `share` of the score from the whole, the rest from its best part."""
        if not self.passages:
            return ()
        asked = [whole, *parts]
        lexical = [self._lexical(one.text, language) for one in asked]
        chosen = self._candidates([one.vector for one in asked], lexical)
        titles = self._mixed([self._title_scores(one.vector, chosen) for one in asked], share)
        bodies = self._mixed([self._bodies[chosen] @ one.vector for one in asked], share)
        words = self._mixed([scores[0][chosen] for scores in lexical], share)
        characters = self._mixed([scores[1][chosen] for scores in lexical], share)

        weight = LEXICAL_SHARE.get(language, LEXICAL_SHARE_ELSEWHERE)
        dense = _spread((titles + bodies) / 2)
        fused = (1 - weight) * dense + weight * (_spread(words) + _spread(characters)) / 2
        if language in self.parts:
            fused = fused - FOREIGN * (self._languages[chosen] != language)
        best = np.argsort(-fused, kind="stable")[:limit]
        return tuple(
            Hit(
                number=int(chosen[at]),
                passage=self.passages[chosen[at]],
                score=float(fused[at]),
                title=float(titles[at]),
                body=float(bodies[at]),
                words=float(words[at]),
                characters=float(characters[at]),
            )
            for at in best
        )

    def part_of(self, hit: Hit) -> LanguagePart:
        return self.parts[hit.passage.document.language]

    def stems_of(self, hit: Hit) -> frozenset[str]:
        """The stems of a passage, of its headings and of the sample questions that belong to it."""
        part = self.part_of(hit)
        return part.words.stems[part.position[hit.number]]

    @staticmethod
    def _mixed(scores: Sequence[Any], share: float) -> Any:
        whole, *parts = scores
        return share * whole + (1 - share) * np.max(parts, axis=0) if parts else whole

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


def build_index(documents: Sequence[Document], embedder: Embedder, *, for_staff: bool = False) -> Index:
    """Cut, embed and index documents. Internal ones are left out altogether, unless the index is for staff."""
    allowed = [document for document in documents if document.public or for_staff]
    passages = [passage for document in allowed for passage in passages_of(document)]
    heads = [passage.heading.replace(" > ", ": ") for passage in passages]
    sections = [passage.section for passage in passages]
    questions = [(document.path, question) for document in allowed for question in document.questions]

    texts = [*sections, *(f"{head}\n{passage.text}" for head, passage in zip(heads, passages, strict=True))]
    texts += [question for _, question in questions]
    vectors = np.asarray(embedder.embed(texts), dtype=np.float32) if texts else np.zeros((0, 1), dtype=np.float32)
    count = len(passages)
    titles, bodies, asked = vectors[:count], vectors[count : 2 * count], vectors[2 * count :]

    owner = owners_of_questions(questions, asked, passages, titles + bodies)
    samples: dict[int, list[str]] = defaultdict(list)
    for (_, question), number in zip(questions, owner, strict=True):
        samples[number].append(question)
    owners = np.concatenate((np.arange(count), np.array(owner, dtype=np.int64)))
    order = np.argsort(owners, kind="stable")
    title_vectors = np.ascontiguousarray(np.concatenate((titles, asked))[order])

    fields = [(" ".join([heads[number], *samples[number]]), passage.text) for number, passage in enumerate(passages)]
    return Index(
        documents=allowed,
        passages=passages,
        titles=(title_vectors, owners[order]),
        bodies=np.ascontiguousarray(bodies),
        parts=language_parts([passage.document.language for passage in passages], fields),
        engine=embedder.engine,
    )


def _flat(vectors: Any) -> Any:
    # More threads make a search of this size slower, and OpenMP's do not survive a fork (MODELS.md 3).
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    return flat


def _spread(scores: Any) -> Any:
    """Scores brought to 0..1 over the candidates of one search."""
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
