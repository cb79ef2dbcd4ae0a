"""Tenants: a merchant's workspace, its kill switch and its policy."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.errors import BadInput
from domain.facts import FactRules
from domain.number_forms import NumberForms
from domain.phase import phases_of
from domain.triage import Policy
from storage import supplier_words

MOST_HOURS = 24 * 365


@dataclass(frozen=True, slots=True)
class Tenant:
    id: UUID
    slug: str
    name: str
    answering: bool
    knowledge_version: str
    settings: Mapping[str, Any]
    second_factor_required: bool = False

    def policy(self) -> Policy:
        """The tenant's own part; `storage.standings` adds what was earned, and the worker what the mailbox says."""
        return Policy(answering=self.answering, phases=phases_of(self.settings))

    @property
    def llm(self) -> Mapping[str, Any]:
        """What the tenant wishes of language models: tokens_per_day, lower, upper, reliability; each may be missing."""
        found = self.settings.get("llm")
        return found if isinstance(found, dict) else {}

    def fact_rules(self) -> FactRules:
        """What the tenant wishes of facts: order_hours, incident_replies, web_search; each may be missing."""
        hours = self.settings.get("order_hours")
        if not isinstance(hours, int) or not 0 < hours <= MOST_HOURS:
            hours = FactRules().orders_current_for // timedelta(hours=1)
        return FactRules(
            orders_current_for=timedelta(hours=hours),
            incident_replies=self.settings.get("incident_replies") is True,
            web_search=self.settings.get("web_search") is not False,
        )

    @property
    def drafts_supplier_news(self) -> bool:
        """Whether a supplier's answer becomes a draft for the customer behind it: yes, unless the tenant says no.

        It is a draft alone: a person approves it, or not.
        """
        return self.settings.get("supplier_news") is not False

    def number_forms(self) -> NumberForms:
        """The forms that this tenant gave its numbers; none where it gave none."""
        stored = self.settings.get("numbers", {})
        return NumberForms(*(tuple(stored.get(kind, ())) for kind in ("orders", "tickets", "purchases")))


def create(db: Connection, tenant: UUID, *, slug: str, name: str) -> None:
    """Make the tenant whose id the transaction was opened for. Raises BadInput when the short name is taken."""
    made = db.execute(
        text("""
            INSERT INTO tenant (tenant_id, slug, name) VALUES (:tenant, :slug, :name) ON CONFLICT (slug) DO NOTHING
        """),
        {"tenant": tenant, "slug": slug, "name": name},
    )
    if made.rowcount != 1:
        raise BadInput("slug", f"There is a workspace called {slug!r} already: choose another short name.")


def get(db: Connection, tenant: UUID) -> Tenant:
    row = db.execute(
        text("""
            SELECT slug, name, answering, knowledge_version, policy, second_factor_required FROM tenant
            WHERE tenant_id = :tenant
        """),
        {"tenant": tenant},
    ).one()
    return Tenant(tenant, *row)


def by_slug(db: Connection, slug: str) -> UUID | None:
    """Asked before a tenant is known, by the command line only."""
    return db.execute(text("SELECT tenant_by_slug(:slug)"), {"slug": slug}).scalar()


def set_answering(db: Connection, tenant: UUID, *, answering: bool) -> None:
    """The kill switch: read right before every effect that no person approved."""
    db.execute(
        text("UPDATE tenant SET answering = :answering WHERE tenant_id = :tenant"),
        {"tenant": tenant, "answering": answering},
    )
    if answering:
        supplier_words.resume(db, tenant)


def require_second_factor(db: Connection, tenant: UUID, *, required: bool) -> bool:
    """Whether every member must have a second factor; False where that is so already."""
    changed = db.execute(
        text("""
            UPDATE tenant SET second_factor_required = :required
            WHERE tenant_id = :tenant AND second_factor_required <> :required
        """),
        {"tenant": tenant, "required": required},
    )
    return changed.rowcount == 1


def set_incident_replies(db: Connection, tenant: UUID, *, by_itself: bool) -> None:
    """Whether the machine may tell of an open incident without a person; asked anew for each batch of mail."""
    db.execute(
        text("""
            UPDATE tenant SET policy = jsonb_set(policy, '{incident_replies}', to_jsonb(CAST(:by_itself AS boolean)))
            WHERE tenant_id = :tenant
        """),
        {"tenant": tenant, "by_itself": by_itself},
    )


def set_supplier_news(db: Connection, tenant: UUID, *, drafted: bool) -> None:
    """Whether suppliers' answers become drafts for customers; asked anew for each of them."""
    db.execute(
        text("""
            UPDATE tenant SET policy = jsonb_set(policy, '{supplier_news}', to_jsonb(CAST(:drafted AS boolean)))
            WHERE tenant_id = :tenant
        """),
        {"tenant": tenant, "drafted": drafted},
    )


def set_number_forms(db: Connection, tenant: UUID, forms: NumberForms) -> None:
    """They stand in the policy, beside what else is the tenant's own. The next mail is read with them."""
    db.execute(
        text("""
            UPDATE tenant SET policy = jsonb_set(policy, '{numbers}', CAST(:forms AS jsonb)) WHERE tenant_id = :tenant
        """),
        {"tenant": tenant, "forms": json.dumps(asdict(forms))},
    )
