"""How a ticket's words end: their row, the reply whose words they are, and the queue, in one transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from domain.decision import WordsFor
from domain.delivery import EffectState, WordsState
from storage import act_ends, cases, events, supplier_words, ticket_work, tickets
from storage.ticket_words import DueWords
from storage.ticket_work import Due

_END = text("""
    UPDATE ticket_words SET state = :state, last_error = :error,
        done_at = CASE WHEN :state = 'done' THEN now() END
    WHERE tenant_id = :tenant AND id = :words AND state IN ('pending', 'sending', 'uncertain')
    RETURNING message_id
""")

_PROGRESS = text("""
    UPDATE ticket SET attempts = 0, looks = 0, last_error = '', due_since = now()
    WHERE tenant_id = :tenant AND id = :id
""")

_REPLY = text("""
    UPDATE outbox SET state = :state, last_error = :error, sent_at = CASE WHEN :state = 'sent' THEN now() END
    WHERE tenant_id = :tenant AND id = :reply AND state = 'waiting' RETURNING message_id, decision_id, text
""")

_LABEL = text(
    "UPDATE message SET label_due = true, next_at = now(), attempts = 0 WHERE tenant_id = :tenant AND id = :message"
)

_TO_PERSON = text("""
    UPDATE decision SET disposition = 'hold', reason = :reason, settled_at = NULL, settlement = NULL,
        importance = greatest(importance, 3)
    WHERE tenant_id = :tenant AND id = :decision
""")

_TICKET_TO_PERSON = text("""
    UPDATE ticket SET state = 'needs_person', last_error = :error, next_at = NULL, due_since = NULL, lease_until = NULL
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_OPEN = text("""
    SELECT id, side, state, reply_id AS reply FROM ticket_words
    WHERE tenant_id = :tenant AND ticket_id = :id AND state IN ('pending', 'sending', 'uncertain') ORDER BY seq
""")

