"""Grants that are gone here and still have to be ended at Google."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.sealed import Sealed


@dataclass(frozen=True, slots=True)
class Revocation:
    tenant: UUID
    mailbox: UUID
    refresh: Sealed
    attempts: int
    fence: int


_CLAIM = text("""
    UPDATE revocation SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    WHERE tenant_id = :tenant AND mailbox_id = (
        SELECT mailbox_id FROM revocation WHERE tenant_id = :tenant AND next_at <= now()
            AND (lease_until IS NULL OR lease_until < now()) LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING mailbox_id, refresh_sealed, attempts, fence
""")


_DROP = text("""
    DELETE FROM revocation r USING mailbox m
    WHERE r.tenant_id = :tenant AND m.tenant_id = r.tenant_id AND m.id = r.mailbox_id AND m.google_sub = :sub
        AND (r.lease_until IS NULL OR r.lease_until < now())
""")

_IN_WORK = text("""
    SELECT EXISTS (SELECT FROM revocation r JOIN mailbox m ON m.tenant_id = r.tenant_id AND m.id = r.mailbox_id
        WHERE r.tenant_id = :tenant AND m.google_sub = :sub)
""")


def claim(db: Connection, tenant: UUID, lease: timedelta) -> Revocation | None:
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).one_or_none()
    return Revocation(tenant, row.mailbox_id, Sealed(row.refresh_sealed), row.attempts, row.fence) if row else None


# In any workspace: Google ends the access of the account, not of one token.
_CONNECTED_AGAIN = text("""
    SELECT account_is_connected(google_sub) FROM mailbox WHERE tenant_id = :tenant AND id = :mailbox
""")


def connected_again(db: Connection, revocation: Revocation) -> bool:
    """Whether the account was connected anew since: then revoking would end that access."""
    values = {"tenant": revocation.tenant, "mailbox": revocation.mailbox}
    return bool(db.execute(_CONNECTED_AGAIN, values).scalar())


def drop(db: Connection, tenant: UUID, google_sub: str) -> bool:
    """Forget what was still to be revoked of an account; False when Google is being asked at this moment."""
    values = {"tenant": tenant, "sub": google_sub}
    db.execute(_DROP, values)
    return not db.execute(_IN_WORK, values).scalar_one()


def done(db: Connection, revocation: Revocation) -> None:
    """Google has ended the grant: the last copy of the token goes too."""
    db.execute(
        text("DELETE FROM revocation WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND fence = :fence"),
        {"tenant": revocation.tenant, "mailbox": revocation.mailbox, "fence": revocation.fence},
    )


def retry(db: Connection, revocation: Revocation, after: timedelta) -> None:
    db.execute(
        text("""
            UPDATE revocation SET lease_until = NULL, next_at = now() + :after
            WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND fence = :fence
        """),
        {"tenant": revocation.tenant, "mailbox": revocation.mailbox, "fence": revocation.fence, "after": after},
    )
