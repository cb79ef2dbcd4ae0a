"""A tenant's documents between their rows and what is searched: read, cut, and put together from what is stored."""

from typing import TYPE_CHECKING
from uuid import UUID

from parts.reading import Reading
from storage import indexing, passages
from storage.documents import StoredDocument
from storage.passages import Indexed

if TYPE_CHECKING:
    from rag.documents import Document
    from rag.embedded import Embedded


class Knowledge(Reading):
    def read_document(
        self, path: str, content: bytes, *, language: str = "", maker: str = "import", member: UUID | None = None
    ) -> StoredDocument:
        """What is stored of a file. Raises BadInput with one sentence where it cannot be read."""
        from rag.documents import parse_document

        return stored(parse_document(path, content, language), content, maker=maker, member=member)

    def read_again(self, document: StoredDocument) -> StoredDocument:
        """The same with everything that can be read out of it, for rows that were stored unread. Raises BadInput."""
        content = document.original if document.original is not None else document.source.encode()
        from dataclasses import replace

        found = self.read_document(document.path, content)
        return replace(
            document, body=found.body, title=found.title, language=found.language, visibility=found.visibility,
            url=found.url, questions=found.questions,
        )  # fmt: skip

    def load_published(self, tenant: UUID, engine: str) -> "list[Embedded]":
        """Everything that is published for this engine, as one whole."""
        with self.database.transaction(tenant) as db:
            indexing.published(db, tenant, engine, lock=True)
            found = passages.load(db, tenant, engine)
        return [embedded(one, engine) for one in found]


def stored(document: "Document", content: bytes, *, maker: str, member: UUID | None = None) -> StoredDocument:
    """The rows of a document that was read from these bytes."""
    return StoredDocument(
        path=document.path,
        version=document.version,
        source=content.decode("utf-8-sig"),
        body=document.body,
        title=document.title,
        language=document.language,
        visibility=document.visibility,
        url=document.url,
        questions=document.questions,
        maker=maker,
        member=member,
    )


def document_of(row: StoredDocument) -> "Document":
    """A document as it is cut and searched; its body must have been read."""
    from rag.documents import Document

    return Document(
        path=row.path,
        title=row.title,
        language=row.language,
        body=row.body or "",
        version=row.version,
        visibility=row.visibility,
        questions=row.questions,
        url=row.url,
    )


def embedded(one: Indexed, engine: str) -> "Embedded":
    """What an index is put together from, over the very bytes that came from the database."""
    import numpy as np

    from rag.embedded import Embedded
    from rag.passages import Passage

    document = document_of(one.document)
    count = len(one.pieces)

    def rows(vectors: bytes, rows_of_it: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        return np.frombuffer(vectors, dtype="<f4").reshape(rows_of_it, -1 if rows_of_it else 1)

    return Embedded(
        document=document,
        passages=tuple(Passage(document, piece.heading, piece.begins, piece.ends) for piece in one.pieces),
        titles=rows(one.titles, count),
        bodies=rows(one.bodies, count),
        questions=rows(one.questions, len(one.owners)),
        owners=one.owners,
        engine=engine,
    )
