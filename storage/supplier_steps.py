"""The ladder's rungs as they are climbed: due requests are claimed, and each rung is written down once, or not at all.

Whoever climbs holds the request's row: a mail of the supplier's that was linked before is seen, and one that is linked
after finds the step written, and stops it where it leaves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.decision import EffectKind, WordsFor
from domain.errors import TryAgain
from domain.ladder import NextRung
from domain.supplier import Purpose
from domain.supplier_request import Channel, RungKind, StepState
from domain.wall import Customer
from storage import mailboxes, tickets
from storage.references import new_reference
from storage.tickets import Words


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed request."""

    tenant: UUID
    id: UUID
    fence: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a rung is written from, read under the request's lock.

    `mailbox` is the one that writes: that of the request, else the tenant's first active one, None where there is none.
    `reminded` is how many reminders of this round have left, `reminded_at` when the last of them did. `customer` is
    what the supplier may not learn of.
    """

    supplier_name: str
    language: str
    purchase_order: str
    purpose: Purpose
    recipient: str
    subject: str
    asked_at: datetime
    round: int
    rungs_done: int
    mailbox: UUID | None
    ticket: UUID | None
    message: UUID | None
    conversation: UUID | None
    reminded: int
    reminded_at: datetime | None
    customer: Customer


_CLAIM = text("""
    WITH due AS (
        SELECT r.id FROM supplier_request r
        WHERE r.tenant_id = :tenant AND r.next_at <= :now AND (r.lease_until IS NULL OR r.lease_until < :now)
        ORDER BY r.next_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE supplier_request q SET lease_until = :now + CAST(:lease AS interval), fence = fence + 1,
        attempts = attempts + 1
    FROM due WHERE q.tenant_id = :tenant AND q.id = due.id
    RETURNING q.id, q.fence, q.attempts
""")

# The ticket first, as whoever ends its words locks them; then the request.
_LOCK_TICKET = text("""
    SELECT FROM ticket t JOIN supplier_request r ON r.tenant_id = t.tenant_id AND r.ticket_id = t.id
    WHERE r.tenant_id = :tenant AND r.id = :id AND r.mailbox_id IS NULL FOR UPDATE OF t
""")

_LOCK = text("""
    SELECT FROM supplier_request WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND asked_at IS NOT NULL
        AND answered_at IS NULL AND closed_at IS NULL FOR UPDATE
""")

_STANDING = text("""
    SELECT r.purchase_order, r.purpose, r.recipient, r.subject, r.asked_at, r.round, r.rungs_done, r.ticket_id,
        r.message_id, r.conversation_id, r.mailbox_id AS own_mailbox, s.name, s.language, coalesce(
            (SELECT b.id FROM mailbox b
                WHERE b.tenant_id = r.tenant_id AND b.id = r.mailbox_id AND b.status <> 'disconnected'),
            (SELECT b.id FROM mailbox b WHERE b.tenant_id = r.tenant_id AND b.status = 'active'
                ORDER BY b.connected_at, b.id LIMIT 1)) AS mailbox,
        coalesce(c.customer_name, '') AS customer_name, coalesce(c.customer_address, '') AS customer_address,
        (SELECT count(*) FROM supplier_step p WHERE p.tenant_id = r.tenant_id AND p.request_id = r.id
            AND p.round = r.round AND p.kind = 'remind' AND p.state = 'done') AS reminded,
        (SELECT max(p.done_at) FROM supplier_step p WHERE p.tenant_id = r.tenant_id AND p.request_id = r.id
            AND p.round = r.round AND p.kind = 'remind' AND p.state = 'done') AS reminded_at
    FROM supplier_request r JOIN supplier s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
        LEFT JOIN conversation c ON c.tenant_id = r.tenant_id AND c.id = r.conversation_id
    WHERE r.tenant_id = :tenant AND r.id = :id
""")

# Unique by request, round and position: whatever dies where, no rung is climbed twice. Words for a ticket that a person
# has wait for them from the beginning, and so does the step.
_STEP = text("""
    INSERT INTO supplier_step (tenant_id, id, request_id, round, position, kind, channel, state, due_at, created_at,
        done_at, outbox_id, words_id, last_error)
    SELECT :tenant, :step, :id, :round, :position, :kind, :channel, coalesce(stuck.state, :state), :due_at, :now,
        CASE WHEN :state = 'done' THEN CAST(:now AS timestamptz) END, :outbox, CAST(:words AS uuid),
        coalesce(stuck.last_error, :error)
    FROM (SELECT 1) AS one LEFT JOIN ticket_words stuck ON stuck.tenant_id = :tenant
        AND stuck.id = CAST(:words AS uuid) AND stuck.state = 'needs_person'
""")

_CLIMBED = text("""
    SELECT EXISTS (SELECT FROM supplier_step WHERE tenant_id = :tenant AND request_id = :id AND round = :round
        AND position = :position)
""")

_MAIL = text("""
    INSERT INTO outbox (tenant_id, id, request_id, position, kind, message_id, mailbox_id, thread_id, automatic,
        recipient, recipient_name, subject, text, draft_text, reference, state, created_at, next_at)
    VALUES (:tenant, :outbox, :id, :position, :effect, :message, :mailbox, '', true, :recipient, :name, :subject, :text,
        :text, :reference, 'pending', :now, :now)
""")

_MOVE = text("""
    UPDATE supplier_request SET next_at = :next_at, lease_until = NULL, attempts = 0, rungs_done = :done
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_FORGET = text("""
    UPDATE supplier_request SET next_at = NULL, lease_until = NULL
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND (answered_at IS NOT NULL OR closed_at IS NOT NULL)
""")

_GIVE_BACK = text("""
    UPDATE supplier_request SET next_at = :next_at, lease_until = NULL, last_error = :error
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND next_at IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Climb:
    """One rung as it is written down. Without a text, or with an `error`, nothing leaves: it stands at the desk."""

    next: NextRung
    channel: Channel
    recipient: str = ""
    subject: str = ""
    text: str = ""
    error: str = ""


def claim(db: Connection, tenant: UUID, *, now: datetime, limit: int, lease: timedelta) -> list[Due]:
    """Up to `limit` requests of which a rung is due; every claim counts as an attempt."""
    values = {"tenant": tenant, "now": now, "limit": limit, "lease": lease}
    return [Due(tenant, row.id, row.fence, row.attempts) for row in db.execute(_CLAIM, values)]


def lock(db: Connection, due: Due) -> Standing | None:
    """Hold the request until the commit; None where it was answered or closed, or another worker has it by now.

    Nobody disconnects the mailbox that writes before then. TryAgain: somebody is changing it in this very moment.
    """
    kept = mailboxes.keep_free(db, due.tenant)
    db.execute(_LOCK_TICKET, _values(due))
    if db.execute(_LOCK, _values(due)).one_or_none() is None:
        return None
    row = db.execute(_STANDING, _values(due)).one()
    if row.mailbox is not None and row.mailbox not in kept:
        raise TryAgain("The mailbox is just being changed.")
    return Standing(
        row.name, row.language, row.purchase_order, Purpose(row.purpose), row.recipient, row.subject, row.asked_at,
        row.round, row.rungs_done, row.mailbox, row.ticket_id if row.own_mailbox is None else None, row.message_id,
        row.conversation_id, row.reminded, row.reminded_at, _customer(row),
    )  # fmt: skip


def climb(
    db: Connection, due: Due, standing: Standing, rung: Climb, *, now: datetime, next_at: datetime | None
) -> bool:
    """Write the rung down with what carries it; the following one is due at `next_at`. Only after `lock`, in its
    transaction. False, and nothing leaves, where it was climbed before.
    """
    step = rung.next.rung.kind
    leaves = bool(rung.text) and not rung.error
    state = StepState.PENDING if leaves else StepState.NEEDS_PERSON if rung.error else StepState.DONE
    outbox = uuid4() if leaves and rung.channel is Channel.GMAIL else None
    effect = EffectKind.SUPPLIER_REMINDER if step is RungKind.REMIND else EffectKind.OPERATIONS_ALERT
    values = {
        **_values(due), "step": uuid4(), "round": standing.round, "position": rung.next.position, "kind": step.value,
        "channel": rung.channel.value, "state": state.value, "due_at": rung.next.due_at, "now": now, "outbox": outbox,
        "words": None, "error": rung.error[:500], "effect": effect.value, "message": standing.message,
        "mailbox": standing.mailbox, "recipient": rung.recipient, "subject": rung.subject[:500], "text": rung.text,
        "name": standing.supplier_name if step is RungKind.REMIND else "", "reference": new_reference(),
    }  # fmt: skip
    if db.execute(_CLIMBED, values).scalar():
        move(db, due, next_at=next_at, rungs_done=rung.next.position + 1)
        return False
    if outbox is not None:
        db.execute(_MAIL, values)
    elif leaves and standing.ticket is not None:
        values["words"] = tickets.write(db, due.tenant, standing.ticket, _words(due, standing, rung))
    db.execute(_STEP, values)
    move(db, due, next_at=next_at, rungs_done=rung.next.position + 1)
    return True


def move(db: Connection, due: Due, *, next_at: datetime | None, rungs_done: int) -> bool:
    """Nothing more is due before `next_at`; None where nothing is at all."""
    return db.execute(_MOVE, {**_values(due), "next_at": next_at, "done": rungs_done}).rowcount == 1


def forget(db: Connection, due: Due) -> None:
    """It was answered or closed: no rung is due any more."""
    db.execute(_FORGET, _values(due))


def give_back(db: Connection, due: Due, *, next_at: datetime | None, error: str) -> None:
    """It failed: due again at `next_at`, or never, where it was tried often enough."""
    db.execute(_GIVE_BACK, {**_values(due), "next_at": next_at, "error": error[:500]})


def _words(due: Due, standing: Standing, rung: Climb) -> Words:
    return Words(
        WordsFor.SUPPLIER, rung.text, rung.recipient, automatic=True, message=standing.message,
        conversation=standing.conversation, request=due.id,
    )  # fmt: skip


def _customer(row: Any) -> Customer:
    return Customer(tuple(filter(None, (row.customer_name,))), tuple(filter(None, (row.customer_address,))))


def _values(due: Due) -> dict[str, Any]:
    return {"tenant": due.tenant, "id": due.id, "fence": due.fence}
