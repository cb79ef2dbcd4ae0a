"""Send what belongs to a request to a supplier: in the thread of our first mail, answering our last one there."""

from dataclasses import replace

from bootstrap import Services
from domain.delivery import EffectState, Outgoing
from storage import supplier_sending
from storage.outbox import Effect
from worker.sending import carry_out


def of_request(services: Services, gmail: Outgoing, effect: Effect) -> None:
    carry_out(services, gmail, _answering_our_last(services, gmail, effect))


def _answering_our_last(services: Services, gmail: Outgoing, effect: Effect) -> Effect:
    """Gmail gives each mail a Message-ID of its own: it is asked for when the next one is written, and kept."""
    if effect.state is not EffectState.PENDING or effect.in_reply_to or not effect.sent_before:
        return effect
    known_as = gmail.message_id_of(effect.sent_before)
    with services.database.transaction(effect.tenant) as db:
        supplier_sending.known_as(db, effect.tenant, effect.id, known_as)
    return replace(effect, in_reply_to=known_as)
