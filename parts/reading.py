"""How mail is read: the local models, what a tenant taught them, and a language model where it pays."""

from functools import cached_property, partial
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from domain.errors import BadInput
from domain.ports import Reads
from domain.triage import Policy
from parts.composing import spending_of
from parts.core import Core
from storage import learning, mailboxes, tenants

if TYPE_CHECKING:
    from adapters.embedding.onnx import OnnxEmbedder
    from adapters.llm.language_model import LanguageModel
    from understanding.classifier import Classifier
    from understanding.head import Head
    from understanding.heads import Heads
    from understanding.learner import Learner
    from understanding.reader import Reader

log = structlog.get_logger()


class Reading(Core):
    @cached_property
    def embedder(self) -> "OnnxEmbedder":
        from adapters.embedding.onnx import OnnxEmbedder

        return OnnxEmbedder(self.settings.models_dir, self.settings.embedding_precision, self.settings.model_threads)

    @cached_property
    def reader(self) -> "Reader":
        from understanding.reader import Reader

        return Reader(self.embedder, self._classifier)

    def load_models(self) -> None:
        """Load them now rather than with the first mail. Raises BadInput when they were not built."""
        from understanding.context import Context

        self.reader.read([], Context())

    def tenant_reader(self, tenant: UUID) -> Reads:
        """Reads mail with what is this tenant's own."""
        from understanding.context import Context
        from understanding.reader import TenantReader

        with self.database.transaction(tenant) as db:
            own, forms = mailboxes.own_addresses(db, tenant), tenants.get(db, tenant).number_forms()
            version = learning.head_version(db, tenant, self.model)
            learning.ask_for_model(db, tenant, self.model)
        head = self._heads.get(str(tenant), version, partial(self._load_head, tenant))
        context = Context.of(forms, own_addresses=own, head=head)
        return self._with_second_opinion(tenant, TenantReader(self.reader, context))

    @cached_property
    def model(self) -> str:
        """The name of the shared model, for what was learned or earned with it and is worth nothing with another."""
        from understanding.shipped import model_of

        return model_of(self.settings.models_dir, self.embedder.engine)

    @cached_property
    def learner(self) -> "Learner":
        from understanding.learner import Learner

        return Learner(self.embedder, self._classifier)

    def plain_policy(self) -> Policy:
        """What the labelled mail of the demonstration shop has earned: the policy of nobody in particular."""
        from understanding.shipped import shipped_standings

        return Policy(standings=shipped_standings(self.settings.models_dir, self.embedder.engine))

    def plain_reader(self) -> Reads:
        """Reads mail of nobody in particular: no database is asked."""
        from understanding.context import Context
        from understanding.reader import TenantReader

        return TenantReader(self.reader, Context())

    @cached_property
    def language_model(self) -> "LanguageModel | None":
        """None without LLM_PROVIDER: then nothing of LangChain is imported."""
        if not self.settings.llm_provider:
            return None
        from adapters.llm.language_model import LanguageModel
        from adapters.llm.model import Choice

        known = self.settings
        return LanguageModel(
            Choice(
                known.llm_provider, known.llm_model, known.llm_base_url, known.llm_api_key, known.llm_timeout_seconds,
                known.llm_input_price, known.llm_output_price,
            )
        )  # fmt: skip

    def _with_second_opinion(self, tenant: UUID, local: Reads) -> Reads:
        """The reader, with a language model asked where it pays, if there is one and the tenant wants it."""
        if self.language_model is None:
            return local
        from adapters.llm.second_opinion import ModelOpinion
        from understanding.cascade import Cascade, Trust

        with self.database.transaction(tenant) as db:
            policy = tenants.get(db, tenant).llm
        spending = spending_of(tenant, policy, database=self.database, settings=self.settings)
        if spending is None:
            return local
        return Cascade(local, ModelOpinion(self.language_model, spending), Trust.of(policy))

    @cached_property
    def _classifier(self) -> "Classifier":
        from understanding.classifier import load_classifier

        return load_classifier(self.settings.models_dir)

    @cached_property
    def _heads(self) -> "Heads":
        from understanding.heads import Heads

        return Heads()

    def _load_head(self, tenant: UUID) -> "Head | None":
        """What was learned from the tenant's corrections. What is damaged counts as nothing learned."""
        from understanding.head import Head

        with self.database.transaction(tenant) as db:
            stored = learning.head(db, tenant, self.model)
        try:
            return Head.load(stored.weights, stored.about) if stored else None
        except BadInput as error:
            log.warning("head_unreadable", tenant=tenant, reason=error.reason)
            return None
