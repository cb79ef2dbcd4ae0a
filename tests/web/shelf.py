"""Documents in a workspace as uploads and the worker would have left them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from bootstrap import Services
from parts.knowledge import document_of
from rag.passages import passages_of
from storage import documents, indexing, knowledge_search, passages
from storage.passages import Piece, Vectors

ENGINE = "plain"
VECTOR = b"\0" * 8


@dataclass(frozen=True)
class Shelf:
    services: Services
    tenant: UUID

    def put(self, path: str, content: str | bytes, **said) -> str:
        """Returns the version."""
        content = content.encode() if isinstance(content, str) else content
        found = self.services.read_document(path, content, **said)
        with self.services.database.transaction(self.tenant) as db:
            documents.put(db, self.tenant, found)
        return found.version

    def index(self, *, keep_words: bool = True) -> None:
        """Everything is cut by the real cutter, filled with vectors that mean nothing, and published."""
        with self.services.database.transaction(self.tenant) as db:
            work = indexing.claim(db, self.tenant, ENGINE, timedelta(minutes=5))
            for document, row in passages.uncut(db, self.tenant, ENGINE, 1000):
                cut = passages_of(document_of(row))
                pieces = [Piece(one.heading, one.start, one.end) for one in cut]
                passages.cut(db, self.tenant, document, ENGINE, pieces)
                if keep_words:
                    texts = [one.text for one in cut]
                    knowledge_search.keep_words(db, self.tenant, document, ENGINE, texts)
            found = passages.waiting(db, self.tenant, ENGINE, 100_000)
            filled = [Vectors(one.document, one.position, VECTOR, VECTOR) for one in found]
            passages.fill(db, self.tenant, ENGINE, filled)
            passages.ready_without_questions(db, self.tenant, ENGINE)
            for document in passages.unasked(db, self.tenant, ENGINE, 1000):
                passages.ask_questions(db, self.tenant, document, ENGINE, vectors=[], owners=[])
            indexing.progressed(db, work)
            assert indexing.publish(db, work)

    def left_out(self, path: str, reason: str) -> None:
        with self.services.database.transaction(self.tenant) as db:
            document = db.execute(
                text("SELECT id FROM document WHERE tenant_id = :tenant AND path = :path AND is_current"),
                {"tenant": self.tenant, "path": path},
            ).scalar_one()
            db.execute(text("DELETE FROM published_document WHERE document_id = :id"), {"id": document})
            passages.failed(db, self.tenant, document, ENGINE, reason)

    def progress(self, embedded: int, total: int) -> None:
        """As if a worker were on its way."""
        with self.services.database.transaction(self.tenant) as db:
            db.execute(
                text("UPDATE knowledge SET embedded = :embedded, total = :total WHERE tenant_id = :tenant"),
                {"tenant": self.tenant, "embedded": embedded, "total": total},
            )
