"""The way to a tenant's own shop, which carries out what was approved; without one the ledger is all there is."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from adapters.pinned_http import PinnedHttp
from adapters.shop_webhook import FIELD, ShopWebhook, way_to_shops
from domain.delivery import Shop, ShopDone, ShopTask
from domain.sealed import Sealed
from parts.core import Core
from storage import shop_webhooks
from storage.shop_webhooks import Webhook


class LedgerAlone:
    """The port `Shop` where nothing outside is asked: what the ledger books is done."""

    def carry_out(self, task: ShopTask) -> ShopDone:
        del task
        return ShopDone("")

    def look(self, key: UUID) -> ShopDone | None:
        """Nothing outside ever took anything."""
        del key
        return None


@dataclass(frozen=True, slots=True)
class TenantShop:
    """`address` is where the shop is asked, empty where it is not."""

    address: str
    port: Shop


class Shops(Core):
    def shop(self, tenant: UUID) -> TenantShop:
        """The shop as the tenant has it at this moment."""
        with self.database.transaction(tenant) as db:
            webhook = shop_webhooks.find(db, tenant)
        if webhook is None:
            return TenantShop("", LedgerAlone())
        secret = webhook.secret
        return TenantShop(
            webhook.url, ShopWebhook(self.shops_http, webhook.url, lambda: self._webhook_secret(tenant, secret))
        )

    def sealed_webhook(self, tenant: UUID, url: str, secret: str) -> Webhook:
        return Webhook(url, self.vault.seal(secret.encode(), tenant=tenant, mailbox="", field=FIELD))

    @cached_property
    def shops_http(self) -> PinnedHttp:
        return way_to_shops(private_allowed=self.settings.shop_webhook_private)

    def _webhook_secret(self, tenant: UUID, secret: Sealed) -> str:
        return self.vault.open(secret, tenant=tenant, mailbox="", field=FIELD).decode()
