"""Every sealed column filled in a workspace as the product fills it, and opened as the product opens it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, TableClause, column, null, select, table, text, update

from adapters.gmail.tokens import Tokens
from adapters.shop_webhook import new_secret
from adapters.ticketing import Connection as Connected
from bootstrap import Services
from domain.bridging import BridgeRules, Mode
from domain.sealed import Sealed
from storage import disconnecting, mailboxes, members, second_factor, shop_webhooks, ticketing
from tests.conftest import Workspace

COLUMNS = text("""
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'bytea' AND column_name LIKE '%sealed%' ORDER BY 1, 2
""")


# What the rows of a table are called, where a tenant has several.
KEYS = {"mailbox": "id", "revocation": "mailbox_id", "second_factor": "member_id"}


@dataclass(frozen=True)
class Place:
    """One sealed value: `row` is what its row is called beside the tenant, empty where the tenant has one alone."""

    column: str
    tenant: UUID
    row: UUID | None = None

    def read(self, owner: Connection) -> bytes:
        return owner.execute(select(self._value()).where(*self._where())).scalar_one()

    def write(self, owner: Connection, value: bytes) -> None:
        changed = update(self._table()).where(*self._where()).values({self._value(): value})
        assert owner.execute(changed).rowcount == 1
        owner.commit()

    def open(self, services: Services, owner: Connection) -> str:
        return OPENED[self.column](services, self, owner)

    def _table(self) -> TableClause:
        return rows_of(*self.column.split("."))

    def _value(self) -> ColumnElement[bytes]:
        return self._table().c[self.column.split(".")[1]]

    def _where(self) -> list[ColumnElement[bool]]:
        table = self._table()
        own = [table.c.tenant_id == self.tenant]
        return [*own, table.c[KEYS[table.name]] == self.row] if self.row else own


@cache
def rows_of(name: str, value: str) -> TableClause:
    """A table as far as its sealed column and the names of its rows."""
    return table(name, *map(column, {value, "tenant_id", KEYS.get(name, "tenant_id")}))


def every_place(owner: Connection) -> list[Place]:
    """All that is sealed anywhere now."""
    places = []
    for name, value in owner.execute(COLUMNS).all():
        rows = rows_of(name, value)
        own = rows.c[KEYS[name]] if name in KEYS else null()
        for tenant, row in owner.execute(select(rows.c.tenant_id, own).where(rows.c[value].is_not(None))).all():
            places.append(Place(f"{name}.{value}", tenant, row))
    return places


def _mailbox(field: str) -> Callable[[Services, Place, Connection], str]:
    def opened(services: Services, place: Place, owner: Connection) -> str:
        del owner
        return getattr(services._tokens(place.tenant, place.row), field)

    return opened


def _webhook(services: Services, place: Place, owner: Connection) -> str:
    del owner
    return services.shop(place.tenant).port.open_secret()


def _ticketing(services: Services, place: Place, owner: Connection) -> str:
    del owner
    with services.database.transaction(place.tenant) as db:
        found = ticketing.find(db, place.tenant)
    return services._opened_ticketing(place.tenant, found).password


def _bound(field: str) -> Callable[[Services, Place, Connection], str]:
    """As `worker/revoke.py` and `web/second_step.py` open theirs."""

    def opened(services: Services, place: Place, owner: Connection) -> str:
        sealed = Sealed(place.read(owner))
        return services.vault.open(sealed, tenant=place.tenant, mailbox=place.row, field=field).decode()

    return opened


OPENED: dict[str, Callable[[Services, Place, Connection], str]] = {
    "mailbox.access_sealed": _mailbox("access"),
    "mailbox.refresh_sealed": _mailbox("refresh"),
    "revocation.refresh_sealed": _bound("refresh"),
    "second_factor.secret_sealed": _bound("second_factor"),
    "shop_webhook.secret_sealed": _webhook,
    "ticketing.secret_sealed": _ticketing,
}


def fill(services: Services, workspace: Workspace) -> list[Place]:
    """Two rows of what a workspace may have several of, one of what it has one of."""
    tenant, places = workspace.id, []
    until = datetime.now(UTC) + timedelta(hours=1)
    with services.database.transaction(tenant) as db:
        for number in range(3):
            address = f"box{number}@{workspace.slug}.example"
            mailbox, _ = mailboxes.connect(
                db, tenant, member=workspace.owner, google_sub=address, address=address, scopes=["x"]
            )
            tokens = Tokens(f"refresh of {address}", f"access of {address}", until)
            mailboxes.save_tokens(db, tenant, mailbox, services.sealed(tenant, mailbox, tokens))
            if number == 2:
                disconnecting.disconnect(db, tenant, mailbox)
                places.append(Place("revocation.refresh_sealed", tenant, mailbox))
            else:
                places += [Place(f"mailbox.{one}_sealed", tenant, mailbox) for one in ("refresh", "access")]
        other = members.add(db, tenant, email=f"m@{workspace.slug}.example", name="M", password_hash="x", role="agent")
        for member in (workspace.owner, other):
            secret = services.vault.seal(str(member).encode(), tenant=tenant, mailbox=member, field="second_factor")
            assert second_factor.begin(db, tenant, member, secret)
            places.append(Place("second_factor.secret_sealed", tenant, member))
        webhook = services.sealed_webhook(tenant, "https://shop.example/mailwright", new_secret())
        shop_webhooks.put(db, tenant, webhook, member=workspace.owner)
        system = services.sealed_ticketing(tenant, Connected("https://t.example", "u", f"password of {tenant}"))
        ticketing.put(db, tenant, system, BridgeRules(Mode.GMAIL_WITH_NOTE), actor="test")
    return [*places, Place("shop_webhook.secret_sealed", tenant), Place("ticketing.secret_sealed", tenant)]
