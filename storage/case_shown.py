"""What the page of a case needs beside the case: what it becomes by a decision, and who has approved already."""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import Case
from storage.codec import case_from_json

_STEP = text("SELECT case_on_release FROM decision WHERE tenant_id = :tenant AND id = :decision")

_APPROVED = text("""
    SELECT EXISTS (SELECT FROM act_approval WHERE tenant_id = :tenant AND act_id = :act AND member_id = :member)
""")


def step_of(db: Connection, tenant: UUID, decision: UUID) -> Case | None:
    """What the case becomes once a person releases the decision; None where it has moved already, or has none."""
    return case_from_json(db.execute(_STEP, {"tenant": tenant, "decision": decision}).scalar())


def has_approved(db: Connection, tenant: UUID, act: UUID, member: UUID) -> bool:
    """Whether this member has approved this order action."""
    return bool(db.execute(_APPROVED, {"tenant": tenant, "act": act, "member": member}).scalar())
