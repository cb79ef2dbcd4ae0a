"""How an act ends: its row, its money, its case, the replies that wait for it and the queue, in one transaction."""

from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.case import CaseState
from domain.delivery import ActState, EffectState
from storage import cases, events, ledger
from storage.act_work import Act, move_case

# Above what waits for its turn: money is promised, or a customer was promised it.
IMPORTANCE = 4

_END = text("""
    UPDATE order_act SET state = :state, last_error = :error, provider_reference = :reference, lease_until = NULL,
        done_at = CASE WHEN :state = 'done' THEN now() END
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state IN ('pending', 'sending', 'uncertain')
        AND (NOT :only_unasked OR sent_to = '')
""")

# In the order in which whoever approves locks them: the decision, its case, its act.
_DECISION = text("SELECT FROM decision WHERE tenant_id = :tenant AND is_current AND message_id = :message FOR UPDATE")
_CASE = text("SELECT FROM support_case WHERE tenant_id = :tenant AND id = :case FOR UPDATE")

_REPLIES = text("""
    UPDATE outbox SET state = :state, next_at = now(), last_error = :error
    WHERE tenant_id = :tenant AND act_id = :id AND state = 'waiting'
""")

# A mail that was decided anew meanwhile is found under its newest decision.
_TO_PERSON = text("""
    UPDATE decision SET disposition = 'hold', reason = :reason, settled_at = NULL, settled_by = NULL, settlement = NULL,
        importance = greatest(importance, :importance)
    WHERE tenant_id = :tenant AND is_current AND message_id = :message
    RETURNING id
""")

# Under a key of its own: the promise of the first one has ended.
_HOLD = text("""
    INSERT INTO order_act (tenant_id, id, decision_id, case_id, action, order_number, amount_minor, currency, items,
        reason, approvals_needed, state)
    SELECT tenant_id, :anew, decision_id, case_id, action, order_number, amount_minor, currency, items, reason, 1,
        'held'
    FROM order_act WHERE tenant_id = :tenant AND id = :id
""")

_REPOINT = text("""
    UPDATE outbox SET act_id = :anew, state = 'held' WHERE tenant_id = :tenant AND act_id = :id AND state = 'waiting'
""")

_EXECUTED = text("""
    SELECT a.case_id FROM outbox o JOIN order_act a ON a.tenant_id = o.tenant_id AND a.id = o.act_id
    WHERE o.tenant_id = :tenant AND o.id = :effect AND a.state = 'done' AND a.case_id IS NOT NULL
""")


def done(db: Connection, act: Act, reference: str) -> bool:
    """The shop did it, under this name of its own: the ledger has it, and the customer is told."""
    if not _end(db, act, ActState.DONE, reference=reference):
        return False
    if act.pays_back:
        ledger.paid(db, act.tenant, act.id, reference=reference)
    move_case(db, act.tenant, act.case, CaseState.EXECUTED)
    _replies(db, act, EffectState.PENDING)
    _note(db, act, "order_act_done")
    return True


def refused(db: Connection, act: Act, reason: str) -> bool:
    """It was certainly not done: the order has its money again, and a person sees why."""
    return _given_up(db, act, ActState.REFUSED, reason)


def called_off(db: Connection, act: Act, reason: str) -> bool:
    """The same before it was begun; False, and nothing changed, where somebody outside may have been asked by now."""
    return _given_up(db, act, ActState.CANCELLED, reason, only_unasked=True)


def _given_up(db: Connection, act: Act, state: ActState, reason: str, *, only_unasked: bool = False) -> bool:
    if not _end(db, act, state, error=reason, only_unasked=only_unasked):
        return False
    ledger.released(db, act.tenant, act.id)
    _replies(db, act, EffectState.CANCELLED, reason)
    _to_person(db, act, reason)
    return True


def needs_person(db: Connection, act: Act, reason: str) -> bool:
    """The shop never said: the promise stays, since the money may have left. The reply waits for whoever finds out."""
    if not _end(db, act, ActState.NEEDS_PERSON, error=reason):
        return False
    _replies(db, act, EffectState.HELD, reason)
    _to_person(db, act, reason)
    return True


def held(db: Connection, act: Act, reason: str) -> bool:
    """Nobody approved it, and nothing may be done by itself now: it waits for a person under a new key."""
    if not _end(db, act, ActState.CANCELLED, error=reason, only_unasked=True):
        return False
    ledger.released(db, act.tenant, act.id)
    anew = {"tenant": act.tenant, "id": act.id, "anew": uuid4()}
    db.execute(_HOLD, anew)
    db.execute(_REPOINT, anew)
    _to_person(db, act, reason)
    return True


def confirmed(db: Connection, tenant: UUID, effect: UUID) -> None:
    """The reply of this effect has left: where it told of an act that was done, its case is through."""
    case = db.execute(_EXECUTED, {"tenant": tenant, "effect": effect}).scalar()
    if case is not None:
        move_case(db, tenant, case, CaseState.CONFIRMED)


def _end(
    db: Connection, act: Act, state: ActState, *, reference: str = "", error: str = "", only_unasked: bool = False
) -> bool:
    db.execute(_DECISION, {"tenant": act.tenant, "message": act.message})
    db.execute(_CASE, {"tenant": act.tenant, "case": act.case})
    values = {
        "tenant": act.tenant,
        "id": act.id,
        "fence": act.fence,
        "state": state.value,
        "only_unasked": only_unasked,
    }
    return db.execute(_END, {**values, "reference": reference[:200], "error": error[:500]}).rowcount == 1


def _replies(db: Connection, act: Act, state: EffectState, error: str = "") -> None:
    values = {"tenant": act.tenant, "id": act.id, "state": state.value}
    db.execute(_REPLIES, {**values, "error": error[:500]})


def _to_person(db: Connection, act: Act, reason: str) -> None:
    """Into the queue, with the case. Whether the shop is asked again is decided there."""
    move_case(db, act.tenant, act.case, CaseState.PERSON, reason=reason)
    values = {"tenant": act.tenant, "message": act.message, "reason": reason[:500], "importance": IMPORTANCE}
    for decision in db.execute(_TO_PERSON, values).scalars().all():
        if act.case is not None:
            cases.waits_for(db, act.tenant, act.case, decision)
    _note(db, act, "order_act_to_person")


def _note(db: Connection, act: Act, kind: str) -> None:
    events.record(db, act.tenant, actor="machine", kind=kind, subject=act.message, act=act.id)
