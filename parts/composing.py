"""How a tenant's answers come to be written by a language model, where there is one and the tenant wants it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.ports import Answers, Spending
from parts.tables import TenantSpending
from settings import Settings
from storage import tenants
from storage.database import Database

if TYPE_CHECKING:
    from adapters.llm.language_model import LanguageModel


def composed(
    tenant: UUID, local: Answers, *, database: Database, settings: Settings, model: "LanguageModel | None"
) -> Answers:
    """The local answers, with a model's where they abstain.

    The part "llm" of the tenant's policy says more: `answers` is "none", "open" (where the local answer abstains: the
    usual), or "all"; `tokens_per_day` is its budget.
    """
    if model is None:
        return local
    with database.transaction(tenant) as db:
        policy = tenants.get(db, tenant).llm
    spending = spending_of(tenant, policy, database=database, settings=settings)
    if spending is None or policy.get("answers") == "none":
        return local
    from adapters.llm.composer import ModelComposer
    from rag.composing import ComposedAnswers

    return ComposedAnswers(local, ModelComposer(model, spending), keeps_quotes=policy.get("answers") != "all")


def spending_of(tenant: UUID, policy: Mapping[str, Any], *, database: Database, settings: Settings) -> Spending | None:
    """The budget of a tenant, or None where it wants no language model at all."""
    wished = policy.get("tokens_per_day")
    tokens_per_day = wished if isinstance(wished, int) else settings.llm_tokens_per_day
    return TenantSpending(database, tenant, tokens_per_day) if tokens_per_day > 0 else None
