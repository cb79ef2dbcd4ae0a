"""Keep the exchange on the order's ticket: found or made once, then each text in its order, none of them twice.

`creating` is committed before the system is asked to make a ticket. It keeps no key of ours, and what it made may be
hidden for a while: after an unclear answer the ticket is looked for, and never made a second time. What no look finds
is a person's.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from adapters.ticketing.client import decimal_thread, references
from bootstrap import Services
from domain.bridging import carries, marked
from domain.delivery import TicketState
from domain.errors import BadInput, NeedsPerson, NotDone, TryAgain, Unclear
from domain.ticket import File, NewTicket, Ticket, TicketType
from parts.ticketing import TenantTicketing
from storage import ticket_ends, ticket_files, ticket_words, ticket_work, ticketing
from storage.ticket_work import Due, Gate
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts
from worker.passing_on import files_of, left_behind
from worker.patience import MAX_ATTEMPTS, ran_out
from worker.ticket_words import carry_words
from worker.turns import LONGEST_BATCH

# Longer than the four questions of one making may take, each with a renewed login, with the wait for the database.
LEASE = timedelta(minutes=8)
BATCH = 20

# How long to wait before each look for a ticket that may have been made, or is hidden still: most of an hour.
LOOKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))

PAUSE = timedelta(minutes=15)

# After a ticket that took this many seconds the tenant's others wait: a dead system must not keep others waiting.
SLOW, REST = 10.0, timedelta(minutes=1)

NEVER = "The ticketing system never said whether it made a ticket, and shows none. Look there before one is made."
SEVERAL = "The ticketing system has several tickets that could be the one of this mail. A person says which."
_MOVED = "Another ticketing system was connected while it was not known whether this ticket was made."
_GONE = "The ticketing system was disconnected."
_PAUSED = "Answering by itself is paused."
_COMMENT = "Opened for a customer's mail."


def work(services: Services, tenant: UUID) -> int:
    """See to up to 20 tickets of one tenant, one after the other; returns how many were taken."""
    with services.open_ticketing(tenant) as system:
        ends = time.monotonic() + LONGEST_BATCH
        for number in range(BATCH):
            if services.stopping.is_set() or time.monotonic() > ends:
                return number
            with services.database.transaction(tenant) as db:
                due = ticket_work.claim(db, tenant, LEASE)
            if due is None:
                return number
            began = time.monotonic()
            attempt(
                partial(_see_to, services, system, due), partial(_failed, services, due), ticket=due.id, stage="ticket"
            )
            if time.monotonic() - began > SLOW:
                with services.database.transaction(tenant) as db:
                    ticket_work.rest(db, tenant, REST)
                return number + 1
    return BATCH


def _see_to(services: Services, system: TenantTicketing | None, due: Due) -> None:
    if system is None:
        with services.database.transaction(due.tenant) as db:
            ticket_ends.disconnected(db, due, _GONE)
        return
    if due.attempts > MAX_ATTEMPTS:
        _to_person(services, due, f"It came to no end in {MAX_ATTEMPTS} tries.")
        return
    elsewhere = due.system not in {"", system.address}
    if due.state in {TicketState.CREATING, TicketState.UNCERTAIN} and elsewhere:
        _to_person(services, due, _MOVED)
    elif due.state in {TicketState.CREATING, TicketState.UNCERTAIN}:
        _look(services, system, due)
    elif due.state is TicketState.KNOWN and due.external_id is not None and not elsewhere:
        carry_words(services, system, due, due.external_id)
    else:
        _find_or_make(services, system, due, anew=due.state is TicketState.KNOWN)


def _find_or_make(services: Services, system: TenantTicketing, due: Due, *, anew: bool) -> None:
    """An order's newest ticket is used; one is made only where the system says that there is none."""
    with services.database.transaction(due.tenant) as db:
        if ticket_words.next_words(db, due) is None:
            ticket_work.idle(db, due)
            return
        if anew and not ticket_work.anew(db, due):
            return
    found = _of_order(system, due)
    if found:
        _known(services, system, due, found[0].id, found[0].number)
        return
    with services.database.transaction(due.tenant) as db:
        attached = ticket_files.of_ticket(db, due)
    files, left = files_of(services, due.tenant, attached)
    with services.database.transaction(due.tenant) as db:
        gate = ticket_work.begin_creating(db, due, system.address, LEASE)
    match gate:
        case Gate.OPEN:
            _make(services, system, due, _new(due, files, left))
        case Gate.PAUSED | Gate.HOLD:
            _paused(services, due)
        case Gate.LOST:
            pass


