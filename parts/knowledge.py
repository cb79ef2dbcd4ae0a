"""A tenant's documents between their rows and what is searched: read, cut, and put together from what is stored."""

from dataclasses import replace
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import TryAgain
from parts.reading import Reading
from storage import indexing, published
from storage.documents import StoredDocument
from storage.published import Indexed

if TYPE_CHECKING:
    from adapters.documents.jail import DocumentJail
    from rag.documents import Document
    from rag.embedded import Embedded


class Knowledge(Reading):
    @cached_property
    def converter(self) -> "DocumentJail":
        """The child process in which hostile HTML and PDF are read."""
        from adapters.documents.jail import DocumentJail

        return DocumentJail()

    def read_document(
        self,
        path: str,
        content: bytes,
        *,
        language: str = "",
        visibility: str = "",
        maker: str = "import",
        member: UUID | None = None,
    ) -> StoredDocument:
        """What is stored of a file. Raises BadInput with one sentence where it cannot be read."""
        from rag.documents import parse_document
        from rag.formats.decoding import text_of
        from rag.formats.kinds import kind_of

        document = parse_document(path, content, language, convert=self.converter, visibility=visibility)
        kind = kind_of(path, content)
        return StoredDocument(
            path=document.path,
            version=document.version,
            source=text_of(path, content) if kind == "text" else "",
            kind=kind,
            original=None if kind == "text" else content,
            body=document.body,
            title=document.title,
            language=document.language,
            visibility=document.visibility,
            url=document.url,
            questions=document.questions,
            maker=maker,
            member=member,
        )

    def read_again(self, row: StoredDocument) -> StoredDocument:
        """The same with everything that can be read out of it, for a row that was stored unread. Raises BadInput."""
        content = row.original if row.original is not None else row.source.encode()
        # What was said beside the file when it was stored counts now as it did then.
        language = "" if row.language == "und" else row.language
        visibility = "internal" if row.visibility == "internal" else ""
        found = self.read_document(row.path, content, language=language, visibility=visibility)
        return replace(
            row, body=found.body, title=found.title, language=found.language, visibility=found.visibility,
            url=found.url, questions=found.questions,
        )  # fmt: skip

    def close(self) -> None:
        if "converter" in self.__dict__:
            self.converter.close()
        super().close()

    def load_published(self, tenant: UUID, engine: str, version: str = "") -> "list[Embedded]":
        """Everything that is published for this engine, as one whole.

        With a `version` that set or none: raises TryAgain where another one was published meanwhile. Kept under a
        wrong name it would come back whenever that name does, with what was hidden since.
        """
        with self.database.transaction(tenant) as db:
            now = indexing.published(db, tenant, engine, lock=True)
            if version and (now is None or now.version != version):
                raise TryAgain("The knowledge base has just been published anew.")
            found = published.load(db, tenant, engine)
        return [embedded(one, engine) for one in found]


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
    count = len(one.headings)

    def rows(vectors: bytes, rows_of_it: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        return np.frombuffer(vectors, dtype="<f4").reshape(rows_of_it, -1 if rows_of_it else 1)

    return Embedded(
        document=document,
        passages=tuple(map(Passage, repeat(document), one.headings, one.begins, one.ends)),
        titles=rows(one.titles, count),
        bodies=rows(one.bodies, count),
        questions=rows(one.questions, len(one.owners)),
        owners=tuple(one.owners),
        engine=engine,
    )
