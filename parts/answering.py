"""How questions are answered: a tenant's documents, its index, and the handlers that ask them."""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING
from uuid import UUID

from domain.category import Category
from domain.errors import NeedsPerson
from domain.ports import Answer, Answers, Handler
from domain.refund_policy import RefundPolicy
from handlers import handlers_for
from handlers.refund import RefundHandler
from handlers.refund_verdict import left_to_a_person
from parts.abstaining import Abstaining, NamedAnswers, version_name
from parts.composing import composed
from parts.from_data import FromData
from parts.knowledge import Knowledge
from parts.tables import NoOrders, NoRefunds, TenantOrders, TenantRefunds
from storage import indexing, refund_policies, tenants

if TYPE_CHECKING:
    from rag.cache import IndexCache
    from rag.evidence import Abstention

EMPTY = "The knowledge base is empty."
PREPARING = "The knowledge base is being prepared."


class NoAnswers:
    """The port `Answers` while there is nothing to answer from; it says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def answer(self, question: str, subject: str, language: str) -> Answer:
        del question, subject, language
        return Answer(answered=False, confidence=0.0, reason=self._reason)


class Answering(Abstaining, Knowledge, FromData):
    def handlers(self, tenant: UUID) -> Mapping[Category, Handler]:
        """The handlers over this tenant's own documents and orders."""
        abstention, name = self.abstention_of(tenant)
        answers = NamedAnswers(self._composed(tenant, self._answers(tenant, abstention)), name)
        return handlers_for(
            answers, TenantOrders(self.database, tenant), self._refund_handler(tenant), self.facts(tenant)
        )

    def _refund_handler(self, tenant: UUID) -> RefundHandler:
        """By the policy in force. Where it cannot be read, requests are a person's, and other mail goes its way."""
        ports = TenantOrders(self.database, tenant), TenantRefunds(self.database, tenant)
        try:
            with self.database.transaction(tenant) as db:
                policy = refund_policies.newest(db, tenant)
        except NeedsPerson as error:
            return RefundHandler(*ports, RefundPolicy(), judge=left_to_a_person(error.reason))
        return RefundHandler(*ports, policy)

    def prior_answers(self, tenant: UUID) -> Answers:
        """Answers as sure as the shipped abstention says, whatever the tenant's verdicts made of it."""
        return self._answers(tenant, self._abstention)

    def folder_handlers(self) -> Mapping[Category, Handler]:
        """The handlers over the documents of KNOWLEDGE_BASE_DIR and without a shop: no database is asked."""
        return handlers_for(self.folder_answers(), NoOrders(), RefundHandler(NoOrders(), NoRefunds(), RefundPolicy()))

    def folder_answers(self) -> Answers:
        """Answers from the documents of KNOWLEDGE_BASE_DIR: no database is asked."""
        from rag.answer import KnowledgeAnswers
        from rag.documents import load_folder
        from rag.index import build_index

        found, _ = load_folder(self.settings.knowledge_base_dir, convert=self.converter)
        answers = KnowledgeAnswers(build_index(found, self.embedder), self.embedder, self._plain_abstention())
        return NamedAnswers(answers, version_name(self.answer_model, 0))

    @cached_property
    def _indexes(self) -> "IndexCache":
        from rag.cache import MEGABYTE, IndexCache

        known = self.settings
        return IndexCache(
            known.index_folder,
            max_bytes=known.index_memory_mb * MEGABYTE,
            max_disk_bytes=known.index_disk_mb * MEGABYTE,
        )

    def _answers(self, tenant: UUID, abstention: "Abstention") -> Answers:
        """Answers from what is published for the engine at hand; where that is nothing or old, a worker is asked."""
        from rag.answer import KnowledgeAnswers
        from rag.index import assemble

        engine = self.embedder.engine
        with self.database.transaction(tenant) as db:
            published = indexing.published(db, tenant, engine)
            has_documents = bool(tenants.get(db, tenant).knowledge_version)
            if has_documents and (published is None or published.stale):
                indexing.ask(db, tenant)
        if published is None:
            return NoAnswers(PREPARING if has_documents else EMPTY)
        version = published.version
        index = self._indexes.get(
            str(tenant), version, engine, lambda: assemble(self.load_published(tenant, engine, version), engine),
            told=partial(self._index_kept, tenant),
        )  # fmt: skip
        return KnowledgeAnswers(index, self.embedder, abstention)

    def _index_kept(self, tenant: UUID, reason: str) -> None:
        """Whoever looks after the workspace reads why its index is not on the disk; nothing where it is."""
        with self.database.transaction(tenant) as db:
            indexing.index_kept(db, tenant, reason)

    def _composed(self, tenant: UUID, local: Answers) -> Answers:
        return composed(tenant, local, database=self.database, settings=self.settings, model=self.language_model)
