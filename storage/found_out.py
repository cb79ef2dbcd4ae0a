"""What a member found out about an order action of which nobody knew what had become of it."""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import CaseState
from domain.delivery import ActState
from storage import cases, events, ledger

_ACT = text("""
    SELECT a.case_id, c.conversation_id, d.message_id FROM order_act a
        LEFT JOIN support_case c ON c.tenant_id = a.tenant_id AND c.id = a.case_id
        LEFT JOIN decision d ON d.tenant_id = a.tenant_id AND d.id = a.decision_id
    WHERE a.tenant_id = :tenant AND a.id = :act AND a.state = 'needs_person'
""")

_END = text("""
    UPDATE order_act SET state = :state, provider_reference = :reference, last_error = '',
        done_at = CASE WHEN :state = 'done' THEN now() END
    WHERE tenant_id = :tenant AND id = :act AND state = 'needs_person'
""")

_DROP_REPLIES = text("""
    UPDATE outbox SET state = 'cancelled', last_error = 'What it tells of was not done.'
    WHERE tenant_id = :tenant AND act_id = :act AND state = 'held'
""")


def settle(db: Connection, tenant: UUID, act: UUID, *, member: UUID, was_done: bool, reference: str = "") -> bool:
    """Note whether the shop did it, under this name of its own; False where that is known already.

    What was done is paid, and its case executed: the reply that waited for it may be sent. What was not done gives the
    money back to the order, and a person keeps the case.
    """
    row = db.execute(_ACT, {"tenant": tenant, "act": act}).one_or_none()
    if row is None:
        return False
    case = cases.get(db, tenant, row.case_id) if row.case_id else None
    values = {"tenant": tenant, "act": act, "reference": reference[:200]}
    state = ActState.DONE if was_done else ActState.REFUSED
    if db.execute(_END, {**values, "state": state.value}).rowcount != 1:
        return False
    actor = str(member)
    if was_done:
        ledger.paid(db, tenant, act, reference=reference, actor=actor)
        if case is not None and case.state is CaseState.PERSON:
            executed = case.moved_to(CaseState.APPROVED).moved_to(CaseState.EXECUTING).moved_to(CaseState.EXECUTED)
            cases.move(
                db, tenant, row.conversation_id, executed, actor=actor, reason="A member found out: it was done."
            )
    else:
        ledger.released(db, tenant, act, reference=reference, actor=actor)
        db.execute(_DROP_REPLIES, values)
    events.record(
        db, tenant, actor=actor, kind="order_act_found_out", subject=row.message_id, act=act, was_done=was_done
    )
    return True
