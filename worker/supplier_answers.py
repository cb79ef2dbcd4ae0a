"""What follows from a supplier's mail: its links, a note on the ticket, and a draft that waits for the customer.

None of it is written to the supplier, and none of their words reach the customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bootstrap import Services
from domain.bridging import BridgeRules, Mode, told_by_supplier
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Check, Disposition
from domain.message import Message
from domain.order import Order, normal_number
from domain.supplier import Directory
from domain.supplier_mail import KnownBy, SupplierMail
from domain.supplier_request import SupplierRequest, normal_purchase_order
from domain.understanding import Understanding
from handlers.supplier_news import told
from storage import customer_news, orders, supplier_links, supplier_notes, tenants
from storage.customer_news import News, Target
from storage.messages import Fetched
from storage.reclassify import Known as Said
from storage.supplier_notes import SupplierNote
from understanding.supplier_news import news_in
from understanding.supplier_summary import summary_of
from worker.recognising import Recognising
from worker.suggesting import Decided


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is to be written beside the decision about one supplier's mail, in its transaction."""

    tenant: UUID
    message: UUID
    mail: SupplierMail
    at: datetime
    notes: tuple[SupplierNote, ...] = ()
    news: News | None = None

    def write(self, db: Any) -> None:
        supplier_notes.lock(db, self.tenant, self.notes)
        stands = {one.request.id for one in supplier_links.record(db, self.tenant, self.message, self.mail, at=self.at)}
        if not stands:
            return
        for note in self.notes:
            supplier_notes.write(db, self.tenant, self.message, note)
        if self.news is not None:
            customer_news.hold(db, self.tenant, self.news)


@dataclass(frozen=True, slots=True)
class Answers:
    """`rules` are None for a tenant without a ticketing system."""

    services: Services
    tenant: UUID
    suppliers: Directory
    rules: BridgeRules | None

    def among(
        self,
        decided: Sequence[Decided],
        messages: Mapping[UUID, Message],
        conversations: Mapping[UUID, Conversation],
        said: Mapping[UUID, Said],
    ) -> dict[UUID, Answer]:
        """By message. Of what a member said that it is something else, nothing follows."""
        found: dict[UUID, Answer] = {}
        for one in decided:
            mail, word = conversations[one.claim.id].supplier_mail, said.get(one.claim.id)
            if mail is not None and (word is None or word.category is Category.SUPPLIER):
                found[one.claim.id] = self._of(one, messages[one.claim.id], mail)
        return found

    def _of(self, one: Decided, message: Message, mail: SupplierMail) -> Answer:
        at = message.received_at or datetime.now(UTC)
        if one.decision.disposition is Disposition.IGNORE:
            # A copy of what another mailbox has, or of old: it is linked, and nothing is said of it a second time.
            return Answer(self.tenant, one.claim.id, mail, at)
        notes = self._notes(message, one.understanding, mail) if self.rules is not None else ()
        return Answer(self.tenant, one.claim.id, mail, at, notes, self._news(message, one.understanding, mail, at))

    def _notes(self, message: Message, read: Understanding, mail: SupplierMail) -> tuple[SupplierNote, ...]:
        """One for each order, in the order of its requests."""
        by_order: dict[str, list[SupplierRequest]] = {}
        for request in mail.answered:
            wanted = self.rules is not None and self.rules.mode is not Mode.GMAIL_ONLY
            # Who keeps the system out of mail has it in where the question itself went by it.
            if request.order_number and (wanted or request.ticket is not None):
                by_order.setdefault(request.order_number, []).append(request)
        text = read.text or message.text
        who = _who(message, mail)
        return tuple(
            SupplierNote(
                number,
                told_by_supplier(who, [one.purchase_order for one in requests], summary_of(text), text),
                next((one.conversation for one in requests if one.conversation is not None), None),
            )
            for number, requests in by_order.items()
        )

    def _news(self, message: Message, read: Understanding, mail: SupplierMail, at: datetime) -> News | None:
        """A draft where the mail answers one request alone: of two, nobody knows which fact is about which.

        The same where it names another purchase order than that of the request, whoever may have asked about it.
        """
        answered = mail.answered
        if len(answered) != 1 or read.suspicion:
            return None
        (request,) = answered
        if {normal_purchase_order(one) for one in read.purchase_orders} - {request.purchase_order}:
            return None
        news = news_in(read.text or message.text, read.language, at, verified=message.sender_verified)
        if request.conversation is None or not news.is_any:
            return None
        with self.services.database.transaction(self.tenant) as db:
            if not tenants.get(db, self.tenant).drafts_supplier_news:
                return None
            target = customer_news.target(db, self.tenant, request.conversation)
            named = [orders.find(db, self.tenant, normal_number(one)) for one in read.order_numbers]
        if target is None or any(_is_anothers(one, request, target) for one in named if one is not None):
            return None
        letter = told(news, target.to, target.language, self.suppliers, (request.purchase_order,))
        who = mail.supplier.name if mail.supplier is not None else "A supplier"
        reason = (
            f"{who} answered on purchase order {request.purchase_order}: a person looks at what the customer hears."
        )
        checks = tuple(Check(f"Taken from the answer: {fact}.", passed=True) for fact in news.facts)
        return News(target, letter, reason, checks) if letter else None


def heard_at_least(db: Any, recognising: Recognising, one: Fetched) -> None:
    """Of a mail that nobody could understand: that a supplier wrote, by its sender and its thread."""
    mail = recognising.one(db, one, Understanding(""))
    if mail is not None:
        at = one.message.received_at or datetime.now(UTC)
        supplier_links.record(db, recognising.tenant, one.claim.id, mail, at=at)


def _is_anothers(order: Order, request: SupplierRequest, target: Target) -> bool:
    """Whether an order that the mail names is another than the one that was asked about."""
    asked = normal_number(request.order_number)
    return normal_number(order.number) != asked if asked else order.customer_email != target.to.address


def _who(message: Message, mail: SupplierMail) -> str:
    name = f"The supplier {mail.supplier.name}" if mail.supplier is not None else "A supplier"
    verified = "Gmail verified the sender" if message.sender_verified else "Gmail did not verify the sender"
    by = ", known by the thread in which we asked" if mail.known_by is KnownBy.THREAD else ""
    return f"{name} ({verified}{by})"
