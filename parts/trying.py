"""What would happen to a mail that nobody sent: read, understood and decided as mail is, with nothing done about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Decision, Effect, IdentityMail, InternalNote, OrderAct, Reply, TicketMessage
from domain.errors import Unreadable
from domain.message import Message
from domain.ports import Handler, Reads
from domain.supplier import Directory
from domain.supplier_mail import KnownBy, SupplierMail
from domain.triage import MAX_BYTES, Policy, triage
from domain.understanding import Understanding
from parts.answering import Answering
from storage import mailboxes, standings, suppliers


@dataclass(frozen=True, slots=True)
class Bench:
    """What a mail is held against: a tenant's own documents, orders, suppliers and policy, or the folder and what is
    shipped.
    """

    reader: Reads
    handlers: Mapping[Category, Handler]
    policy: Policy
    suppliers: Directory = field(default_factory=Directory)


@dataclass(frozen=True, slots=True)
class Explained:
    """What was understood and what was decided; `message` is None where it could not be read."""

    message: Message | None
    understanding: Understanding
    decision: Decision


class Trying(Answering):
    def plain_bench(self) -> Bench:
        """Of nobody in particular: no database is asked."""
        return Bench(self.plain_reader(), self.folder_handlers(), self.plain_policy())

    def tenant_bench(self, tenant: UUID) -> Bench:
        with self.database.transaction(tenant) as db:
            policy = standings.policy(db, tenant, self.model, self.answer_model)
            policy = replace(policy, own_addresses=mailboxes.own_addresses(db, tenant))
            known = suppliers.directory(db, tenant)
        return Bench(self.tenant_reader(tenant), self.handlers(tenant), policy, known)

    def explained(self, bench: Bench, mails: Sequence[bytes]) -> Iterator[Explained]:
        """What would happen to each of these mails, as the first of its conversation; they are understood together."""
        read = [self._read(raw) for raw in mails]
        messages = [one for one in read if isinstance(one, Message)]
        understood = iter(bench.reader.read(messages))
        for one in read:
            if isinstance(one, Message):
                understanding = next(understood)
                supplier = bench.suppliers.of(one.sender)
                known = SupplierMail(KnownBy.SENDER, supplier) if supplier is not None else None
                conversation = Conversation(supplier_mail=known)
                yield Explained(
                    one, understanding, triage(one, conversation, understanding, bench.handlers, bench.policy)
                )
            else:
                yield Explained(None, Understanding(""), Decision.hold(one))

    def _read(self, raw: bytes) -> Message | str:
        if len(raw) > MAX_BYTES:
            return "It is larger than 25 MB."
        try:
            return self.jail.read(raw)
        except Unreadable as error:
            return f"It cannot be read as a mail: {error}"


def in_words(effect: Effect) -> dict[str, str]:
    """An effect as its kind, to whom or to which order it goes, and its text."""
    match effect:
        case Reply() | IdentityMail() | TicketMessage():
            return {"kind": effect.kind, "to": effect.to.address, "text": effect.text}
        case InternalNote():
            return {"kind": effect.kind, "to": effect.order_number, "text": effect.text}
        case OrderAct():
            amount = f" {effect.amount}" if effect.amount else ""
            return {"kind": effect.kind, "to": effect.order_number, "text": f"{effect.action}{amount}"}
        case _:
            assert_never(effect)
