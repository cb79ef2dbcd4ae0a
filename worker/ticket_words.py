"""Put the texts of one ticket onto it, each at most once: read it, send, and read it again where nobody said.

`sending` is committed before the system is asked. It has no key by which a repetition is known: a text for a customer
or a supplier of which nobody knows is a person's after the looks. A note may go once more, since it reaches nobody
outside, and only where the last look, most of an hour later, showed the ticket's entries without it.
"""

from datetime import timedelta
from typing import Any

from adapters.ticketing.client import Ticketing
from bootstrap import Services
from domain import wall
from domain.bridging import carries, marked
from domain.decision import WordsFor
from domain.delivery import TicketState, WordsState
from domain.errors import NeedsPerson, NotDone, TryAgain, Unclear
from domain.message import Address
from domain.ticket import Ticket, TicketText, written_by_supplier
from parts.ticketing import TenantTicketing
from storage import (
    supplier_requests,
    suppliers,
    ticket_ends,
    ticket_files,
    ticket_words,
    ticket_work,
    ticketing,
    walls,
)
from storage.ticket_words import DueWords
from storage.ticket_work import Due, Gate
from worker.backoff import after_attempts
from worker.passing_on import files_of, left_behind
from worker.patience import is_late, ran_out
from worker.sending import sight_of

LEASE = timedelta(minutes=8)
LOOKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))
PAUSE = timedelta(minutes=15)
# What has to happen first (the mailbox is read, another reply leaves) mostly takes less.
SOON = timedelta(minutes=1)
# How often a refusal without a reason is tried with the ticket as it stands then: its owner may just have changed.
TRIES = 3
MOST_REPEATS = 1

UNKNOWN = "The ticketing system never said whether it took this, and the ticket does not show it. Look there first."
HIDDEN = "The ticketing system does not show the ticket any more."
_PAUSED = "Answering by itself is paused."


def carry_words(services: Services, system: TenantTicketing, due: Due, external_id: int) -> None:
    """Everything that waits for this ticket, in its order, until something has to wait."""
    while not services.stopping.is_set():
        with services.database.transaction(due.tenant) as db:
            words = ticket_words.next_words(db, due)
            if words is None:
                ticket_work.idle(db, due)
                ticketing.trouble(db, due.tenant, "")
        if words is None:
            return
        ticket = system.client.get(external_id)
        if ticket is None:
            _hidden(services, due)
            return
        if not _carry(services, system.client, due, ticket, words):
            return
    with services.database.transaction(due.tenant) as db:
        ticket_work.give_back(db, due, after=timedelta(), error="")


def _carry(services: Services, client: Ticketing, due: Due, ticket: Ticket, words: DueWords) -> bool:
    """Whether these words are at an end, so that the next are due."""
    if any(carries(entry.text, words.marker) for entry in ticket.entries):
        with services.database.transaction(due.tenant) as db:
            return ticket_ends.done(db, due, words)
    if words.asked:
        return _not_there(services, client, due, ticket, words)
    return _send(services, client, due, ticket, words)


def _not_there(services: Services, client: Ticketing, due: Due, ticket: Ticket, words: DueWords) -> bool:
    if words.looks + 1 < len(LOOKS):
        wait = LOOKS[words.looks + 1]
        _wait(services, due, words, WordsState.UNCERTAIN, after=wait, error="It is not on the ticket yet.", looked=True)
        return False
    # A ticket always has the entry that opened it: where none is to be seen, the look proves nothing.
    if words.side is WordsFor.NOTE and ticket.entries and words.repeats < MOST_REPEATS:
        return _send(services, client, due, ticket, words)
    with services.database.transaction(due.tenant) as db:
        return ticket_ends.needs_person(db, due, words, UNKNOWN)


def _send(services: Services, client: Ticketing, due: Due, ticket: Ticket, words: DueWords) -> bool:
    with services.database.transaction(due.tenant) as db:
        attached = ticket_files.of_note(db, due.tenant, words.id)
    files, left = files_of(services, due.tenant, attached)
    with services.database.transaction(due.tenant) as db:
        told = _told(db, due, ticket, words) or _heard(db, due, ticket, words)
        if told:
            return ticket_ends.held(db, due, words, told)
        gate, reason = ticket_words.begin(db, due, words, LEASE, sight=sight_of(services))
        if gate is Gate.CANCEL:
            return ticket_ends.cancelled(db, due, words, reason)
        if words.request is not None and words.automatic and gate in {Gate.PAUSED, Gate.WAIT}:
            return ticket_ends.set_aside(db, due, words, reason)
        if gate is Gate.HOLD or (gate is Gate.PAUSED and words.side is not WordsFor.NOTE):
            return ticket_ends.held(db, due, words, reason)
        if gate is Gate.WAIT and is_late(due):
            return ticket_ends.held(db, due, words, f"{reason} A person decides.")
        if gate in {Gate.PAUSED, Gate.WAIT}:
            wait = PAUSE if gate is Gate.PAUSED else SOON
            ticket_words.move(db, due, words, words.state, after=wait, error=reason)
    text = marked(words.text + left_behind(left), words.marker)
    said = TicketText(text, words.marker, words.recipient, files=files)
    return gate is Gate.OPEN and _hand_over(services, client, due, ticket, words, said=said)


