"""Which mails of a batch are suppliers', and what each is about: looked at before they are decided."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from bootstrap import Services
from domain.conversation import Conversation
from domain.hidden_words import seen
from domain.order import normal_number
from domain.supplier import Directory, Supplier
from domain.supplier_mail import About, KnownBy, Signs, SupplierMail, can_answer, known_by
from domain.supplier_request import FoundBy, SupplierRequest
from domain.understanding import NOT_THE_WRITERS, Understanding
from storage import supplier_links, supplier_requests
from storage.messages import Fetched

# Of what a mail newly says, as much is looked through for a number that is written in a way of its own.
LOOKED_AT = 50_000


@dataclass(frozen=True, slots=True)
class Recognising:
    """`own_addresses` are those of the tenant's mailboxes; `asked`: anything was ever asked of a supplier, so that
    there is something to look up.
    """

    tenant: UUID
    suppliers: Directory
    own_addresses: frozenset[str]
    asked: bool

    def over(
        self,
        services: Services,
        conversations: Mapping[UUID, Conversation],
        batch: Sequence[Fetched],
        understood: Sequence[Understanding],
    ) -> dict[UUID, Conversation]:
        """The same conversations, by message, with what is found. One short transaction for the batch, or none."""
        found = dict(conversations)
        with services.database.transaction(self.tenant) if self.asked else nullcontext() as db:
            for one, read in zip(batch, understood, strict=True):
                found[one.claim.id] = replace(found[one.claim.id], supplier_mail=self.one(db, one, read))
        return found

    def one(self, db: Any, one: Fetched, read: Understanding) -> SupplierMail | None:
        """One mail. Without anything `asked`, nothing is looked up."""
        message, listed = one.message, self.suppliers.of(one.message.sender)
        signs = Signs(message.sender, refuted=message.sender_refuted, listed=listed)
        if self.asked and message.sender is not None:
            signs = self._looked_up(db, one, read, signs)
        by = known_by(signs)
        if by is None:
            return None
        requests = self._about(db, one, read, signs, by) if self.asked else []
        about = tuple(
            About(request, found, can_answer(request, by, message.received_at, automatic=bool(read.automatic)))
            for request, found in requests
        )
        return SupplierMail(by, listed or (self._of_thread(signs) if by is not KnownBy.PURCHASE_ORDER else None), about)

    def _looked_up(self, db: Any, one: Fetched, read: Understanding, signs: Signs) -> Signs:
        """What the rows say of whoever stands on no list; of the others nothing more need be known."""
        sender = one.message.sender
        if signs.listed is not None or sender is None:
            return signs
        # A number in an old mail that is quoted or forwarded is not the writer's.
        is_old = read.place_of("purchase_orders") in NOT_THE_WRITERS
        in_thread = [
            found.request for found in supplier_requests.find(db, self.tenant, None, thread_id=one.claim.thread_id)
        ]
        threads = tuple(request for request in in_thread if request.mailbox == one.claim.mailbox)
        numbers = () if is_old else read.purchase_orders
        named = tuple(supplier_requests.named(db, self.tenant, numbers)) if numbers else ()
        if not (threads or named):
            return signs
        who = supplier_links.writer(
            db, self.tenant, one.claim.id, (sender.address, sender.mailbox), threads=threads, named=named
        )
        ours = bool({sender.address, sender.mailbox} & self.own_addresses)
        return replace(
            signs, is_ours=ours, is_customer=who.is_customer, is_answered=who.is_answered, threads=threads, named=named
        )

    def _about(
        self, db: Any, one: Fetched, read: Understanding, signs: Signs, by: KnownBy
    ) -> list[tuple[SupplierRequest, FoundBy]]:
        """What a supplier's mail names: theirs alone. One request for a purchase order, the open one before others."""
        if by is KnownBy.PURCHASE_ORDER:
            return _once([(request, FoundBy.PURCHASE_ORDER) for request in signs.named])
        owners = (
            [signs.listed.id] if signs.listed is not None else list({request.supplier for request in signs.threads})
        )
        numbers = (*read.purchase_orders, *(self._numbers_of(db, one, read, signs.listed.id) if signs.listed else ()))
        orders = {number for each in read.order_numbers for number in (each, normal_number(each))}
        found = []
        for supplier in owners:
            found += supplier_requests.find(
                db, self.tenant, supplier, purchase_orders=numbers, thread_id=one.claim.thread_id,
                order_numbers=sorted(orders),
            )  # fmt: skip
        # A thread's id is one mailbox's.
        here = [(each.request, each.by) for each in found
                if each.by is not FoundBy.THREAD or each.request.mailbox == one.claim.mailbox]  # fmt: skip
        return self._with_orders(db, _once(here))

    def _numbers_of(self, db: Any, one: Fetched, read: Understanding, supplier: UUID | None) -> list[str]:
        """The purchase orders that a listed supplier owes an answer on and names, however they group its digits."""
        asked = supplier_requests.open_numbers(db, self.tenant, supplier) if supplier else []
        # As everywhere: what the subject names counts where the text names none.
        for said in (read.text, "" if read.purchase_orders else one.message.subject):
            looked = seen(said[:LOOKED_AT])
            if found := [number for number in asked if looked.has_number(number)]:
                return found
        return []

    def _with_orders(
        self, db: Any, found: list[tuple[SupplierRequest, FoundBy]]
    ) -> list[tuple[SupplierRequest, FoundBy]]:
        """Where a ticket was written on, its order is the request's."""
        tickets = [request.ticket for request, _ in found if request.ticket is not None and not request.order_number]
        orders = supplier_links.orders_of_tickets(db, self.tenant, tickets) if tickets else {}
        return [
            (replace(request, order_number=request.order_number or orders.get(request.ticket, "")), by)
            if request.ticket is not None
            else (request, by)
            for request, by in found
        ]

    def _of_thread(self, signs: Signs) -> Supplier | None:
        asked = {request.supplier for request in signs.threads}
        return next((one for one in self.suppliers.suppliers if one.id in asked), None)


def _once(found: Sequence[tuple[SupplierRequest, FoundBy]]) -> list[tuple[SupplierRequest, FoundBy]]:
    seen: dict[tuple[UUID, str], tuple[SupplierRequest, FoundBy]] = {}
    for request, by in found:
        seen.setdefault((request.supplier, request.purchase_order), (request, by))
    return list(seen.values())
