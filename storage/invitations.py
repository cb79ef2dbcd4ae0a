"""Invitations: a link that makes whoever opens it a member, once, for seven days, in one role."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.errors import BadInput
from storage import events, members, secret_tokens

LIVES = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """`by` is the name of who invited."""

    id: UUID
    email: str
    role: str
    by: str
    created_at: datetime
    expires_at: datetime


_REVOKE_EARLIER = text("""
    UPDATE invitation SET revoked_at = now()
    WHERE tenant_id = :tenant AND email = :email AND used_at IS NULL AND revoked_at IS NULL
""")
_INSERT = text("""
    INSERT INTO invitation (tenant_id, id, token_hash, email, role, invited_by, expires_at)
    VALUES (:tenant, :id, :hash, :email, :role, :by, now() + :lives)
""")
_SELECT = """
    SELECT i.id, i.email, i.role, coalesce(nullif(m.name, ''), m.email) AS by, i.created_at, i.expires_at
    FROM invitation i JOIN member m ON m.tenant_id = i.tenant_id AND m.id = i.invited_by
    WHERE i.tenant_id = :tenant AND i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
"""
_OPEN = text(_SELECT + " ORDER BY i.created_at DESC, i.id")
# Who invited must still be there, in a role that may invite: what they could no longer do themselves, their link does
# not do either. Roles as `web.session.ACTS` has them.
_ONE = text(
    _SELECT
    + """ AND i.token_hash = :hash AND m.deactivated_at IS NULL
        AND (m.role = 'owner' OR m.role = 'admin' AND i.role <> 'owner')"""
)
_USE = text("""
    UPDATE invitation SET used_at = now() WHERE tenant_id = :tenant AND token_hash = :hash
        AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()
""")
_REVOKE = text("""
    UPDATE invitation SET revoked_at = now()
    WHERE tenant_id = :tenant AND id = :id AND used_at IS NULL AND revoked_at IS NULL
""")


def invite(db: Connection, tenant: UUID, *, email: str, role: str, by: UUID) -> str:
    """Make an invitation and return its secret; an earlier one for this address ends. Raises BadInput for a member."""
    values = {"tenant": tenant, "email": email.lower()}
    if members.exists(db, tenant, email):
        raise BadInput("email", f"{email.lower()} is a member of this workspace already.")
    db.execute(_REVOKE_EARLIER, values)
    token, invitation = secret_tokens.fresh(), uuid4()
    values |= {"id": invitation, "hash": secret_tokens.hashed(token), "role": role, "by": by, "lives": LIVES}
    db.execute(_INSERT, values)
    events.record(db, tenant, actor=str(by), kind="member_invited", subject=invitation, role=role)
    return token


def every(db: Connection, tenant: UUID) -> list[Invitation]:
    """Those that still work, the newest first."""
    return [Invitation(*row) for row in db.execute(_OPEN, {"tenant": tenant})]


def look(db: Connection, tenant: UUID, token: str) -> Invitation | None:
    """The invitation behind a secret, or None where it works no more. Looking changes nothing."""
    row = db.execute(_ONE, {"tenant": tenant, "hash": secret_tokens.hashed(token)}).one_or_none()
    return Invitation(*row) if row else None


def accept(
    db: Connection, tenant: UUID, token: str, *, name: str, password_hash: str, google_sub: str | None = None
) -> UUID | None:
    """Become a member by this secret; None where it works no more, or another has used it in this very moment.

    A Google account proves that the address is theirs; a link that a person passed on does not.
    """
    found = look(db, tenant, token)
    if found is None or db.execute(_USE, {"tenant": tenant, "hash": secret_tokens.hashed(token)}).rowcount != 1:
        return None
    if members.exists(db, tenant, found.email):
        return None
    named = {"email": found.email, "name": name or found.email.partition("@")[0], "role": found.role}
    member = members.add(db, tenant, **named, password_hash=password_hash, verified=google_sub is not None)
    if google_sub is not None:
        members.link_google(db, tenant, member, google_sub)
    events.record(db, tenant, actor=str(member), kind="member_joined", subject=found.id, role=found.role)
    return member


def revoke(db: Connection, tenant: UUID, invitation: UUID, *, by: UUID) -> bool:
    """Its link works no more; False where it was used or revoked before, or there is no such invitation."""
    if db.execute(_REVOKE, {"tenant": tenant, "id": invitation}).rowcount != 1:
        return False
    events.record(db, tenant, actor=str(by), kind="invitation_revoked", subject=invitation)
    return True
