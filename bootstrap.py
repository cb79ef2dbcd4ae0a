"""Which adapter stands behind which port: the one place where the parts are put together."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from adapters.gmail.connect import Gmail, connect
from adapters.gmail.tokens import GoogleApp, Renew, Tokens
from adapters.gmail.transport import Limits
from adapters.google_grants import Endpoints, discover
from adapters.mime.jail import Jail
from adapters.vault import KeyRing, Vault
from domain.category import Category
from domain.errors import AuthLost, BadInput
from domain.opinion import Call
from domain.order import Order
from domain.ports import Answers, Handler, Reads
from domain.triage import Policy
from handlers import handlers_for
from settings import Settings
from storage import documents, learning, llm_calls, mailboxes, orders, tenants
from storage.database import Database
from storage.documents import StoredDocument

if TYPE_CHECKING:
    from adapters.embedding.onnx import OnnxEmbedder
    from adapters.llm.language_model import LanguageModel
    from rag.cache import IndexCache
    from rag.evidence import Abstention
    from understanding.classifier import Classifier
    from understanding.head import Head
    from understanding.heads import Heads
    from understanding.learner import Learner
    from understanding.reader import Reader

log = structlog.get_logger()


class TenantOrders:
    """The port `Orders` over one tenant's table; each question is a short transaction of its own."""

    def __init__(self, database: Database, tenant: UUID) -> None:
        self._database = database
        self._tenant = tenant

    def find(self, number: str) -> Order | None:
        with self._database.transaction(self._tenant) as db:
            return orders.find(db, self._tenant, number)


class NoOrders:
    """The port `Orders` where there is no shop to ask, as in `flask explain` without a tenant."""

    def find(self, number: str) -> Order | None:
        del number
        return None


class TenantSpending:
    """The port `Spending` over one tenant's table. Days are UTC; each question is a short transaction of its own.

    Calls that run side by side see the budget as it was when each began: it can be overdrawn by what these few use.
    """

    def __init__(self, database: Database, tenant: UUID, tokens_per_day: int) -> None:
        self._database = database
        self._tenant = tenant
        self._tokens_per_day = tokens_per_day

    def has_room(self) -> bool:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._database.transaction(self._tenant) as db:
            return llm_calls.tokens_since(db, self._tenant, today) < self._tokens_per_day

    def record(self, call: Call) -> None:
        with self._database.transaction(self._tenant) as db:
            llm_calls.record(db, self._tenant, call)


class Services:
    """What the programs work with. Parts are made when they are first asked for, so that web loads no model."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        """Set when the program was asked to stop: whoever works in a loop looks at it between two rows."""

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_url)

    @cached_property
    def listener_database(self) -> Database:
        """Under the narrow role that sees which tenant has something due."""
        return Database(self.settings.database_listener_url, pool_size=1)

    @cached_property
    def vault(self) -> Vault:
        return Vault(KeyRing.parse(self.settings.key_ring))

    @cached_property
    def jail(self) -> Jail:
        """The child process in which hostile mail is read."""
        return Jail()

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
        wished = policy.get("tokens_per_day")
        tokens_per_day = wished if isinstance(wished, int) else self.settings.llm_tokens_per_day
        if tokens_per_day <= 0:
            return local
        spending = TenantSpending(self.database, tenant, tokens_per_day)
        return Cascade(local, ModelOpinion(self.language_model, spending), Trust.of(policy))

    @cached_property
    def google_endpoints(self) -> Endpoints:
        """Asked of Google once per process."""
        return discover(self.settings.google_metadata_url)

    @cached_property
    def google_app(self) -> GoogleApp:
        return GoogleApp(
            client_id=self.settings.google_client_id,
            client_secret=self.settings.google_client_secret,
            token_uri=self.google_endpoints.token_uri,
            api_endpoint=self.settings.gmail_api_endpoint,
        )

    @contextmanager
    def open_mailbox(self, tenant: UUID, mailbox: UUID) -> Iterator[Gmail]:
        """One mailbox's way to Gmail, for one job. Raises AuthLost when it has no grant."""
        tokens = self._tokens(tenant, mailbox)
        limits = Limits(read_s=self.settings.google_timeout_seconds)
        with connect(self.google_app, tokens, partial(self._renewed, tenant, mailbox), limits=limits) as gmail:
            yield gmail

    def sealed(self, tenant: UUID, mailbox: UUID, tokens: Tokens) -> mailboxes.Tokens:
        """A grant sealed for its row, and for no other."""
        refresh = self.vault.seal(tokens.refresh.encode(), tenant=tenant, mailbox=mailbox, field="refresh")
        access = self.vault.seal(tokens.access.encode(), tenant=tenant, mailbox=mailbox, field="access")
        return mailboxes.Tokens(refresh, access, tokens.expires_at)

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

    def close(self) -> None:
        for name in ("database", "listener_database", "jail"):
            if name in self.__dict__:
                getattr(self, name).close()

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

    @cached_property
    def _indexes(self) -> "IndexCache":
        from rag.cache import IndexCache

        return IndexCache()

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

    def _tokens(self, tenant: UUID, mailbox: UUID) -> Tokens:
        with self.database.transaction(tenant) as db:
            sealed = mailboxes.get_tokens(db, tenant, mailbox)
        if sealed is None:
            raise AuthLost("This mailbox is not connected.")
        return self._opened(tenant, mailbox, sealed)

    def _opened(self, tenant: UUID, mailbox: UUID, sealed: mailboxes.Tokens) -> Tokens:
        refresh = self.vault.open(sealed.refresh, tenant=tenant, mailbox=mailbox, field="refresh").decode()
        access = ""
        if sealed.access is not None:
            access = self.vault.open(sealed.access, tenant=tenant, mailbox=mailbox, field="access").decode()
        return Tokens(refresh, access, sealed.access_expires_at)

    def _renewed(self, tenant: UUID, mailbox: UUID, renew: Renew) -> Tokens:
        # Two jobs may refresh at once, which is harmless with Google's tokens; a transaction held while Google
        # thinks is not.
        before = self._tokens(tenant, mailbox)
        tokens = renew(before)
        with self.database.transaction(tenant) as db:
            known = mailboxes.get_tokens(db, tenant, mailbox, lock=True)
            # Where the owner reconnected while Google answered, theirs is the newer grant: ours is not stored.
            if known is not None and self._opened(tenant, mailbox, known).refresh == before.refresh:
                mailboxes.save_tokens(db, tenant, mailbox, self.sealed(tenant, mailbox, tokens))
        return tokens


def build(settings: Settings) -> Services:
    return Services(settings)
