"""The wall between suppliers and customers over the rows: why a mail or a ticket's words must not leave as they are."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, text

from domain import wall
from domain.claims import Amount
from domain.decision import EffectKind, WordsFor
from domain.message import Address
from domain.supplier import Directory
from domain.wall import Customer
from storage import events, mailboxes, suppliers, wall_facts

# In characters, as the outbox keeps it.
LONGEST_REASON = 1000

UNLISTED = "{address} is on no list of suppliers by now, and this was written for one."

_FOR_SUPPLIERS = frozenset({EffectKind.SUPPLIER_MAIL, EffectKind.SUPPLIER_REMINDER})

_EFFECT = text("""
    SELECT o.kind, o.automatic, o.wall_reason, o.recipient, o.recipient_name, o.subject, o.text, o.request_id,
        o.decision_id, array_remove(ARRAY[o.conversation_id, m.conversation_id, r.conversation_id], NULL) AS behind,
        coalesce(m.sender_address, '') AS writer, coalesce(m.subject, '') AS their_subject,
        coalesce(r.order_number, '') AS order_number
    FROM outbox o LEFT JOIN message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id
        LEFT JOIN supplier_request r ON r.tenant_id = o.tenant_id AND r.id = o.request_id
    WHERE o.tenant_id = :tenant AND o.id = :id
""")

_ANSWERED = text("""
    SELECT m.sender_address AS writer, m.subject AS their_subject, d.conversation_id,
        coalesce(o.recipient, m.sender_address) AS recipient, coalesce(o.subject, m.subject) AS subject
    FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
        LEFT JOIN LATERAL (SELECT r.recipient, r.subject FROM outbox r WHERE r.tenant_id = d.tenant_id
            AND r.decision_id = d.id AND r.kind = 'reply' AND r.state = 'held' ORDER BY r.position LIMIT 1) o ON true
    WHERE d.tenant_id = :tenant AND d.id = :decision
""")

_WORDS = text("""
    SELECT w.side, w.recipient, w.text, w.request_id, w.decision_id,
        array_remove(ARRAY[w.conversation_id, t.conversation_id, r.conversation_id], NULL) AS behind, t.order_number
    FROM ticket_words w JOIN ticket t ON t.tenant_id = w.tenant_id AND t.id = w.ticket_id
        LEFT JOIN supplier_request r ON r.tenant_id = w.tenant_id AND r.id = w.request_id
    WHERE w.tenant_id = :tenant AND w.id = :words
""")

_MESSAGE = text("SELECT message_id FROM decision WHERE tenant_id = :tenant AND id = :decision")


class Leaving(Protocol):
    """What of a claimed row of the outbox is asked for: everything else is read anew.

    `subject` is the one under which it leaves, perhaps that of the thread and not the row's own.
    """

    @property
    def tenant(self) -> UUID: ...

    @property
    def id(self) -> UUID: ...

    @property
    def subject(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What would leave, and what it is about. `subject` is empty where the recipient wrote it themselves.

    `writer` wrote the mail that it answers; `for_supplier`: it answers none, and is for a supplier alone.
    """

    recipient: Address
    text: str
    subject: str = ""
    conversations: tuple[UUID, ...] = ()
    for_supplier: bool = False
    writer: str = ""
    request: UUID | None = None
    order_number: str = ""
    decision: UUID | None = None


def doubt(db: Connection, effect: Leaving) -> str:
    """Why this row of the outbox must not leave, in words, or nothing.

    A person who gave their reason for it is answerable; what nobody approved has no reason, whatever its row says.
    """
    row = db.execute(_EFFECT, {"tenant": effect.tenant, "id": effect.id}).one_or_none()
    if row is None or (row.wall_reason and not row.automatic):
        return ""
    kind = EffectKind(row.kind)
    if kind is EffectKind.OPERATIONS_ALERT:
        return _not_ours(db, effect.tenant, row)
    is_answer = kind is EffectKind.REPLY
    subject, writer = "" if is_answer and _is_own(row) else effect.subject, row.writer if is_answer else ""
    letter = Letter(
        Address(row.recipient), row.text, subject, tuple(row.behind), kind in _FOR_SUPPLIERS, writer, row.request_id,
        row.order_number, row.decision_id,
    )  # fmt: skip
    return objection(db, effect.tenant, letter)