def _make(services: Services, system: TenantTicketing, due: Due, new: NewTicket) -> None:
    """The one call that makes a ticket. The row has said `creating` since before it."""
    try:
        made = system.client.create(new)
    except NotDone as error:
        if error.after is not None:
            _move(services, due, TicketState.WANTED, after=error.after, error=error.reason)
        else:
            _to_person(services, due, f"No ticket could be made: {error.reason}")
    except Unclear as error:
        _move(services, due, TicketState.UNCERTAIN, after=LOOKS[0], error=str(error))
    except TryAgain as error:
        wait = max(error.after, after_attempts(due.attempts))
        _move(services, due, TicketState.WANTED, after=wait, error=error.reason)
    except NeedsPerson as error:
        # A refused login made nothing. It concerns all tickets, so that this one waits for it to be mended.
        _move(services, due, TicketState.WANTED, after=PAUSE, error=error.reason)
        raise
    except BadInput as error:
        _to_person(services, due, error.reason)
    else:
        _known(services, system, due, made, "")


def _look(services: Services, system: TenantTicketing, due: Due) -> None:
    """Find out whether it was made: by our marker, else by the thread of the mail that it was made of."""
    found = _of_order(system, due)
    thread = decimal_thread(due.thread_id)
    ours = [one for one in found if any(carries(entry.text, due.marker) for entry in one.entries)]
    ours = ours or [one for one in found if thread and one.thread_id == thread]
    if len(ours) == 1:
        _known(services, system, due, ours[0].id, ours[0].number)
    elif ours:
        _to_person(services, due, SEVERAL)
    elif due.looks + 1 < len(LOOKS):
        wait, error = LOOKS[due.looks + 1], "The ticketing system does not show the ticket yet."
        _move(services, due, TicketState.UNCERTAIN, after=wait, error=error, looked=True)
    elif found:
        # Ours was not made, or is hidden for good; the order has a ticket of somebody's, and nothing is made anew.
        _known(services, system, due, found[0].id, found[0].number)
    else:
        _to_person(services, due, NEVER)


def _of_order(system: TenantTicketing, due: Due) -> Sequence[Ticket]:
    """All tickets of the order, in whichever form the system knows its number, the newest first."""
    found = {one.id: one for form in references(due.order_number) for one in system.client.by_order(form)}
    return sorted(found.values(), key=lambda one: (one.age, one.id), reverse=True)


def _new(due: Due, files: tuple[File, ...], left: int) -> NewTicket:
    return NewTicket(
        due.order_number, TicketType(due.type), due.sender_name or due.sender,
        comment=marked(_COMMENT + left_behind(left), due.marker), subject=due.subject, body=due.body,
        sender=due.sender, sent_at=due.received_at, thread_id=due.thread_id, files=files,
    )  # fmt: skip


def _known(services: Services, system: TenantTicketing, due: Due, external_id: int, number: str) -> None:
    with services.database.transaction(due.tenant) as db:
        known = ticket_work.known(db, due, external_id, number, system=system.address, lease=LEASE)
    if known:
        carry_words(services, system, due.as_known(external_id), external_id)


def _paused(services: Services, due: Due) -> None:
    with services.database.transaction(due.tenant) as db:
        ticket_ends.replies_to_person(db, due, _PAUSED)
        ticket_work.give_back(db, due, after=PAUSE, error=_PAUSED)


def _move(
    services: Services, due: Due, state: TicketState, *, after: timedelta, error: str, looked: bool = False
) -> None:
    with services.database.transaction(due.tenant) as db:
        if state is not TicketState.WANTED or not ran_out(db, due, error):
            ticket_work.move(db, due, state, after=after, error=error, looked=looked)


def _failed(services: Services, due: Due, error: Exception) -> None:
    """Whatever was raised elsewhere. What says `creating` or `sending` stays so: it is looked for, never begun anew."""
    reason = reason_of(error)
    wait = error.after if isinstance(error, TryAgain) else PAUSE if isinstance(error, NeedsPerson) else timedelta()
    with services.database.transaction(due.tenant) as db:
        if isinstance(error, NeedsPerson):
            ticketing.trouble(db, due.tenant, reason)
        if not ran_out(db, due, reason):
            ticket_work.give_back(db, due, after=max(wait, after_attempts(due.attempts)), error=reason)


def _to_person(services: Services, due: Due, reason: str) -> None:
    with services.database.transaction(due.tenant) as db:
        ticket_ends.ticket_to_person(db, due, reason)
