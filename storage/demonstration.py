"""Demonstration data: begun in an empty workspace alone, marked as made up, and taken away again as a whole.

Its mailbox is one that was never connected and never can be: it has no token, and the gate opens for no mail of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.errors import BadInput
from domain.mailbox import RawMail
from domain.message import Message
from storage import arrivals, documents, events, learning
from storage.messages import Claimed

# No account of Google's has such a name: nobody can reconnect it.
_ACCOUNT = "demonstration"

REFUSED = (
    "This workspace holds demonstration data, which nothing real may be mixed with: remove it first, in the queue."
)

# One at a time for a tenant: who connects a mailbox or fills the workspace finds out about the other.
_LOCK = text("SELECT FROM tenant WHERE tenant_id = :tenant FOR NO KEY UPDATE")

_FIND = text("SELECT mailbox_id, seeded_at FROM demonstration WHERE tenant_id = :tenant")

# Where something real could be asked for what was made up, the workspace is not empty either.
_IS_EMPTY = text("""
    SELECT NOT EXISTS (SELECT FROM mailbox WHERE tenant_id = :tenant)
        AND NOT EXISTS (SELECT FROM message WHERE tenant_id = :tenant)
        AND NOT EXISTS (SELECT FROM shop_order WHERE tenant_id = :tenant)
        AND NOT EXISTS (SELECT FROM shop_webhook WHERE tenant_id = :tenant)
        AND NOT EXISTS (SELECT FROM ticketing WHERE tenant_id = :tenant)
        AND NOT EXISTS (SELECT FROM demonstration WHERE tenant_id = :tenant)
""")

# As if connected before its oldest mail came: what is older would only be kept.
_MAILBOX = text("""
    INSERT INTO mailbox (tenant_id, id, google_sub, address, status, connected_by, connected_at)
    VALUES (:tenant, :id, :account, :address, 'disconnected', :member, now() - interval '7 days')
""")

_BEGIN = text("INSERT INTO demonstration (tenant_id, mailbox_id, seeded_by) VALUES (:tenant, :id, :member)")

_NOTE = text("""
    UPDATE demonstration SET orders = :orders, documents = :documents, suppliers = :suppliers WHERE tenant_id = :tenant
""")

_ARRIVE = text("""
    INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction)
    VALUES (:tenant, :id, :mailbox, :key, :thread, 'in')
""")

_DUE = text("UPDATE message SET next_at = now() + :after WHERE tenant_id = :tenant AND id = :id")

_PATHS = text("""
    SELECT path FROM document WHERE tenant_id = :tenant AND is_current
        AND version = ANY((SELECT documents FROM demonstration WHERE tenant_id = :tenant)::text[])
""")

# The first version of one that was changed may still be searched, until its new one is indexed.
_FORGET_DOCUMENTS = text("""
    DELETE FROM document d WHERE tenant_id = :tenant AND NOT is_current AND NOT EXISTS (SELECT FROM published_document p
            WHERE p.tenant_id = d.tenant_id AND p.document_id = d.id)
        AND version = ANY((SELECT documents FROM demonstration WHERE tenant_id = :tenant)::text[])
""")

_REMOVE = text("SELECT remove_demonstration()")

# Questions go with their mail; a group of none is nothing.
_EMPTY_GAPS = text("""
    DELETE FROM gap g WHERE tenant_id = :tenant AND NOT EXISTS (SELECT FROM gap_question q
        WHERE q.tenant_id = g.tenant_id AND q.gap_id = g.id)
""")


@dataclass(frozen=True, slots=True)
class Demonstration:
    mailbox: UUID
    seeded_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that came to the demonstration's mailbox. `key` names it there, `message` is None where it cannot be read.

    It is read by a worker `due_in` from now.
    """

    key: str
    thread: str
    mail: RawMail
    message: Message | None
    due_in: timedelta = timedelta()


def find(db: Connection, tenant: UUID) -> Demonstration | None:
    row = db.execute(_FIND, {"tenant": tenant}).one_or_none()
    return Demonstration(*row) if row else None


def is_empty(db: Connection, tenant: UUID) -> bool:
    """Whether it may be filled: no mailbox, mail or order, and no shop or ticketing system that could be asked."""
    empty: bool = db.execute(_IS_EMPTY, {"tenant": tenant}).scalar_one()
    return empty


def refuse(db: Connection, tenant: UUID) -> None:
    """Raises BadInput where the workspace holds demonstration data, which nothing real may be mixed with.

    Nobody can fill it until the transaction ends.
    """
    db.execute(_LOCK, {"tenant": tenant})
    if find(db, tenant) is not None:
        raise BadInput("demonstration", REFUSED)


def begin(db: Connection, tenant: UUID, *, address: str, member: UUID) -> UUID | None:
    """Make the mailbox that can never send; None where the workspace is not empty, or was filled already."""
    db.execute(_LOCK, {"tenant": tenant})
    if not is_empty(db, tenant):
        return None
    made = uuid4()
    values = {"tenant": tenant, "id": made, "account": _ACCOUNT, "address": address, "member": member}
    db.execute(_MAILBOX, values)
    db.execute(_BEGIN, values)
    events.record(db, tenant, actor=str(member), kind="demonstration_filled")
    return made


def arrive(db: Connection, tenant: UUID, mailbox: UUID, arrival: Arrival, *, state: str = "fetched") -> Claimed:
    """Keep a mail as if it had been fetched just now; `state` as of `message`."""
    made = uuid4()
    values = {"tenant": tenant, "id": made, "mailbox": mailbox, "key": arrival.key, "thread": arrival.thread}
    db.execute(_ARRIVE, values)
    claim = Claimed(tenant, made, mailbox, arrival.key, arrival.thread, "in", attempts=0, fence=0, last_error="")
    conversation = arrivals.store(db, claim, arrival.mail, arrival.message, state=state)
    db.execute(_DUE, {"tenant": tenant, "id": made, "after": arrival.due_in})
    return replace(claim, conversation=conversation)


def note(
    db: Connection, tenant: UUID, *, orders: Sequence[str], documents: Sequence[str], suppliers: Sequence[UUID]
) -> None:
    """Remember what else was made up: numbers of orders, versions of documents, ids of suppliers."""
    values = {"orders": list(orders), "documents": list(documents), "suppliers": list(suppliers)}
    db.execute(_NOTE, {"tenant": tenant, **values})


def remove(db: Connection, tenant: UUID, *, actor: str) -> bool:
    """Take all of it away; False where there is none.

    What a member brought in since stays: an order that was brought in anew, a document that was changed.
    """
    if find(db, tenant) is None:
        return False
    documents.remove_all(db, tenant, db.execute(_PATHS, {"tenant": tenant}).scalars().all())
    db.execute(_LOCK, {"tenant": tenant})
    db.execute(_FORGET_DOCUMENTS, {"tenant": tenant})
    db.execute(_REMOVE)
    db.execute(_EMPTY_GAPS, {"tenant": tenant})
    learning.ask(db, tenant)  # What was learned from it is learned anew without it.
    events.record(db, tenant, actor=actor, kind="demonstration_removed")
    return True
