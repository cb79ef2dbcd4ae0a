"""Links by which a member chooses a new password: one at a time, once, for an hour or a day."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from storage import events, secret_tokens

BY_MAIL = timedelta(hours=1)
BY_HAND = timedelta(days=1)

_END_EARLIER = text("DELETE FROM password_reset WHERE tenant_id = :tenant AND member_id = :member")
_INSERT = text("""
    INSERT INTO password_reset (tenant_id, token_hash, member_id, expires_at, by_mail)
    SELECT m.tenant_id, :hash, m.id, now() + :lives, :by_mail FROM member m
    WHERE m.tenant_id = :tenant AND m.id = :member AND m.deactivated_at IS NULL
""")
_LOOK = text("""
    SELECT m.email FROM password_reset r JOIN member m ON m.tenant_id = r.tenant_id AND m.id = r.member_id
    WHERE r.tenant_id = :tenant AND r.token_hash = :hash AND r.used_at IS NULL AND r.expires_at > now()
        AND m.deactivated_at IS NULL
""")
_USE = text("""
    UPDATE password_reset r SET used_at = now() FROM member m
    WHERE r.tenant_id = :tenant AND r.token_hash = :hash AND r.used_at IS NULL AND r.expires_at > now()
        AND m.tenant_id = r.tenant_id AND m.id = r.member_id AND m.deactivated_at IS NULL
    RETURNING r.member_id, r.by_mail
""")
# Who opens a link that was mailed to them has shown that the address is theirs. A Google account that was linked before
# may be somebody else's, who only wrote the address down.
_SET = text("""
    UPDATE member SET password_hash = :password,
        verified_at = CASE WHEN :by_mail THEN coalesce(verified_at, now()) ELSE verified_at END,
        google_sub = CASE WHEN :by_mail AND verified_at IS NULL THEN NULL ELSE google_sub END
    WHERE tenant_id = :tenant AND id = :member
""")
_END_SESSIONS = text("""
    UPDATE web_session SET revoked_at = now() WHERE tenant_id = :tenant AND member_id = :member AND revoked_at IS NULL
""")


def make(db: Connection, tenant: UUID, member: UUID, *, by_mail: bool) -> str | None:
    """The secret of a new link; an earlier one ends. None where there is no such member, or they were let go."""
    db.execute(_END_EARLIER, {"tenant": tenant, "member": member})
    token = secret_tokens.fresh()
    values = {"tenant": tenant, "member": member, "hash": secret_tokens.hashed(token), "by_mail": by_mail}
    made = db.execute(_INSERT, {**values, "lives": BY_MAIL if by_mail else BY_HAND})
    if made.rowcount != 1:
        return None
    actor = "somebody" if by_mail else "command"
    events.record(db, tenant, actor=actor, kind="password_link_made", subject=member)
    return token


def look(db: Connection, tenant: UUID, token: str) -> str | None:
    """The address whose password the link changes, or None where it works no more. Changes nothing."""
    found: str | None = db.execute(_LOOK, {"tenant": tenant, "hash": secret_tokens.hashed(token)}).scalar()
    return found


def use(db: Connection, tenant: UUID, token: str, password_hash: str) -> UUID | None:
    """Set the password, once, and end every session; returns the member, or None where the link works no more."""
    row = db.execute(_USE, {"tenant": tenant, "hash": secret_tokens.hashed(token)}).one_or_none()
    if row is None:
        return None
    member: UUID = row.member_id
    values = {"tenant": tenant, "member": member}
    db.execute(_SET, {**values, "password": password_hash, "by_mail": row.by_mail})
    db.execute(_END_SESSIONS, values)
    events.record(db, tenant, actor=str(member), kind="password_reset", subject=member)
    return member
