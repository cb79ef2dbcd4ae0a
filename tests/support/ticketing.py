"""The bridge in tests: a workspace whose ticketing system is the stand-in over real HTTP."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.ticketing import Connection
from domain.bridging import BridgeRules, Mode
from domain.decision import WordsFor
from domain.money import Money
from domain.order import Order
from domain.supplier import Supplier
from sandbox.ticketing import TicketingSystem, serve
from storage import orders, suppliers, ticketing, tickets
from storage.due import Kind
from storage.tickets import Words
from tests.support.pipeline import CUSTOMER, Shop

ORDER = "LO-77701"
SUPPLIER = "returns@supplier.example"
TRACKING = "https://parcels.example/1"
LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)
# How long a call may take: what a busy machine wants, and less than the stand-in takes when it plays "slow".
PATIENT, HURRIED = 30.0, 0.25


@dataclass
class Outside:
    system: TicketingSystem
    url: str

    def reset(self) -> None:
        self.system.desk.reset()
        self.system.desk.hidden_for = 0.0


@contextmanager
def running_ticketing():
    system = TicketingSystem()
    with serve(system) as url:
        yield Outside(system, url)


@dataclass
class Bridged:
    """One workspace and the system behind it."""

    shop: Shop
    outside: Outside
    is_known: bool = True

    def __post_init__(self) -> None:
        self.shop.services.ticketing_seconds = PATIENT
        self.order(ORDER)

    @property
    def desk(self):
        return self.outside.system.desk

    def order(self, number: str, customer: str = CUSTOMER) -> None:
        known = Order(
            number, customer, "shipped", Money(2000, "EUR"), Money(0, "EUR"), LONG_AGO, tracking_url=TRACKING,
            status_at=LONG_AGO,
        )  # fmt: skip
        with self.shop.services.database.transaction(self.shop.tenant) as db:
            orders.save(db, self.shop.tenant, [known])
        if self.is_known:
            self.desk.know_order(number, customerName="Anna")

    def connect(self, mode: Mode = Mode.GMAIL_WITH_NOTE, *, shadow: bool = False, url: str = "", password="secret"):
        services, tenant = self.shop.services, self.shop.tenant
        connected = services.sealed_ticketing(tenant, Connection(url or self.outside.url, "agent", password))
        with services.database.transaction(tenant) as db:
            ticketing.put(db, tenant, connected, BridgeRules(mode, shadow), actor="test")
            ticketing.set_rules(db, tenant, BridgeRules(mode, shadow), actor="test")

    def words(self, side: WordsFor = WordsFor.NOTE, text: str = "Hello.", number: str = ORDER, **more) -> str:
        """One text that waits for its ticket; returns its marker. A supplier whom it is for is on the list."""
        usually = {WordsFor.NOTE: "", WordsFor.CUSTOMER: CUSTOMER, WordsFor.SUPPLIER: SUPPLIER}
        with self.shop.services.database.transaction(self.shop.tenant) as db:
            ticket = tickets.open_one(db, self.shop.tenant, number, None, more.pop("message", None), about=2)
            to = {"recipient": usually[side], **more}
            if side is WordsFor.SUPPLIER:
                self._list(db, to["recipient"])
            written = tickets.write(db, self.shop.tenant, ticket, Words(side, text, **to))
        return self.one("SELECT marker FROM ticket_words WHERE id = %s", written)

    def _list(self, db, address: str) -> None:
        if not suppliers.directory(db, self.shop.tenant).knows(address):
            domain = address.partition("@")[2]
            suppliers.save(db, self.shop.tenant, Supplier(domain, (domain,)), actor="test")

    def fault(self, route: str, fault: str, **more) -> None:
        """Of the call that is asked for next. For a slow one nobody waits, as long as it is still to come."""
        self.shop.services.ticketing_seconds = HURRIED if fault == "slow" else PATIENT
        self.outside.system.order(fault, route, **more)

    def run(self) -> int:
        done = self.shop.run(Kind.TICKET)
        if not self.desk.faults.waiting():
            self.shop.services.ticketing_seconds = PATIENT
        return done

    def later(self, times: int = 1) -> None:
        """Let the time pass that looks, leases and rests wait for, and work."""
        for _ in range(times):
            self.shop.change("UPDATE ticket SET next_at = now(), lease_until = NULL WHERE next_at IS NOT NULL")
            self.run()

    def one(self, sql: str, *values: object):
        return self.shop.one(sql, *values)

    def state(self, marker: str) -> str:
        return self.one("SELECT state FROM ticket_words WHERE marker = %s", marker)

    def error(self, marker: str) -> str:
        return self.one("SELECT last_error FROM ticket_words WHERE marker = %s", marker)

    def ticket(self, number: str = ORDER):
        return self.shop.rows("SELECT * FROM ticket WHERE order_number = %s", number)[0]

    def calls(self) -> list[str]:
        """The effects that the system has, in their order."""
        return [one["call"] for one in self.desk.effects]

    def made(self) -> int:
        return self.calls().count("upsert")

    def times(self, marker: str) -> int:
        """How often the text of this marker arrived."""
        return sum(f"[{marker}]" in one["text"] for one in self.desk.effects)

    def doubled(self) -> dict[str, int]:
        """Every marker that arrived more than once."""
        markers = [row.marker for row in self.shop.rows("SELECT marker FROM ticket_words")]
        counted = Counter({marker: self.times(marker) for marker in markers})
        return {marker: count for marker, count in counted.items() if count > 1}
