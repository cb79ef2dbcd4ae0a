"""The workspace of the bench in the product's own database: help centre, orders, a connected mailbox, and its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from adapters.gmail.tokens import Tokens
from bootstrap import Services
from domain.money import Money
from domain.order import Order, OrderItem
from rag.documents import load_folder
from storage import checked, desk, documents, due, gate, indexing, learning, mailboxes, members, orders, tenants
from storage.checked import Shipped
from storage.documents import StoredDocument
from storage.due import Kind
from understanding.shipped import LabelledMail, labelled_mails

OWNER = "olivia@lumen-oak.example"
NOBODY_SIGNS_IN = "-"  # a hash that no password fits
SCOPES = ("openid", "email", "https://www.googleapis.com/auth/gmail.modify")


@dataclass(frozen=True, slots=True)
class Ended:
    """How many mails came to which end."""

    answered: int
    held: int
    ignored: int

    @property
    def all(self) -> int:
        return self.answered + self.held + self.ignored


@dataclass(frozen=True, slots=True)
class Shop:
    """One tenant with one mailbox."""

    services: Services
    tenant: UUID
    mailbox: UUID

    def pause(self) -> None:
        self._set("paused", "active")

    def resume(self) -> None:
        """From here on the mailbox is due."""
        self._set("active", "paused")

    def ended(self) -> Ended:
        with self.services.database.transaction(self.tenant) as db:
            today = desk.today(db, self.tenant)
        return Ended(today.answered_by_machine, today.held, today.ignored)

    def has_learned(self) -> bool:
        """Whether it is known what may be answered by itself, and what from."""
        with self.services.database.transaction(self.tenant) as db:
            return learning.is_settled(db, self.tenant) and indexing.is_settled(db, self.tenant)

    def is_idle(self) -> bool:
        """Nothing is due, but perhaps the next poll."""
        with self.services.listener_database.without_tenant() as db:
            return not set(due.kinds_due(db)) - {Kind.SYNC}

    def _set(self, status: str, before: str) -> None:
        with self.services.database.transaction(self.tenant) as db:
            mailboxes.set_status(db, self.tenant, self.mailbox, status, only_from=(before,))


def open_shop(services: Services, known_orders: Sequence[dict[str, Any]]) -> tuple[UUID, UUID]:
    """The workspace with its help centre and its orders; the ids of tenant and owner."""
    tenant = uuid4()
    folder = services.settings.knowledge_base_dir
    found, _ = load_folder(folder)
    stored = [StoredDocument(one.path, one.version, (folder / one.path).read_text("utf-8")) for one in found]
    with services.database.transaction(tenant) as db:
        tenants.create(db, tenant, slug="lumen-oak", name="Lumen & Oak")
        # All mails of the run come within minutes.
        gate.set_limits(db, tenant, per_day=1_000_000, per_hour=1_000_000)
        owner = members.add(db, tenant, email=OWNER, name="Olivia Reed", password_hash=NOBODY_SIGNS_IN, role="owner")
        documents.replace_all(db, tenant, stored)
        orders.save(db, tenant, [order_of(one) for one in known_orders])
        checked.ship(db, tenant, [shipped(one) for one in labelled_mails()])
    return tenant, owner


def connect_mailbox(services: Services, tenant: UUID, owner: UUID, *, address: str, answer: dict[str, Any]) -> Shop:
    """Store the grant of a token answer as the page does that Google comes back to."""
    ends = datetime.now(UTC) + timedelta(seconds=answer["expires_in"])
    tokens = Tokens(answer["refresh_token"], answer["access_token"], ends)
    with services.database.transaction(tenant) as db:
        mailbox, _ = mailboxes.connect(db, tenant, member=owner, google_sub="bench", address=address, scopes=SCOPES)
        mailboxes.save_tokens(db, tenant, mailbox, services.sealed(tenant, mailbox, tokens))
    return Shop(services, tenant, mailbox)


def shipped(mail: LabelledMail) -> Shipped:
    return Shipped(mail.id, mail.text, mail.subject, mail.language, mail.category)


def order_of(row: dict[str, Any]) -> Order:
    return Order(
        number=row["order_number"],
        customer_email=row["customer_email"],
        status=row["status"],
        total=Money(row["total_minor"], row["currency"]),
        refunded=Money(row["refunded_minor"], row["currency"]),
        placed_at=datetime.fromisoformat(row["placed_at"]),
        delivered_at=datetime.fromisoformat(row["delivered_at"]) if row["delivered_at"] else None,
        items=tuple(OrderItem(**item) for item in row["items"]),
        customer_name=row["customer_name"],
        tracking_url=row["tracking_url"],
    )
