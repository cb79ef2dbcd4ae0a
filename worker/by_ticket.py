"""Hand a reply to the ticket of its order instead of to Gmail, after all that guards a reply has been looked at."""

from bootstrap import Services
from domain.delivery import EffectState, Gate
from storage import outbox
from storage.effect import Effect
from worker.sending import TURN, sight_of


def by_ticket(services: Services, effect: Effect) -> None:
    with services.database.transaction(effect.tenant) as db:
        gate, reason = outbox.hand_to_ticket(db, effect, sight=sight_of(services))
        match gate:
            case Gate.WAIT | Gate.REST:
                outbox.move(db, effect, EffectState.PENDING, after=TURN, error=reason, counts=False)
            case Gate.HOLD:
                outbox.to_person(db, effect, EffectState.HELD, reason)
            case Gate.CANCEL:
                outbox.cancel(db, effect, reason)
            case Gate.OPEN | Gate.LOST:
                pass