def _hand_over(
    services: Services, client: Ticketing, due: Due, ticket: Ticket, words: DueWords, *, said: TicketText
) -> bool:
    """The one call that puts them there, with owner and status as they were read just now."""
    calls = {
        WordsFor.CUSTOMER: client.write_to_customer,
        WordsFor.SUPPLIER: client.write_to_supplier,
        WordsFor.NOTE: client.note,
    }
    try:
        calls[words.side](ticket, said)
    except NotDone as error:
        return _not_done(services, due, words, error)
    except Unclear as error:
        _wait(services, due, words, WordsState.UNCERTAIN, after=LOOKS[0], error=str(error))
    except (TryAgain, NeedsPerson) as error:
        # Nothing was accepted by this call; what was asked before it stays to be found.
        wait = max(error.after, after_attempts(words.attempts)) if isinstance(error, TryAgain) else PAUSE
        _wait(services, due, words, _before(words), after=wait, error=error.reason)
        if isinstance(error, NeedsPerson):
            with services.database.transaction(due.tenant) as db:
                ticketing.trouble(db, due.tenant, error.reason)
    else:
        with services.database.transaction(due.tenant) as db:
            return ticket_ends.done(db, due, words)
    return False


def _not_done(services: Services, due: Due, words: DueWords, error: NotDone) -> bool:
    """A refusal proves that this call put nothing there, and nothing about an earlier one."""
    if error.after is not None or words.attempts + 1 < TRIES:
        after = max(error.after or timedelta(), after_attempts(words.attempts))
        _wait(services, due, words, _before(words), after=after, error=error.reason)
        return False
    with services.database.transaction(due.tenant) as db:
        if words.asked:
            return ticket_ends.needs_person(db, due, words, f"{UNKNOWN} ({error.reason})")
        return ticket_ends.refused(db, due, words, error.reason)


def _before(words: DueWords) -> WordsState:
    return WordsState.UNCERTAIN if words.asked else WordsState.PENDING


def _wait(
    services: Services,
    due: Due,
    words: DueWords,
    state: WordsState,
    *,
    after: timedelta,
    error: str,
    looked: bool = False,
) -> None:
    with services.database.transaction(due.tenant) as db:
        # What may be there already is looked for to its end; what never was does not wait for ever.
        if state is WordsState.UNCERTAIN or not ran_out(db, due, error):
            ticket_words.move(db, due, words, state, after=after, error=error, looked=looked)


def _hidden(services: Services, due: Due) -> None:
    """A ticket that was just made cannot be read for a while; one that stays away is a person's."""
    with services.database.transaction(due.tenant) as db:
        if due.looks >= len(LOOKS):
            ticket_ends.ticket_to_person(db, due, HIDDEN)
        else:
            ticket_work.move(db, due, TicketState.KNOWN, after=LOOKS[due.looks], error=HIDDEN, looked=True)


def _heard(db: Any, due: Due, ticket: Ticket, words: DueWords) -> str:
    """What a supplier wrote on the ticket stops a reminder there; returns why a person has to look who it was."""
    if words.request is None or not words.automatic:
        return ""
    # The ticket is locked before the request, as everywhere; who lost it hears so from `begin`.
    if ticket_work.lock(db, due) is None:
        return ""
    return supplier_requests.heard_on_ticket(db, due.tenant, words.request, written_by_supplier(ticket))


def _told(db: Any, due: Due, ticket: Ticket, words: DueWords) -> str:
    """Why these words must not reach whom they are for, by the wall between customers and suppliers, or nothing."""
    if words.side is WordsFor.NOTE:
        return ""
    if not words.recipient:
        return "It is not known to whom it would go."
    if words.wall_reason:
        return ""
    directory = suppliers.directory(db, due.tenant)
    to_supplier = words.side is WordsFor.SUPPLIER
    if to_supplier and not directory.knows(words.recipient):
        wrong = walls.UNLISTED.format(address=words.recipient)
    else:
        wrong = wall.misdirected(Address(words.recipient), directory, for_supplier=to_supplier)
    if wrong:
        return wrong
    behind, numbers, costs = walls.behind_words(db, due.tenant, words.id, directory)
    if to_supplier:
        names = tuple(filter(None, (ticket.contact_name, words.customer_name, due.sender_name)))
        addresses = tuple(filter(None, (ticket.contact_email, words.customer)))
        return wall.told_to_supplier(words.text, wall.Customer(names, addresses).and_also(behind))
    known = [one.number for one in ticket.purchase_orders]
    return wall.told_to_customer(words.text, directory, (*known, *numbers), costs)
