"""How long the words for a ticket wait for a system in trouble, before people have them."""

from datetime import timedelta
from typing import Any

from storage import ticket_ends
from storage.ticket_work import Due

# After the first nothing that is for somebody outside waits for it any more, after the second nothing does.
LATE, UNHEARD = timedelta(hours=2), timedelta(days=3)
# Fewer tries say nothing: our own machine may have stood still for days.
FEWEST_TRIES, MAX_ATTEMPTS = 3, 1000

_AWAY = "The ticketing system has been in trouble for hours"


def is_late(due: Due) -> bool:
    """Whether nothing that is for somebody outside waits any more."""
    return due.attempts >= FEWEST_TRIES and due.waited > LATE


def ran_out(db: Any, due: Due, reason: str) -> bool:
    """Leave to people what has waited too long; whether that is the whole ticket, so that nothing more is due."""
    if due.attempts < FEWEST_TRIES:
        return False
    if due.waited > UNHEARD or due.attempts > MAX_ATTEMPTS:
        return ticket_ends.ticket_to_person(db, due, f"{_AWAY}: {reason}")
    if is_late(due):
        ticket_ends.replies_to_person(db, due, f"{_AWAY}: {reason}")
    return False
