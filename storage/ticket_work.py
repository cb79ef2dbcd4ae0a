"""The tickets that are due, and each move of their machine as one fenced update: looked for, made, written on.

`creating` and `sending` are committed before the system is asked. From then on nobody knows what became of it but the
system. One worker has a ticket with all of its words, so that they go there in their order.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

from domain.delivery import TicketState


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed ticket. `waited` is since when something of it is due; the last six are of the mail that opens it."""

    tenant: UUID
    id: UUID
    order_number: str
    type: int
    marker: str
    external_id: int | None
    system: str
    state: TicketState
    attempts: int
    looks: int
    fence: int
    waited: timedelta
    sender: str
    sender_name: str
    subject: str
    body: str
    thread_id: str
    received_at: datetime | None

    def as_known(self, external_id: int) -> "Due":
        return replace(self, external_id=external_id, state=TicketState.KNOWN, looks=0, attempts=0)


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether the tenant answers by itself at this moment, and whether a person wants something on this ticket."""

    answering: bool
    approved: bool


class Gate(StrEnum):
    """What stands between a text, or a ticket, and its way to the system."""

    OPEN = "open"
    PAUSED = "paused"
    HOLD = "hold"
    WAIT = "wait"
    CANCEL = "cancel"
    LOST = "lost"


_CLAIM = text("""
    WITH due AS MATERIALIZED (
        SELECT x.id, m.sender_address, m.sender_name, m.subject, m.thread_id, m.received_at,
            left(coalesce(m.parsed ->> 'text', ''), 20000) AS body
        FROM ticket x LEFT JOIN message m ON m.tenant_id = x.tenant_id AND m.id = x.message_id
        WHERE x.tenant_id = :tenant AND x.next_at <= now() AND (x.lease_until IS NULL OR x.lease_until < now())
        ORDER BY x.next_at LIMIT 1 FOR UPDATE OF x SKIP LOCKED
    )
    UPDATE ticket t SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    FROM due WHERE t.tenant_id = :tenant AND t.id = due.id
    RETURNING t.id, t.order_number, t.type, t.marker, t.external_id, t.system, t.state, t.attempts, t.looks, t.fence,
        now() - coalesce(t.due_since, now()) AS waited, coalesce(due.sender_address, '') AS sender,
        coalesce(due.sender_name, '') AS sender_name, coalesce(due.subject, '') AS subject,
        coalesce(due.body, '') AS body, coalesce(due.thread_id, '') AS thread_id, due.received_at
""")

# What the machine looks at in the instant before the system is asked: the claim, and the kill switch.
_LOCK = text("""
    SELECT p.answering, EXISTS (SELECT FROM ticket_words w WHERE w.tenant_id = t.tenant_id AND w.ticket_id = t.id
        AND w.state = 'pending' AND NOT w.automatic) AS approved
    FROM ticket t JOIN tenant p ON p.tenant_id = t.tenant_id
    WHERE t.tenant_id = :tenant AND t.id = :id AND t.fence = :fence FOR UPDATE OF t
""")

_CREATING = text("""
    UPDATE ticket SET state = 'creating', creating_at = now(), system = :system, looks = 0,
        lease_until = now() + :lease
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'wanted'
""")

_KNOWN = text("""
    UPDATE ticket SET state = 'known', external_id = :external, number = :number, system = :system, looks = 0,
        attempts = 0, last_error = '', lease_until = now() + :lease
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_MOVE = text("""
    UPDATE ticket SET state = :state, last_error = :error, next_at = now() + :after, lease_until = NULL,
        looks = looks + :looked
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_ANEW = text("""
    UPDATE ticket SET state = 'wanted', external_id = NULL, number = '', system = '', looks = 0
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_GIVE_BACK = text("""
    UPDATE ticket SET last_error = :error, next_at = now() + :after, lease_until = NULL
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_IDLE = text("""
    UPDATE ticket t SET lease_until = NULL, attempts = 0, looks = 0, last_error = '',
        next_at = CASE WHEN due.more THEN now() END, due_since = CASE WHEN due.more THEN now() END
    FROM (SELECT EXISTS (SELECT FROM ticket_words WHERE tenant_id = :tenant AND ticket_id = :id
        AND state IN ('pending', 'sending', 'uncertain')) AS more) due
    WHERE t.tenant_id = :tenant AND t.id = :id AND t.fence = :fence
""")

_REST = text("""
    UPDATE ticket SET next_at = now() + :after
    WHERE tenant_id = :tenant AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
""")


def claim(db: Connection, tenant: UUID, lease: timedelta) -> Due | None:
    """One ticket of which something is due; every claim counts as an attempt."""
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).mappings().one_or_none()
    return Due(**{"tenant": tenant, **row, "state": TicketState(row["state"])}) if row else None


def lock(db: Connection, due: Due) -> Switch | None:
    """Hold the ticket until the transaction ends; None where another worker has it by now."""
    row = db.execute(_LOCK, _values(due)).one_or_none()
    return Switch(*row) if row is not None else None


def begin_creating(db: Connection, due: Due, system: str, lease: timedelta) -> Gate:
    """When nothing forbids it, the row says `creating` after the commit. `system` is the address that will be asked."""
    now = lock(db, due)
    if now is None:
        return Gate.LOST
    if not (now.answering or now.approved):
        return Gate.PAUSED
    begun = db.execute(_CREATING, {**_values(due), "system": system, "lease": lease}).rowcount == 1
    return Gate.OPEN if begun else Gate.LOST


def known(db: Connection, due: Due, external_id: int, number: str, *, system: str, lease: timedelta) -> bool:
    """From here on the ticket is known under this id; the claim goes on with its words. False: the claim was lost."""
    values = {**_values(due), "external": external_id, "number": number, "system": system, "lease": lease}
    return db.execute(_KNOWN, values).rowcount == 1


def move(db: Connection, due: Due, state: TicketState, *, after: timedelta, error: str, looked: bool = False) -> bool:
    """Give the ticket back in `state`, due again in `after`."""
    values = {**_values(due), "state": state.value, "after": after, "error": error[:500], "looked": int(looked)}
    return db.execute(_MOVE, values).rowcount == 1


def anew(db: Connection, due: Due) -> bool:
    """Another system than the one that knew the ticket is connected by now: it is looked for there."""
    return db.execute(_ANEW, _values(due)).rowcount == 1


def give_back(db: Connection, due: Due, *, after: timedelta, error: str) -> None:
    """Due again in `after`, in whatever state the row is in by now."""
    db.execute(_GIVE_BACK, {**_values(due), "after": after, "error": error[:500]})


def idle(db: Connection, due: Due) -> None:
    """Nothing is left to do, but for what was written down in this very moment."""
    if lock(db, due) is not None:
        db.execute(_IDLE, _values(due))


def rest(db: Connection, tenant: UUID, after: timedelta) -> None:
    """The system is in trouble: nothing of this tenant is due before `after`, so that others do not wait for it."""
    db.execute(_REST, {"tenant": tenant, "after": after})


def _values(due: Due) -> dict[str, object]:
    return {"tenant": due.tenant, "id": due.id, "fence": due.fence}
