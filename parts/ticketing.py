"""The way to a tenant's own ticketing system; without one nothing outside is asked, and the desk is all there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from adapters.ticketing import Connection, Ticketing
from adapters.ticketing.session import CALL_SECONDS
from domain.sealed import Sealed
from parts.core import Core
from storage import ticketing
from storage.ticketing import Connected

# What the sealed password is bound to, beside its tenant.
FIELD = "ticketing"


@dataclass(frozen=True, slots=True)
class TenantTicketing:
    """`address` is where the system is asked."""

    address: str
    client: Ticketing


class Tickets(Core):
    ticketing_seconds = CALL_SECONDS
    """How long one call may take, in seconds."""

    @contextmanager
    def open_ticketing(self, tenant: UUID) -> Iterator[TenantTicketing | None]:
        """The system as the tenant has it at this moment, for one job; None where none is connected."""
        with self.database.transaction(tenant) as db:
            connected = ticketing.find(db, tenant)
        if connected is None:
            yield None
            return
        client = Ticketing(self._opened_ticketing(tenant, connected), seconds=self.ticketing_seconds)
        try:
            yield TenantTicketing(connected.base_url, client)
        finally:
            client.close()

    def sealed_ticketing(self, tenant: UUID, connection: Connection) -> Connected:
        """A connection with its password sealed for this tenant, and for no other."""
        secret = self.vault.seal(connection.password.encode(), tenant=tenant, mailbox="", field=FIELD)
        return Connected(connection.base_url, connection.username, secret, connection.path_prefix, connection.zone)

    def _opened_ticketing(self, tenant: UUID, connected: Connected) -> Connection:
        return Connection(
            connected.base_url,
            connected.username,
            self._ticketing_password(tenant, connected.secret),
            connected.path_prefix,
            connected.zone,
        )

    def _ticketing_password(self, tenant: UUID, secret: Sealed) -> str:
        return self.vault.open(secret, tenant=tenant, mailbox="", field=FIELD).decode()
