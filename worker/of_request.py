"""Send what belongs to a request to a supplier: in the thread of our first mail, answering our last one there."""

from dataclasses import replace
from datetime import timedelta

import structlog

from bootstrap import Services
from domain.decision import EffectKind
from domain.delivery import EffectState, Outgoing
from domain.errors import NeedsPerson, TryAgain
from domain.ticket import written_by_supplier
from storage import outbox, supplier_requests, supplier_sending
from storage.effect import Effect
from worker.backoff import after_attempts
from worker.sending import carry_out, end_at_a_person

log = structlog.get_logger()

AWAY = timedelta(seconds=5)
_AWAY = "The order's ticket cannot be read now."


def of_request(services: Services, gmail: Outgoing, effect: Effect) -> None:
    """The send machine, after the order's ticket was read and our last mail in the thread is known by its name."""
    if effect.state in {EffectState.PENDING, EffectState.DRAFTED}:
        unclear = _read_ticket(services, effect)
        if unclear is None:
            # No error: whoever counts those takes them for trouble with Gmail, and lets the whole mailbox rest.
            with services.database.transaction(effect.tenant) as db:
                outbox.give_back(db, effect, after=max(AWAY, after_attempts(effect.attempts)), error=_AWAY)
            return
        # Our own people are told all the same: they look.
        if unclear and effect.kind is EffectKind.SUPPLIER_REMINDER:
            end_at_a_person(services, gmail, effect, unclear)
            return
    carry_out(services, gmail, _answering_our_last(services, gmail, effect))


def _read_ticket(services: Services, effect: Effect) -> str | None:
    """What the supplier wrote on the order's ticket stops a reminder as a mail does; why a person has to look, or "".

    None while the ticketing system is away; after an hour the reminder waits for it no longer.
    """
    with services.database.transaction(effect.tenant) as db:
        found = supplier_sending.ticket_of(db, effect.tenant, effect.id)
    if found is None or effect.request is None:
        return ""
    external_id, waited = found
    try:
        with services.open_ticketing(effect.tenant) as system:
            ticket = system.client.get(external_id) if system is not None else None
    except (TryAgain, NeedsPerson) as error:
        log.warning("ticket_not_read", effect=effect.id, error=error.logged)
        return "" if waited else None
    times = written_by_supplier(ticket) if ticket is not None else ()
    with services.database.transaction(effect.tenant) as db:
        return supplier_requests.heard_on_ticket(db, effect.tenant, effect.request, times)


def _answering_our_last(services: Services, gmail: Outgoing, effect: Effect) -> Effect:
    """Gmail gives each mail a Message-ID of its own: it is asked for when the next one is written, and kept."""
    if effect.state is not EffectState.PENDING or effect.in_reply_to or not effect.sent_before:
        return effect
    known_as = gmail.message_id_of(effect.sent_before)
    with services.database.transaction(effect.tenant) as db:
        supplier_sending.known_as(db, effect.tenant, effect.id, known_as)
    return replace(effect, in_reply_to=known_as)
