"""Order actions: what shall be done with an order, each at most once, until it is due or given up."""

from dataclasses import asdict, dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.decision import OrderAct
from domain.errors import BadInput, NeedsPerson
from domain.money import Money
from domain.order import normal_number
from domain.order_action import PAYS_BACK, Action
from storage import ledger
from storage.codec import dumps


@dataclass(frozen=True, slots=True)
class Held:
    """An action that waits for its approvals: `needed` people, of whom `approved_by` have approved it already.

    `case` is None where the case has not moved yet: what it becomes is written down in the decision.
    """

    id: UUID
    case: UUID | None
    action: Action
    order_number: str
    amount: Money | None
    needed: int
    approved_by: frozenset[UUID]


_INSERT = text("""
    INSERT INTO order_act (tenant_id, id, decision_id, case_id, action, order_number, amount_minor, currency, items,
        reason, approvals_needed, state)
    SELECT o.tenant_id, :id, :decision, :case, :action, o.number, :amount, :currency, CAST(:items AS jsonb), :reason,
        :needed, :state
    FROM shop_order o WHERE o.tenant_id = :tenant AND o.number = :number
    ON CONFLICT (tenant_id, case_id) WHERE state NOT IN ('refused', 'cancelled') AND case_id IS NOT NULL DO NOTHING
    RETURNING id
""")

_KNOWN = text("SELECT EXISTS (SELECT FROM shop_order WHERE tenant_id = :tenant AND number = :number)")

_HELD = text("""
    SELECT a.id, a.case_id, a.action, a.order_number, a.amount_minor, a.currency, a.approvals_needed,
        ARRAY(SELECT p.member_id FROM act_approval p WHERE p.tenant_id = a.tenant_id AND p.act_id = a.id) AS approved_by
    FROM order_act a WHERE a.tenant_id = :tenant AND a.decision_id = :decision AND a.state = 'held'
    ORDER BY a.created_at, a.id LIMIT 1
""")

_APPROVE = text("""
    INSERT INTO act_approval (tenant_id, act_id, member_id) VALUES (:tenant, :act, :member)
    ON CONFLICT DO NOTHING RETURNING member_id
""")

_DUE = text("""
    UPDATE order_act SET state = 'pending', case_id = :case, next_at = now(), attempts = 0, last_error = ''
    WHERE tenant_id = :tenant AND id = :act AND state = 'held' AND NOT EXISTS (SELECT FROM order_act o
        WHERE o.tenant_id = :tenant AND o.case_id = :case AND o.id <> :act AND o.state NOT IN ('refused', 'cancelled'))
""")

_CANCEL = text("""
    UPDATE order_act SET state = 'cancelled', last_error = :reason
    WHERE tenant_id = :tenant AND decision_id = :decision AND state = 'held'
""")

_CANCEL_OF_CASE = text("""
    UPDATE order_act SET state = 'cancelled', last_error = :reason
    WHERE tenant_id = :tenant AND case_id = :case AND state = 'held' AND id IS DISTINCT FROM :but
""")


_UNKNOWN = text("""
    SELECT EXISTS (SELECT FROM order_act WHERE tenant_id = :tenant AND case_id = :case AND state = 'needs_person')
""")

_BUSY = "Something else is being done for this case already."


def propose(db: Connection, tenant: UUID, decision: UUID, case: UUID | None, act: OrderAct, *, released: bool) -> UUID:
    """Write an action as a decision has it: promised in the ledger and due at once, or held until it is approved.

    Whatever is not released needs one person at least. An action of the same case that was still held gives way to it.
    Raises BadInput where the order has less money left, NeedsPerson where only a person can decide; nothing may be
    kept of the transaction then, or of its savepoint.
    """
    if released and act.approvals:
        raise NeedsPerson("A person has to approve it.")
    if act.action in PAYS_BACK and act.amount is None and released:
        raise NeedsPerson("It is not known how much is to be paid back.")
    if case is not None:
        cancel_of_case(db, tenant, case, reason="A later mail changed what is wanted.")
    number = normal_number(act.order_number)
    values = {
        "tenant": tenant, "id": uuid4(), "decision": decision, "case": case, "action": act.action.value,
        "number": number, "amount": act.amount.minor if act.amount else None,
        "currency": act.amount.currency if act.amount else "", "items": dumps([asdict(item) for item in act.items]),
        "reason": act.reason, "needed": 0 if released else max(1, act.approvals),
        "state": "pending" if released else "held",
    }  # fmt: skip
    written: UUID | None = db.execute(_INSERT, values).scalar()
    if written is None:
        known = db.execute(_KNOWN, values).scalar()
        raise NeedsPerson(_BUSY if known else f"There is no order {number}.")
    if released and _pays_back(act.action, act.amount):
        ledger.promise(db, tenant, written)
    return written


def held(db: Connection, tenant: UUID, decision: UUID) -> Held | None:
    """The action of a decision that waits for approval.

    It stands as it is while its case is locked: whoever takes up or gives up an action, a mail as well as a person,
    locks the case first, so that none of them waits for another in a circle.
    """
    row = db.execute(_HELD, {"tenant": tenant, "decision": decision}).one_or_none()
    if row is None:
        return None
    amount = Money(row.amount_minor, row.currency) if row.amount_minor is not None else None
    approved = frozenset(row.approved_by)
    return Held(row.id, row.case_id, Action(row.action), row.order_number, amount, row.approvals_needed, approved)


def approve(db: Connection, tenant: UUID, act: UUID, *, member: UUID) -> bool:
    """Write down that this member approves it; False where they had done so before."""
    return db.execute(_APPROVE, {"tenant": tenant, "act": act, "member": member}).scalar() is not None


def make_due(db: Connection, tenant: UUID, act: Held, case: UUID | None, *, member: UUID) -> None:
    """Promise the money, and let the workers carry the action out. Raises BadInput where less is left."""
    if case is not None:
        cancel_of_case(db, tenant, case, reason="Another action of this case was approved.", but=act.id)
    if _pays_back(act.action, act.amount):
        ledger.promise(db, tenant, act.id, actor=str(member))
    if db.execute(_DUE, {"tenant": tenant, "act": act.id, "case": case}).rowcount != 1:
        raise BadInput("act", _BUSY)


def cancel(db: Connection, tenant: UUID, decision: UUID, *, reason: str) -> bool:
    """Give up what a decision proposed and nobody has approved to the end; whether there was such an action."""
    values = {"tenant": tenant, "decision": decision, "reason": reason}
    return db.execute(_CANCEL, values).rowcount > 0


def cancel_of_case(db: Connection, tenant: UUID, case: UUID, *, reason: str, but: UUID | None = None) -> None:
    """The same for all that was proposed for a case, whichever its decisions, `but` this one."""
    db.execute(_CANCEL_OF_CASE, {"tenant": tenant, "case": case, "reason": reason, "but": but})


def is_unknown(db: Connection, tenant: UUID, case: UUID) -> bool:
    """Whether nobody knows yet what became of an action of this case: a person has to find out."""
    found: bool = db.execute(_UNKNOWN, {"tenant": tenant, "case": case}).scalar_one()
    return found


def _pays_back(action: Action, amount: Money | None) -> bool:
    return action in PAYS_BACK and amount is not None
