"""Lay a reply down in Gmail as a draft that its owner finishes: after all that guards a reply, and never sent."""

import hashlib

from bootstrap import Services
from domain.delivery import DraftRef, EffectState, Gate, Outgoing
from storage import gate as gates
from storage import gmail_drafts, outbox
from storage.effect import Effect
from worker.letters import mime
from worker.sending import MAX_ATTEMPTS, REST, TURN, end_at_a_person, sight_of, signs


def leave_as_draft(services: Services, gmail: Outgoing, effect: Effect) -> None:
    """Repeating this is harmless: a draft that an earlier try left behind is found, and so is what its owner sent."""
    if effect.attempts > MAX_ATTEMPTS:
        end_at_a_person(services, gmail, effect, f"It could not be laid down in Gmail after {MAX_ATTEMPTS} tries.")
        return
    with services.database.transaction(effect.tenant) as db:
        gate, reason = gates.forbidden(db, effect, sight=sight_of(services))
        match gate:
            case Gate.WAIT | Gate.REST:
                after = TURN if gate is Gate.WAIT else REST
                outbox.move(db, effect, EffectState.PENDING, after=after, error=reason, counts=False)
            case Gate.HOLD:
                outbox.to_person(db, effect, EffectState.HELD, reason)
            case Gate.CANCEL:
                outbox.cancel(db, effect, reason)
            case Gate.OPEN | Gate.LOST:
                pass
    if gate is Gate.OPEN:
        _lay_down(services, gmail, effect)


def _lay_down(services: Services, gmail: Outgoing, effect: Effect) -> None:
    letter = mime(services.settings, effect)
    draft = gmail.find_draft(signs(effect), effect.thread_id) if effect.attempts > 1 else None
    if draft is None and not _sent_by_its_owner(gmail, effect):
        draft = gmail.create_draft(letter, effect.thread_id)
    _note(services, effect, draft, letter)


def _sent_by_its_owner(gmail: Outgoing, effect: Effect) -> bool:
    """Whether an earlier try had laid it down, and its owner was faster than we are."""
    return effect.attempts > 1 and gmail.find_sent(effect.thread_id, signs(effect), effect.pre_history_id) is not None


def _note(services: Services, effect: Effect, draft: DraftRef | None, letter: bytes) -> None:
    with services.database.transaction(effect.tenant) as db:
        gmail_drafts.left(db, effect, draft, hashlib.sha256(letter).digest())
