"""Send one mail: the send machine of GMAIL.md 5.4, one committed step after the other."""

import hashlib
from datetime import timedelta
from typing import assert_never

import structlog

from bootstrap import Services
from domain.delivery import LOOKS, DraftRef, DraftState, EffectState, Gate, Outgoing, Signs
from domain.errors import DraftGone, MailwrightError, NeedsPerson, NotSent, Unclear
from storage import mailboxes, outbox
from storage.effect import Effect
from worker.letters import mime

log = structlog.get_logger()

MAX_ATTEMPTS = 50

# How long a mail of which Gmail said nothing is left alone before its draft may be sent again (GMAIL.md 5.4).
QUIET = timedelta(seconds=60)

# How long a reply waits for another one of its conversation, or for the mailbox to be read again.
TURN = timedelta(seconds=15)

# And how long before it is looked at again, while that may last for days: each look asks Gmail for the draft.
REST = timedelta(minutes=2)

_UNKNOWN = "Gmail never confirmed whether this reply left. Look into the Sent folder before you answer again."
_CHANGED = "Somebody changed its draft in Gmail, and it was not sent. Send it there, or delete it and answer here."


def carry_out(services: Services, gmail: Outgoing, effect: Effect) -> None:
    if effect.attempts > MAX_ATTEMPTS:
        end_at_a_person(services, gmail, effect, f"It could not be sent after {MAX_ATTEMPTS} tries.")
        return
    match effect.state:
        case EffectState.PENDING:
            _begin(services, gmail, effect)
        case EffectState.DRAFTED:
            _send_kept(services, gmail, effect, effect.draft_id or "")
        case EffectState.SENDING | EffectState.UNCERTAIN:
            _look(services, gmail, effect)
        case (
            EffectState.HELD
            | EffectState.WAITING
            | EffectState.SENT
            | EffectState.LEFT_AS_DRAFT
            | EffectState.NEEDS_PERSON
            | EffectState.FAILED
            | EffectState.CANCELLED
        ):
            log.error("effect_not_due", effect=effect.id, state=effect.state)
        case _:
            assert_never(effect.state)


def _begin(services: Services, gmail: Outgoing, effect: Effect) -> None:
    """Repeating this is harmless: a draft that an unclear answer left behind is found and adopted."""
    left_over = gmail.find_draft(signs(effect), effect.thread_id) if effect.attempts > 1 else None
    if left_over is None:
        _send(services, gmail, effect, draft(services, gmail, effect))
    elif _drafted(services, effect, left_over):
        _send_kept(services, gmail, effect, left_over.draft_id)


def draft(services: Services, gmail: Outgoing, effect: Effect) -> str | None:
    """Lay the mail down at Gmail as a draft; None when another worker took the row meanwhile."""
    draft = gmail.create_draft(mime(services.settings, effect), effect.thread_id)
    return draft.draft_id if _drafted(services, effect, draft) else None


def _drafted(services: Services, effect: Effect, draft: DraftRef) -> bool:
    with services.database.transaction(effect.tenant) as db:
        return outbox.drafted(db, effect, draft, hashlib.sha256(mime(services.settings, effect)).digest())


def _send_kept(services: Services, gmail: Outgoing, effect: Effect, draft_id: str) -> None:
    """A draft that lay in Gmail for a while: its owner could read, change, send or delete it there."""
    match gmail.compare_draft(draft_id, mime(services.settings, effect)):
        case DraftState.DRAFT:
            _send(services, gmail, effect, draft_id)
        case DraftState.CHANGED:
            # It is somebody's own work now: neither sent nor deleted.
            to_person(services, effect, EffectState.NEEDS_PERSON, _CHANGED)
        case DraftState.SENT | DraftState.GONE:
            _move(services, effect, EffectState.UNCERTAIN, after=LOOKS[0], error="The draft is there no more.")


def _send(services: Services, gmail: Outgoing, effect: Effect, draft_id: str | None) -> None:
    if draft_id is None:
        return
    with services.database.transaction(effect.tenant) as db:
        gate, reason = outbox.begin_sending(db, effect, sight=sight_of(services))
        if gate in {Gate.WAIT, Gate.REST}:
            after = TURN if gate is Gate.WAIT else REST
            outbox.move(db, effect, EffectState.DRAFTED, after=after, error=reason, counts=False)
    match gate:
        case Gate.OPEN:
            hand_over(services, gmail, effect, draft_id)
        case Gate.HOLD | Gate.CANCEL:
            _call_off(services, gmail, effect, draft_id, gate=gate, reason=reason)
        case Gate.WAIT | Gate.REST | Gate.LOST:
            pass


def _call_off(services: Services, gmail: Outgoing, effect: Effect, draft_id: str, *, gate: Gate, reason: str) -> None:
    """Take the draft away, then say so: whoever still meant to send it finds nothing to send."""
    if effect.handed_over and gmail.draft_state(draft_id) is not DraftState.DRAFT:
        _move(services, effect, EffectState.UNCERTAIN, error="It may have left before it was called off.")
        return
    gmail.delete_draft(draft_id)
    with services.database.transaction(effect.tenant) as db:
        if gate is Gate.HOLD:
            outbox.to_person(db, effect, EffectState.HELD, reason)
        else:
            outbox.cancel(db, effect, reason)


