"""The services of a worker that may die around each commit and each call out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, wraps
from typing import Any
from uuid import UUID

from adapters.gmail.connect import Gmail
from bootstrap import Services
from chaos.fate import Fate
from chaos.points import COMMIT
from parts.shop import TenantShop
from parts.ticketing import TenantTicketing
from settings import Settings
from storage.database import Database


def mortal(call: Callable[..., Any], name: str, fate: Fate) -> Callable[..., Any]:
    """The same call, with a point before and one after it."""

    @wraps(call)
    def passing(*args: Any, **kwargs: Any) -> Any:
        fate.pass_by("before", name)
        answer = call(*args, **kwargs)
        fate.pass_by("after", name)
        return answer

    return passing


class MortalPort:
    """Any port: each of its calls is a place."""

    def __init__(self, port: Any, fate: Fate) -> None:
        self._port, self._fate = port, fate

    def __getattr__(self, name: str) -> Any:
        return mortal(getattr(self._port, name), name, self._fate)


class MortalDatabase(Database):
    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url)
        self._fate = fate

    @contextmanager
    def transaction(self, tenant: UUID) -> Iterator[Any]:
        with super().transaction(tenant) as db:
            yield db
            self._fate.pass_by("before", COMMIT)
        self._fate.pass_by("after", COMMIT)


class MortalServices(Services):
    """Production's services, each way out of the process made mortal; a call to tickets may take few seconds."""

    ticketing_seconds = 2.0

    def __init__(self, settings: Settings, fate: Fate) -> None:
        super().__init__(settings)
        self._fate = fate

    @cached_property
    def database(self) -> Database:
        return MortalDatabase(self.settings.database_url, self._fate)

    @contextmanager
    def open_mailbox(self, tenant: UUID, mailbox: UUID) -> Iterator[Any]:
        with super().open_mailbox(tenant, mailbox) as gmail:
            yield Gmail(self._wrapped(gmail.source), self._wrapped(gmail.outgoing))

    @contextmanager
    def open_ticketing(self, tenant: UUID) -> Iterator[Any]:
        with super().open_ticketing(tenant) as found:
            yield found and TenantTicketing(found.address, self._wrapped(found.client))

    def shop(self, tenant: UUID) -> TenantShop:
        found = super().shop(tenant)
        return TenantShop(found.address, self._wrapped(found.port))

    def _wrapped(self, port: Any) -> Any:
        return MortalPort(port, self._fate)
