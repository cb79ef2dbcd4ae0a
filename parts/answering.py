"""How questions are answered: a tenant's documents, its index, and the handlers that ask them."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from domain.category import Category
from domain.errors import BadInput
from domain.ports import Answers, Handler
from handlers import handlers_for
from parts.reading import Reading
from parts.tables import NoOrders, TenantOrders
from storage import documents, tenants
from storage.documents import StoredDocument

if TYPE_CHECKING:
    from rag.cache import IndexCache
    from rag.evidence import Abstention

log = structlog.get_logger()


class Answering(Reading):
    def handlers(self, tenant: UUID) -> Mapping[Category, Handler]:
        """The handlers over this tenant's own documents and orders."""
        return handlers_for(self._answers(tenant), TenantOrders(self.database, tenant))

    def folder_handlers(self) -> Mapping[Category, Handler]:
        """The handlers over the documents of KNOWLEDGE_BASE_DIR and without a shop: no database is asked."""
        from rag.answer import KnowledgeAnswers
        from rag.documents import load_folder
        from rag.index import build_index

        found, _ = load_folder(self.settings.knowledge_base_dir)
        answers = KnowledgeAnswers(build_index(found, self.embedder), self.embedder, self._abstention)
        return handlers_for(answers, NoOrders())

    @cached_property
    def _indexes(self) -> "IndexCache":
        from rag.cache import MEGABYTE, IndexCache

        known = self.settings
        return IndexCache(
            known.index_folder,
            max_bytes=known.index_memory_mb * MEGABYTE,
            max_disk_bytes=known.index_disk_mb * MEGABYTE,
        )

    def _answers(self, tenant: UUID) -> Answers:
        from rag.answer import KnowledgeAnswers
        from rag.documents import Document, parse_document
        from rag.index import Index, build_index

        def readable(stored: list[StoredDocument]) -> Iterator[Document]:
            for one in stored:
                try:
                    yield parse_document(one.path, one.source.encode())
                except BadInput as error:
                    # One bad document must not take the answers from all the others with it.
                    log.warning("document_unreadable", tenant=tenant, path=one.path, reason=error.reason)

        with self.database.transaction(tenant) as db:
            version = tenants.get(db, tenant).knowledge_version

        def build() -> Index:
            with self.database.transaction(tenant) as db:
                stored = documents.current(db, tenant)
            return build_index(tuple(readable(stored)), self.embedder)

        index = self._indexes.get(str(tenant), version, self.embedder.engine, build)
        return KnowledgeAnswers(index, self.embedder, self._abstention)

    @cached_property
    def _abstention(self) -> "Abstention":
        from rag.evidence import load_abstention

        return load_abstention()
