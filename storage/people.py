"""The people of a workspace as its owners and admins see them: roles, who is in, and who was let go."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.errors import BadInput
from storage import events

LAST_OWNER = "This is the last owner. Make somebody else an owner first, so that the workspace keeps one."


@dataclass(frozen=True, slots=True)
class Person:
    """`seen_at` is when they last asked for a page; `second_factor` whether one is asked of them at signing in."""

    id: UUID
    email: str
    name: str
    role: str
    created_at: datetime
    deactivated_at: datetime | None
    seen_at: datetime | None
    second_factor: bool


_SELECT = """
    SELECT m.id, m.email, m.name, m.role, m.created_at, m.deactivated_at,
        (SELECT max(s.seen_at) FROM web_session s WHERE s.tenant_id = m.tenant_id AND s.member_id = m.id) AS seen_at,
        EXISTS (SELECT FROM second_factor f WHERE f.tenant_id = m.tenant_id AND f.member_id = m.id
            AND f.confirmed_at IS NOT NULL) AS second_factor
    FROM member m WHERE m.tenant_id = :tenant
"""
_EVERY = text(_SELECT + " ORDER BY m.deactivated_at IS NOT NULL, m.created_at, m.id")
_ONE = text(_SELECT + " AND m.id = :id")
# Two who let each other go at once wait for one another here, and the second finds itself the last.
_LOCK_OWNERS = text("""
    SELECT id FROM member WHERE tenant_id = :tenant AND role = 'owner' AND deactivated_at IS NULL ORDER BY id FOR UPDATE
""")
_SET_ROLE = text("""
    UPDATE member m SET role = :role FROM member o
    WHERE m.tenant_id = :tenant AND m.id = :id AND o.tenant_id = m.tenant_id AND o.id = m.id AND o.role <> :role
    RETURNING o.role AS before
""")
_DEACTIVATE = text("""
    UPDATE member SET deactivated_at = now() WHERE tenant_id = :tenant AND id = :id AND deactivated_at IS NULL
""")
_END_SESSIONS = text("""
    UPDATE web_session SET revoked_at = now() WHERE tenant_id = :tenant AND member_id = :id AND revoked_at IS NULL
""")
_REACTIVATE = text("""
    UPDATE member SET deactivated_at = NULL WHERE tenant_id = :tenant AND id = :id AND deactivated_at IS NOT NULL
""")


def every(db: Connection, tenant: UUID) -> list[Person]:
    """All of them, who was let go last."""
    return [Person(*row) for row in db.execute(_EVERY, {"tenant": tenant})]


def one(db: Connection, tenant: UUID, member: UUID) -> Person | None:
    row = db.execute(_ONE, {"tenant": tenant, "id": member}).one_or_none()
    return Person(*row) if row else None


def set_role(db: Connection, tenant: UUID, member: UUID, role: str, *, by: UUID) -> bool:
    """Give a member another role; False where nothing changes. Raises BadInput for the last owner."""
    if role != "owner":
        _keep_an_owner(db, tenant, member)
    before = db.execute(_SET_ROLE, {"tenant": tenant, "id": member, "role": role}).scalar()
    if before is None:
        return False
    events.record(db, tenant, actor=str(by), kind="member_role_changed", subject=member, before=before, after=role)
    return True


def deactivate(db: Connection, tenant: UUID, member: UUID, *, by: UUID) -> bool:
    """Nobody signs in as them any more, and their sessions end now. Raises BadInput for the last owner.

    The row stays: it says who decided what in the past.
    """
    _keep_an_owner(db, tenant, member)
    if db.execute(_DEACTIVATE, {"tenant": tenant, "id": member}).rowcount != 1:
        return False
    db.execute(_END_SESSIONS, {"tenant": tenant, "id": member})
    events.record(db, tenant, actor=str(by), kind="member_deactivated", subject=member)
    return True


def reactivate(db: Connection, tenant: UUID, member: UUID, *, by: UUID) -> bool:
    """They may sign in again, with their old password."""
    if db.execute(_REACTIVATE, {"tenant": tenant, "id": member}).rowcount != 1:
        return False
    events.record(db, tenant, actor=str(by), kind="member_reactivated", subject=member)
    return True


def _keep_an_owner(db: Connection, tenant: UUID, leaving: UUID) -> None:
    owners = db.execute(_LOCK_OWNERS, {"tenant": tenant}).scalars().all()
    if owners == [leaving]:
        raise BadInput("role", LAST_OWNER)