_STOPPED = text("""
    UPDATE ticket SET next_at = NULL, due_since = NULL, lease_until = NULL, last_error = :error
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_RETRY = text("""
    UPDATE ticket SET state = CASE WHEN CAST(:external AS bigint) IS NULL THEN 'wanted' ELSE 'known' END,
        external_id = :external, number = '', attempts = 0, looks = 0, next_at = now(), due_since = now(),
        last_error = '', system = coalesce((SELECT base_url FROM ticketing c WHERE c.tenant_id = ticket.tenant_id), '')
    WHERE tenant_id = :tenant AND order_number = :number AND state = 'needs_person' RETURNING id
""")

# What becomes of a reply whose words ended so.
_REPLY_STATE = {
    WordsState.HELD: EffectState.HELD,
    WordsState.REFUSED: EffectState.FAILED,
    WordsState.NEEDS_PERSON: EffectState.NEEDS_PERSON,
}

# What was never sent goes there now; of what perhaps was, a person has to say so themselves.
_RETRY_WORDS = text("""
    UPDATE ticket_words SET state = 'pending', last_error = '', looks = 0, attempts = 0
    WHERE tenant_id = :tenant AND ticket_id = :id AND side = 'note' AND state = 'needs_person' AND sending_at IS NULL
""")


def done(db: Connection, due: Due, words: DueWords) -> bool:
    """They stand on the ticket: a reply counts as sent, and what rests on it goes on."""
    if not _end(db, due, words.id, WordsState.DONE):
        return False
    db.execute(_PROGRESS, {"tenant": due.tenant, "id": due.id})
    if words.request is not None:
        supplier_words.done(db, due.tenant, words.id)
    if words.reply is not None:
        row = _reply(db, due.tenant, words.reply, EffectState.SENT)
        if row is not None:
            db.execute(_LABEL, {"tenant": due.tenant, "message": row.message_id})
            events.record(db, due.tenant, actor="machine", kind="reply_sent", subject=row.message_id, ticket=due.id)
            act_ends.confirmed(db, due.tenant, words.reply)
            tickets.reply_left(db, due.tenant, row.decision_id, row.text)
    return True


def held(db: Connection, due: Due, words: DueWords, reason: str) -> bool:
    """They did not go there, and a person decides: the reply waits at the desk as a draft again."""
    return _given_up(db, due, (words.id, words.reply), WordsState.HELD, reason)


def cancelled(db: Connection, due: Due, words: DueWords, reason: str) -> bool:
    """A reminder, or a reply that nobody approved, is not wanted any more: nobody is told."""
    if not _end(db, due, words.id, WordsState.CANCELLED, reason):
        return False
    supplier_words.ended(db, due.tenant, words.id, reason=reason)
    row = _reply(db, due.tenant, words.reply, EffectState.CANCELLED, reason) if words.reply is not None else None
    if row is not None:
        cases.take_back(db, due.tenant, row.decision_id)
        tickets.no_reply_leaves(db, due.tenant, row.decision_id)
        events.record(db, due.tenant, actor="machine", kind="reply_cancelled", subject=row.message_id, reason=reason)
    return True


def set_aside(db: Connection, due: Due, words: DueWords, reason: str) -> bool:
    """A reminder that is held back: what is behind it on its ticket goes on; see `storage.supplier_words`."""
    return ticket_work.lock(db, due) is not None and supplier_words.set_aside(db, due.tenant, words.id, reason=reason)


def refused(db: Connection, due: Due, words: DueWords, reason: str) -> bool:
    """The system certainly did not take them."""
    return _given_up(db, due, (words.id, words.reply), WordsState.REFUSED, reason)


def needs_person(db: Connection, due: Due, words: DueWords, reason: str) -> bool:
    """The system never said whether it took them: a person looks at the ticket before anything is repeated."""
    return _given_up(db, due, (words.id, words.reply), WordsState.NEEDS_PERSON, reason)


def ticket_to_person(db: Connection, due: Due, reason: str) -> bool:
    """There is no ticket to write on: everything that waits for it is a person's, with this reason."""
    if not _ends_here(db, due, reason, WordsState.NEEDS_PERSON):
        return False
    events.record(db, due.tenant, actor="machine", kind="ticket_to_person", subject=due.id)
    return db.execute(_TICKET_TO_PERSON, {**_values(due), "error": reason[:500]}).rowcount == 1


def disconnected(db: Connection, due: Due, reason: str) -> bool:
    """No system is connected any more: replies are a person's, notes end, and nothing is due."""
    if not _ends_here(db, due, reason, WordsState.CANCELLED):
        return False
    return db.execute(_STOPPED, {**_values(due), "error": reason[:500]}).rowcount == 1


def replies_to_person(db: Connection, due: Due, reason: str) -> int:
    """What is for a customer or a supplier and was never sent waits no longer; notes wait on. Returns how many."""
    if ticket_work.lock(db, due) is None:
        return 0
    open_words = db.execute(_OPEN, _values(due)).all()
    late = [one for one in open_words if one.side != WordsFor.NOTE and one.state == WordsState.PENDING]
    for one in late:
        _given_up(db, due, (one.id, one.reply), WordsState.HELD, reason)
    return len(late)


def look_again(db: Connection, tenant: UUID, order_number: str, *, external_id: int | None, actor: str) -> bool:
    """A person has looked at the system: the ticket of this order is the one of this id, or there is certainly none.

    Notes that were never sent go there now; False where no ticket of this order waits for a person.
    """
    values = {"tenant": tenant, "number": order_number, "external": external_id}
    ticket = db.execute(_RETRY, values).scalar()
    if ticket is None:
        return False
    db.execute(_RETRY_WORDS, {"tenant": tenant, "id": ticket})
    events.record(db, tenant, actor=actor, kind="ticket_looked_for_again", subject=ticket)
    return True


def _ends_here(db: Connection, due: Due, reason: str, notes: WordsState) -> bool:
    if ticket_work.lock(db, due) is None:
        return False
    for one in db.execute(_OPEN, _values(due)).all():
        unsent = one.state == WordsState.PENDING
        if one.side == WordsFor.NOTE:
            _end(db, due, one.id, notes if unsent else WordsState.NEEDS_PERSON, reason)
        elif unsent:
            _given_up(db, due, (one.id, one.reply), WordsState.HELD, reason)
        else:
            _given_up(db, due, (one.id, one.reply), WordsState.NEEDS_PERSON, reason)
    return True


def _given_up(
    db: Connection, due: Due, words_and_reply: tuple[UUID, UUID | None], state: WordsState, reason: str
) -> bool:
    words, reply = words_and_reply
    if not _end(db, due, words, state, reason):
        return False
    kind = f"ticket_words_{state}"
    events.record(db, due.tenant, actor="machine", kind=kind, subject=due.id, words=words)
    supplier_words.ended(db, due.tenant, words, reason=reason)
    row = _reply(db, due.tenant, reply, _REPLY_STATE[state], reason) if reply is not None else None
    if row is not None:
        values = {"tenant": due.tenant, "decision": row.decision_id, "reason": reason[:500]}
        db.execute(_TO_PERSON, values)
        if state is not WordsState.NEEDS_PERSON:  # It certainly did not leave.
            cases.take_back(db, due.tenant, row.decision_id)
    return True


def _end(db: Connection, due: Due, words: UUID, state: WordsState, error: str = "") -> bool:
    if ticket_work.lock(db, due) is None:
        return False
    values = {"tenant": due.tenant, "words": words, "state": state.value, "error": error[:500]}
    return db.execute(_END, values).one_or_none() is not None


def _reply(db: Connection, tenant: UUID, reply: UUID, state: EffectState, error: str = "") -> Row[Any] | None:
    values = {"tenant": tenant, "reply": reply, "state": state.value, "error": error[:500]}
    return db.execute(_REPLY, values).one_or_none()


def _values(due: Due) -> dict[str, object]:
    return {"tenant": due.tenant, "id": due.id, "fence": due.fence}