def hand_over(services: Services, gmail: Outgoing, effect: Effect, draft_id: str) -> None:
    """The one call after which a mail has left. The row has said `sending` since before it."""
    try:
        reference = gmail.send_draft(draft_id)
    except NotSent as error:
        _refused(services, gmail, effect, draft_id, error)
    except (Unclear, DraftGone) as error:
        _move(services, effect, EffectState.UNCERTAIN, after=LOOKS[0], error=str(error))
    else:
        with services.database.transaction(effect.tenant) as db:
            outbox.sent(db, effect, reference)
        # Apart, so that a page which locks the mailbox first and its replies then never stands in the way of the above.
        with services.database.transaction(effect.tenant) as db:
            mailboxes.note_sending(db, effect.tenant, effect.mailbox)


def _look(services: Services, gmail: Outgoing, effect: Effect) -> None:
    """Gmail never said whether it left. Find out; what cannot be found out is a person's, and is not sent again."""
    try:
        found = gmail.find_sent(effect.thread_id, signs(effect), effect.pre_history_id)
    except NeedsPerson:
        # Gmail lists no longer what was sent since then. A draft that still waits answers that all the same.
        if effect.draft_id is None or gmail.draft_state(effect.draft_id) is not DraftState.DRAFT:
            raise
        found = None
    if found is not None:
        with services.database.transaction(effect.tenant) as db:
            outbox.sent(db, effect, found)
        return
    state = gmail.draft_state(effect.draft_id) if effect.draft_id else DraftState.GONE
    if state is DraftState.DRAFT and effect.waited >= QUIET:
        # The draft is Gmail's own one-time token: as long as it is there and unsent, it has not left.
        _move(services, effect, EffectState.DRAFTED, error="Gmail still holds the draft; it is sent now.")
    elif effect.looks + 1 >= len(LOOKS):
        to_person(services, effect, EffectState.NEEDS_PERSON, _UNKNOWN)
    else:
        wait = QUIET if state is DraftState.DRAFT else LOOKS[effect.looks + 1]
        _move(services, effect, EffectState.UNCERTAIN, after=wait, error="Gmail did not confirm.", looked=True)


def _refused(services: Services, gmail: Outgoing, effect: Effect, draft_id: str, error: NotSent) -> None:
    """Gmail proved that nothing left."""
    if error.after is None:
        _clear_away(services, gmail, effect, draft_id)
        to_person(services, effect, EffectState.FAILED, f"Gmail refused the reply: {error.reason}")
    else:
        _move(services, effect, EffectState.DRAFTED, after=error.after, error=error.reason)
    with services.database.transaction(effect.tenant) as db:
        mailboxes.note_sending(db, effect.tenant, effect.mailbox, error=error.reason)
        if error.after is not None:
            mailboxes.block(db, effect.tenant, effect.mailbox, error.after, error.reason)


def _clear_away(services: Services, gmail: Outgoing, effect: Effect, draft_id: str | None) -> None:
    """Take our draft out of Gmail, where somebody might send it after all; what its owner changed stays.

    When Gmail does not answer it stays, too: a person who reads that the reply failed must not wait for that.
    """
    if draft_id is None:
        return
    try:
        if gmail.compare_draft(draft_id, mime(services.settings, effect)) is DraftState.DRAFT:
            gmail.delete_draft(draft_id)
    except MailwrightError as error:
        log.warning("draft_left_behind", effect=effect.id, error=error.logged)


def end_at_a_person(services: Services, gmail: Outgoing, effect: Effect, reason: str) -> None:
    """Nothing more is tried. Of what was handed to Gmail nobody may be told that it did not leave."""
    if effect.state in (EffectState.SENDING, EffectState.UNCERTAIN):
        to_person(services, effect, EffectState.NEEDS_PERSON, f"{_UNKNOWN} ({reason})")
    else:
        _clear_away(services, gmail, effect, effect.draft_id)
        to_person(services, effect, EffectState.FAILED, reason)


def to_person(services: Services, effect: Effect, state: EffectState, reason: str) -> None:
    with services.database.transaction(effect.tenant) as db:
        outbox.to_person(db, effect, state, reason)


def _move(
    services: Services,
    effect: Effect,
    state: EffectState,
    *,
    after: timedelta = timedelta(),
    error: str = "",
    looked: bool = False,
) -> None:
    with services.database.transaction(effect.tenant) as db:
        outbox.move(db, effect, state, after=after, error=error, looked=looked)


def sight_of(services: Services) -> timedelta:
    """How old our view of a mailbox may be for an automatic reply to leave."""
    return timedelta(minutes=10, seconds=3 * services.settings.poll_seconds)


def signs(effect: Effect) -> Signs:
    return Signs(effect.reference, effect.in_reply_to if effect.answers else "", effect.recipient.address)
