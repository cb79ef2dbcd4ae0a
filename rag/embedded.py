"""A document cut into passages and embedded: what is stored of it, and what an index is put together from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from domain.ports import Embedder
from rag.documents import Document
from rag.passages import Passage, passages_of
from rag.samples import owners_of_questions

# Passages in one call of the model: enough that a call costs little beside its work.
TOGETHER = 128


@dataclass(frozen=True, slots=True)
class Embedded:
    """One document with its vectors, float32 rows of length 1, all made by one `engine`.

    `titles` (of the innermost headings) and `bodies` (heading path and text) have a row for each passage, `questions`
    one for each of the document's sample questions; `owners` gives the position of the passage of each question.
    """

    document: Document
    passages: tuple[Passage, ...]
    titles: Any
    bodies: Any
    questions: Any
    owners: tuple[int, ...]
    engine: str


def embed_documents(documents: Iterable[Document], embedder: Embedder) -> Iterator[Embedded]:
    """Cut and embed documents in their order, several in one call of the model."""
    batch: list[tuple[Document, tuple[Passage, ...]]] = []
    waiting = 0
    for document in documents:
        passages = passages_of(document)
        batch.append((document, passages))
        waiting += len(passages)
        if waiting >= TOGETHER:
            yield from _embed(batch, embedder)
            batch, waiting = [], 0
    yield from _embed(batch, embedder)


def _embed(batch: Sequence[tuple[Document, tuple[Passage, ...]]], embedder: Embedder) -> Iterator[Embedded]:
    texts = [text for document, passages in batch for text in _texts(document, passages)]
    vectors = _vectors(texts, embedder)
    first = 0
    for document, passages in batch:
        count, asked = len(passages), document.questions if passages else ()
        titles, bodies = vectors[first : first + count], vectors[first + count : first + 2 * count]
        questions = vectors[first + 2 * count : first + 2 * count + len(asked)]
        first += 2 * count + len(asked)
        owners = owners_of_questions(asked, questions, passages, titles + bodies)
        yield Embedded(document, passages, titles, bodies, questions, tuple(owners), embedder.engine)


def embed_passages(passages: Sequence[Passage], embedder: Embedder) -> tuple[Any, Any]:
    """The vectors of their titles, and of their bodies, in one call of the model."""
    vectors = _vectors([*map(_title, passages), *map(_body, passages)], embedder)
    return vectors[: len(passages)], vectors[len(passages) :]


def embed_questions(embedded: Embedded, embedder: Embedder) -> Embedded:
    """The same with the vectors of the document's sample questions, and the passage that each belongs to."""
    asked = embedded.document.questions if embedded.passages else ()
    vectors = _vectors(asked, embedder)
    owners = owners_of_questions(asked, vectors, embedded.passages, embedded.titles + embedded.bodies)
    return replace(embedded, questions=vectors, owners=tuple(owners))


def _texts(document: Document, passages: Sequence[Passage]) -> list[str]:
    return [*map(_title, passages), *map(_body, passages), *(document.questions if passages else ())]


def _vectors(texts: Sequence[str], embedder: Embedder) -> Any:
    return np.asarray(embedder.embed(texts), dtype=np.float32) if texts else np.zeros((0, 1), dtype=np.float32)


def rows(parts: Sequence[Any]) -> Any:
    """The rows of several arrays in one, contiguous; of shape (0, 1) where there is none."""
    filled = [part for part in parts if len(part)]
    return np.ascontiguousarray(np.concatenate(filled)) if filled else np.zeros((0, 1), dtype=np.float32)


def _title(passage: Passage) -> str:
    return passage.section


def _body(passage: Passage) -> str:
    heading = passage.heading.replace(" > ", ": ")
    return f"{heading}\n{passage.text}"