def objection_to_reply(db: Connection, tenant: UUID, decision: UUID, reply: str) -> str:
    """The same for what a person would answer to this decision's mail: whom it would reach, and with which words."""
    row = db.execute(_ANSWERED, {"tenant": tenant, "decision": decision}).one_or_none()
    if row is None or not row.recipient:
        return ""
    behind = (row.conversation_id,) if row.conversation_id else ()
    subject = "" if _is_own(row) else row.subject
    letter = Letter(Address(row.recipient), reply, subject, behind, writer=row.writer, decision=decision)
    return objection(db, tenant, letter)


def objection_to_words(db: Connection, tenant: UUID, words: UUID) -> str:
    """The same for words of a ticket that wait for a person. What the ticket itself says is asked as they go there."""
    row = db.execute(_WORDS, {"tenant": tenant, "words": words}).one_or_none()
    if row is None or row.side == WordsFor.NOTE:
        return ""
    letter = Letter(
        Address(row.recipient), row.text, "", tuple(row.behind), row.side == WordsFor.SUPPLIER, "", row.request_id,
        row.order_number, row.decision_id,
    )  # fmt: skip
    return objection(db, tenant, letter)


def objection(db: Connection, tenant: UUID, letter: Letter) -> str:
    """Why this letter must not leave, in words, or nothing. Who reads it says what may stand in it."""
    directory = suppliers.directory(db, tenant)
    reader = directory.of(letter.recipient)
    to_supplier = directory.knows(letter.recipient.address)
    if letter.for_supplier and not to_supplier:
        return UNLISTED.format(address=letter.recipient.address)
    may_reach = letter.for_supplier or directory.knows(letter.writer)
    wrong = wall.misdirected(letter.recipient, directory, for_supplier=may_reach)
    if wrong or not directory.suppliers:
        return wrong
    words = f"{letter.subject}\n\n{letter.text}"
    if to_supplier:
        found = wall_facts.customers(
            db, tenant, directory, conversations=letter.conversations, supplier=reader.id if reader else None,
            request=letter.request, order_number=letter.order_number,
        )  # fmt: skip
        return wall.told_to_supplier(words, found)
    numbers, costs = wall_facts.secrets(
        db, tenant, directory, conversations=letter.conversations, decision=letter.decision
    )
    return wall.told_to_customer(words, directory, numbers, costs)


def behind_words(
    db: Connection, tenant: UUID, words: UUID, directory: Directory
) -> tuple[Customer, tuple[str, ...], tuple[Amount, ...]]:
    """For words of a ticket: the customers that a supplier may not hear of, and the purchase orders and costs that a
    customer may not.
    """
    row = db.execute(_WORDS, {"tenant": tenant, "words": words}).one_or_none()
    if row is None:
        return Customer(), (), ()
    if row.side == WordsFor.SUPPLIER:
        supplier = directory.of(Address(row.recipient))
        found = wall_facts.customers(
            db, tenant, directory, conversations=row.behind, supplier=supplier.id if supplier else None,
            request=row.request_id, order_number=row.order_number,
        )  # fmt: skip
        return found, (), ()
    numbers, costs = wall_facts.secrets(db, tenant, directory, conversations=row.behind, decision=row.decision_id)
    return Customer(), numbers, costs


def note_override(db: Connection, tenant: UUID, decision: UUID, *, member: UUID, reason: str) -> None:
    """Record that a member sends over the wall, and why; the words are in the reply, not here."""
    message = db.execute(_MESSAGE, {"tenant": tenant, "decision": decision}).scalar_one()
    detail = {"reason": reason[:LONGEST_REASON]}
    events.record(db, tenant, actor=str(member), kind="wall_overridden", subject=message, **detail)


def _not_ours(db: Connection, tenant: UUID, row: Any) -> str:
    """Why an alert to operations must not reach this address, or nothing. Addresses become others' after it was kept:
    a mailbox is connected, a supplier is entered, somebody of operations orders something.
    """
    directory, to = suppliers.directory(db, tenant), Address(row.recipient)
    if directory.knows(to.address):
        return f"{to.address} is a supplier's address, and this was written for our own people."
    if to.reaches in {Address(one).reaches for one in mailboxes.own_addresses(db, tenant)}:
        return f"{to.address} is a mailbox that is read here: the alert would come back."
    behind = wall_facts.customers(
        db, tenant, directory, conversations=row.behind, request=row.request_id, order_number=row.order_number
    )
    if to.reaches in {Address(one).reaches for one in behind.addresses}:
        return f"{to.address} is the customer's for whom the supplier was asked, and this names the supplier."
    return ""


def _is_own(row: Any) -> bool:
    """Whether the reader wrote the subject: it tells them nothing."""
    return bool(row.recipient == row.writer and row.subject == row.their_subject)
