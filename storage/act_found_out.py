"""What a person found out about an act of which the shop never said what became: the promise ends by their word."""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import CaseState
from storage import cases, events, ledger

_END = text("""
    UPDATE order_act SET state = :state, provider_reference = :reference, done_at = CASE WHEN :done THEN now() END
    WHERE tenant_id = :tenant AND id = :key AND state = 'needs_person'
    RETURNING case_id, (SELECT d.message_id FROM decision d WHERE d.tenant_id = order_act.tenant_id
        AND d.id = order_act.decision_id) AS message_id
""")

_CASE = text("""
    SELECT c.id, c.conversation_id FROM order_act a
        JOIN support_case c ON c.tenant_id = a.tenant_id AND c.id = a.case_id
    WHERE a.tenant_id = :tenant AND a.id = :key FOR UPDATE OF c
""")


def found_out(db: Connection, tenant: UUID, key: UUID, *, member: UUID, done: bool, reference: str = "") -> bool:
    """It was done at the shop, under this name of its own, or it was not. False where nobody has to find that out.

    The reply stays with its decision: whoever settles that sends it, and the ledger then has what it says.
    """
    values = {"tenant": tenant, "key": key}
    case = db.execute(_CASE, values).one_or_none()
    state = "done" if done else "refused"
    row = db.execute(_END, {**values, "state": state, "done": done, "reference": reference[:200]}).one_or_none()
    if row is None:
        return False
    end = ledger.paid if done else ledger.released
    end(db, tenant, key, reference=reference, actor=str(member))
    known = cases.get(db, tenant, case.id) if done and case is not None else None
    if case is not None and known is not None and known.state is CaseState.PERSON:
        through = known.moved_to(CaseState.APPROVED).moved_to(CaseState.EXECUTING).moved_to(CaseState.EXECUTED)
        cases.move(
            db, tenant, case.conversation_id, through, actor=str(member), reason="It was found done at the shop."
        )
    events.record(db, tenant, actor=str(member), kind=f"order_act_found_{state}", subject=row.message_id, act=key)
    return True
