"""A workspace with suppliers that were asked something: their mail on its whole way, read with its quotes apart."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, ToAsk
from storage import desk, supplier_requests, suppliers
from storage.references import new_reference
from storage.supplier_requests import Anchor
from tests.support.letters import letter
from tests.support.little_models import PlainReader
from tests.support.pipeline import CUSTOMER, SHOP, Shop, TestServices
from understanding.numbers import numbers_in
from understanding.quotes import split

ACME, ACMES = "desk@acme.example", Supplier("Acme Lamps", ("acme.example",), ("jo@gmail.com",))
BOLT, BOLTS = "desk@bolt.example", Supplier("Bolt Works", ("bolt.example",))
PURCHASE = "D400000001"
ASKED = "question: when does my parcel come?"


class QuotingReader(PlainReader):
    """The little reader, which sees what is new, quoted and forwarded, and the numbers in each."""

    def read(self, messages, context):
        return [self._apart(message, context) for message in messages]

    def _apart(self, message, context):
        parts = split(message.text, message.subject)
        numbers = numbers_in(parts, message.subject, context)
        return replace(
            self._one(message, context.own_addresses), text=parts.text, quoted=parts.quoted, forwarded=parts.forwarded,
            order_numbers=numbers.orders, purchase_orders=numbers.purchases, read_from=numbers.read_from,
        )  # fmt: skip


class QuotingServices(TestServices):
    @property
    def reader(self):
        return QuotingReader()


@dataclass
class Supplied:
    shop: Shop

    def __post_init__(self) -> None:
        if not isinstance(self.shop.services, QuotingServices):
            self.shop.services.__class__ = QuotingServices
        for address in (ACME, BOLT):
            self.shop.google.account(address, "Desk", "supplier")
        with self.shop.services.database.transaction(self.tenant) as db:
            self.acme = suppliers.save(db, self.tenant, ACMES, actor="test")
            self.bolt = suppliers.save(db, self.tenant, BOLTS, actor="test")

    @property
    def tenant(self) -> UUID:
        return self.shop.tenant

    def customer(self, text: str = ASKED, **more: object):
        """A customer writes and is answered by itself; returns their mail's row."""
        self.shop.write(text, "My parcel", **more)
        self.shop.sync_and_settle()
        return self.mails()[-1]

    def ask(self, purchase: str = PURCHASE, *, supplier: UUID | None = None, order: str = "", thread: str = "",
            behind=None, left: timedelta | None = timedelta(hours=1), ticket: UUID | None = None) -> UUID:  # fmt: skip
        """A person has asked a supplier, and the question left so long ago; `behind` is the customer's mail."""
        if behind is None and not self.mails():
            self.customer("other: a word")
        anchor = behind or self.mails()[0]
        wish = ToAsk(supplier or self.acme, purchase, Purpose.TRACKING, ACME, "A question", "Where is it?", order)
        at = Anchor(self.shop.mailbox, anchor.id, anchor.conversation_id if behind else None, ticket)
        with self.shop.services.database.transaction(self.tenant) as db:
            asked = supplier_requests.ask(
                db, self.tenant, wish, at, channel=Channel.GMAIL, member=self.shop.workspace.owner
            )
            # As the machine that sends leaves it.
            db.exec_driver_sql("UPDATE outbox SET state = 'sent' WHERE request_id = %s", (asked,))
            db.exec_driver_sql(
                "UPDATE supplier_request SET first_asked_at = %s, asked_at = %s, thread_id = %s, "
                "next_at = now() + interval '9 days' WHERE id = %s",
                (*[datetime.now(UTC) - left if left is not None else None] * 2, thread, asked),
            )
        return asked

    def thread(self) -> str:
        """We began a thread with Acme, in which nothing is named; returns its id at Gmail."""
        sent = self.shop.google.send_as(SHOP, letter(SHOP, ACME, "Our letter", "As said."))
        self.ours = sent.letter.message_id
        self.shop.sync_and_settle()
        return sent.thread_id

    def write(self, text: str, sender: str = ACME, subject: str = "Your order", **more: object):
        """A mail comes in and is decided; returns its decision."""
        self.shop.write(text, subject, sender, **more)
        self.shop.sync_and_settle()
        return self.decision()

    def in_thread(self, text: str, sender: str = ACME, **more: object):
        return self.write(text, sender, "Re: Our letter", references=(self.ours,), **more)

    def under(self, text: str, sender: str = CUSTOMER):
        """In the customer's own thread, which began with the mail of this Message-ID."""
        return self.write(text, sender, "Re: My parcel", references=("<anna@customer.example>",))

    def mails(self) -> list:
        return self.shop.rows("SELECT * FROM message WHERE direction = 'in' ORDER BY seq")

    def decision(self):
        """Of the newest mail."""
        return self.shop.rows(
            "SELECT d.* FROM decision d JOIN message m ON m.id = d.message_id "
            "WHERE d.is_current ORDER BY m.seq DESC LIMIT 1"
        )[0]

    def request(self, asked: UUID):
        return self.shop.rows("SELECT * FROM supplier_request WHERE id = %s", asked)[0]

    def is_heard(self, asked: UUID) -> bool:
        row = self.request(asked)
        assert (row.answered_at is None) == (row.next_at is not None)
        return row.answered_at is not None

    def links(self) -> list[tuple[str, str, bool]]:
        rows = self.shop.rows(
            "SELECT r.purchase_order, l.found_by, l.answers FROM supplier_link l "
            "JOIN supplier_request r ON r.id = l.request_id ORDER BY 1"
        )
        return [tuple(row) for row in rows]

    def drafts(self) -> list:
        return self.shop.rows("SELECT * FROM outbox WHERE kind = 'reply' AND state = 'held' ORDER BY created_at")

    def dismiss(self) -> None:
        with self.shop.services.database.transaction(self.tenant) as db:
            assert desk.dismiss(db, self.tenant, self.decision().id, member=self.shop.workspace.owner)

    def send(self, decision: UUID, text: str) -> None:
        with self.shop.services.database.transaction(self.tenant) as db:
            assert desk.send(
                db, self.tenant, decision, member=self.shop.workspace.owner, text_to_send=text,
                reference=new_reference(),
            )  # fmt: skip
        self.shop.sync_and_settle()


__all__ = ["ACME", "ASKED", "BOLT", "CUSTOMER", "PURCHASE", "Supplied"]
