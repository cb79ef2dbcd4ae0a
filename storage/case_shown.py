"""What the page of a case needs beside the case: what it becomes by a decision, and who has approved already."""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import Case
from storage.codec import case_from_json

_STEP = text("SELECT case_on_release FROM decision WHERE tenant_id = :tenant AND id = :decision")

_APPROVED = text("""
    SELECT EXISTS (SELECT FROM act_approval WHERE tenant_id = :tenant AND act_id = :act AND member_id = :member)
""")

_CONVERSATION = text("""
    SELECT coalesce(d.conversation_id, c.conversation_id) FROM order_act a
        LEFT JOIN decision d ON d.tenant_id = a.tenant_id AND d.id = a.decision_id
        LEFT JOIN support_case c ON c.tenant_id = a.tenant_id AND c.id = a.case_id
    WHERE a.tenant_id = :tenant AND a.id = :act
""")


def conversation_of(db: Connection, tenant: UUID, act: UUID) -> UUID | None:
    """The conversation in which an order action was wanted; None where there is no such action, or no conversation."""
    found: UUID | None = db.execute(_CONVERSATION, {"tenant": tenant, "act": act}).scalar()
    return found


def step_of(db: Connection, tenant: UUID, decision: UUID) -> Case | None:
    """What the case becomes once a person releases the decision; None where it has moved already, or has none."""
    return case_from_json(db.execute(_STEP, {"tenant": tenant, "decision": decision}).scalar())


def has_approved(db: Connection, tenant: UUID, act: UUID, member: UUID) -> bool:
    """Whether this member has approved this order action."""
    return bool(db.execute(_APPROVED, {"tenant": tenant, "act": act, "member": member}).scalar())
