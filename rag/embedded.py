"""A document cut into passages and embedded: what is stored of it, and what an index is put together from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.ports import Embedder
from rag.documents import Document
from rag.passages import Passage, passages_of
from rag.samples import owners_of_questions


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


def embed_document(document: Document, embedder: Embedder) -> Embedded:
    """Cut and embed one document, in one call of the model."""
    passages = passages_of(document)
    texts = [*(passage.section for passage in passages), *map(_body, passages), *document.questions]
    vectors = np.asarray(embedder.embed(texts), dtype=np.float32) if texts else np.zeros((0, 1), dtype=np.float32)
    count = len(passages)
    titles, bodies, questions = vectors[:count], vectors[count : 2 * count], vectors[2 * count :]
    asked = document.questions if passages else ()
    owners = owners_of_questions(asked, questions, passages, titles + bodies)
    return Embedded(document, passages, titles, bodies, questions[: len(asked)], tuple(owners), embedder.engine)


def embed_documents(documents: Iterable[Document], embedder: Embedder) -> Iterator[Embedded]:
    return (embed_document(document, embedder) for document in documents)


def rows(parts: Sequence[Any]) -> Any:
    """The rows of several arrays in one, contiguous; of shape (0, 1) where there is none."""
    filled = [part for part in parts if len(part)]
    return np.ascontiguousarray(np.concatenate(filled)) if filled else np.zeros((0, 1), dtype=np.float32)


def _body(passage: Passage) -> str:
    heading = passage.heading.replace(" > ", ": ")
    return f"{heading}\n{passage.text}"
