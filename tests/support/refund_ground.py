"""What worlds of refunds stand on: one database under its roles, two shops, and a Gmail in memory for each tenant."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from sqlalchemy import create_engine

from adapters.gmail.connect import Gmail
from domain.category import Category
from parts.shop import TenantShop
from sandbox.order_shop import OrderShop
from storage.database import psycopg_url
from tests.support.acting import PATIENT_SHOP
from tests.support.fake_gmail import FakeGmail
from tests.support.little_models import PlainReader
from tests.support.pacing import PacedDatabase, PacedPort
from tests.support.pipeline import TestServices


class RefundReader(PlainReader):
    """Takes all mail for a request about an order but what asks for a parcel."""

    def _one(self, message, own_addresses):
        about = Category.QUESTION if "parcel" in message.text else Category.REFUND
        return replace(super()._one(message, own_addresses), category=about)


class WorldServices(TestServices):
    """The services with a Gmail in memory for each tenant, every way outside a place where a worker may die."""

    @property
    def reader(self):
        return RefundReader()

    def __init__(self, settings) -> None:
        super().__init__(replace(settings, shop_webhook_private=True))
        self.database = PacedDatabase(settings.database_url)
        self.shops_http = PATIENT_SHOP
        self.gmails: dict[UUID, FakeGmail] = {}

    @contextmanager
    def open_mailbox(self, tenant, mailbox):
        port = PacedPort(self.gmails[tenant])
        yield Gmail(port, port)

    def shop(self, tenant):
        found = super().shop(tenant)
        return TenantShop(found.address, PacedPort(self.through(found.port)))

    def through(self, port):
        """The way on which the shop is asked: here a test puts a worker that errs."""
        return port


class Ground:
    """What all worlds stand on: one database under its roles, and two shops. `seen` counts what ever came about."""

    def __init__(self, settings, shops: tuple[OrderShop, ...], services: WorldServices | None = None) -> None:
        self.services = services or WorldServices(settings)
        self.shops = shops
        self.seen: Counter[str] = Counter()
        self.owner = create_engine(psycopg_url(settings.database_owner_url), isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        self.owner.dispose()
        self.services.close()
