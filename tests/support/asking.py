"""A workspace that asks its supplier over the sandbox Google: what is needed to ask, to remind and to be heard."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.decision import WordsFor
from domain.supplier import Purpose, Supplier
from domain.supplier_request import BusinessDays, Channel, SupplierRules, ToAsk
from storage import supplier_requests, supplier_rules, suppliers, tickets
from storage.due import Kind
from storage.supplier_requests import Anchor
from storage.tickets import Words
from tests.support.pipeline import Shop

ACME, OPERATIONS = "desk@acme.example", "ops@merchant.example"
PURCHASE = "D400000001"
# Every day counts, so that a test may run on any day of the week.
EVERY_DAY = BusinessDays("UTC", frozenset(range(1, 8)))


@dataclass
class Asking:
    shop: Shop
    supplier: UUID

    @classmethod
    def of(cls, shop: Shop, *, operations: str = OPERATIONS, language: str = "en") -> "Asking":
        shop.google.account(ACME, "Acme")
        shop.google.account(OPERATIONS, "Operations")
        acme = Supplier("Acme", ("acme.example",), contacts={Purpose.GENERAL: ACME}, language=language)
        with shop.services.database.transaction(shop.tenant) as db:
            supplier = suppliers.save(db, shop.tenant, acme, actor="test")
            rules = SupplierRules(days=EVERY_DAY, operations_address=operations)
            supplier_rules.put(db, shop.tenant, rules, actor="test")
        return cls(shop, supplier)

    def ask(
        self,
        text: str = "Where is it?",
        subject: str = f"Our order {PURCHASE}",
        *,
        order: str = "",
        channel: Channel = Channel.GMAIL,
    ) -> UUID:
        """A person asks for the newest mail at the desk; it is not sent yet. By Gmail the ticket of the `order` has a
        note of it.
        """
        tenant = self.shop.tenant
        message = self.shop.one("SELECT id FROM message WHERE direction = 'in' ORDER BY seq DESC LIMIT 1")
        wish = ToAsk(self.supplier, PURCHASE, Purpose.TRACKING, ACME, subject, text, order)
        with self.shop.services.database.transaction(tenant) as db:
            ticket = tickets.open_one(db, tenant, order, None, message, about=2) if order else None
            anchor = Anchor(self.shop.mailbox, message, ticket=ticket)
            request = supplier_requests.ask(db, tenant, wish, anchor, channel=channel, member=self.shop.workspace.owner)
            if channel is Channel.GMAIL and ticket is not None:
                tickets.write(db, tenant, ticket, Words(WordsFor.NOTE, "Asked by mail."))
        return request

    def asked(self) -> UUID:
        """The same, and it has left."""
        self.shop.write("question: hello")
        self.shop.sync_and_settle()
        request = self.ask()
        self.deliver()
        return request

    def deliver(self) -> None:
        self.shop.change("UPDATE outbox SET next_at = now(), lease_until = NULL")
        self.shop.change("UPDATE mailbox SET last_ok_at = now()")
        self.shop.run(Kind.DELIVER)

    def pass_time(self, hours: float) -> None:
        """So many hours ago is when everything happened that has."""
        by = timedelta(hours=hours)
        self.shop.change(
            "UPDATE supplier_request SET asked_at = asked_at - %s, first_asked_at = first_asked_at - %s, "
            "next_at = next_at - %s, lease_until = NULL", by, by, by,
        )  # fmt: skip
        self.shop.change("UPDATE supplier_step SET done_at = done_at - %s", by)
        self.shop.change("UPDATE message SET received_at = received_at - %s", by)
        self.shop.change("UPDATE message SET discovered_at = discovered_at - %s", by)

    def climb(self) -> int:
        return self.shop.run(Kind.REMIND)

    def rows(self, kind: str) -> list:
        return self.shop.rows("SELECT * FROM outbox WHERE kind = %s ORDER BY created_at", kind)

    def steps(self) -> list[tuple[str, str, str]]:
        found = self.shop.rows("SELECT * FROM supplier_step ORDER BY round, position")
        return [(one.kind, one.channel, one.state) for one in found]

    def request(self):
        return self.shop.rows("SELECT * FROM supplier_request ORDER BY created_at DESC")[0]
