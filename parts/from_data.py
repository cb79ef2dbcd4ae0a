"""What is known beside the documents: a tenant's orders and incidents, status pages, and the web for its members."""

from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from adapters.pinned_http import PinnedHttp
from handlers.facts import Facts
from parts.core import Core
from parts.tables import TenantIncidents, TenantOrders
from storage import tenants

if TYPE_CHECKING:
    from domain.ports import WebSearch


class FromData(Core):
    def facts(self, tenant: UUID) -> Facts:
        """What is told of this tenant's orders and incidents, by its own rules."""
        with self.database.transaction(tenant) as db:
            rules = tenants.get(db, tenant).fact_rules()
        return Facts(TenantOrders(self.database, tenant), TenantIncidents(self.database, tenant), rules)

    @cached_property
    def status_pages(self) -> PinnedHttp:
        """The way to status pages, whose addresses customers give."""
        return PinnedHttp(private_allowed=self.settings.status_page_private)

    def web_search(self, tenant: UUID) -> "WebSearch | None":
        """None without WEB_SEARCH_PROVIDER, where nothing of LangChain is imported, and where the tenant wants none."""
        if not self.settings.web_search_provider:
            return None
        with self.database.transaction(tenant) as db:
            wanted = tenants.get(db, tenant).fact_rules().web_search
        return self._web if wanted else None

    @cached_property
    def _web(self) -> "WebSearch":
        from adapters.web_search import TavilyWeb

        return TavilyWeb(self.settings.web_search_api_key, self.settings.web_search_base_url)
