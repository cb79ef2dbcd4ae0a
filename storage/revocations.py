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


def claim(db: Connection, tenant: UUID, lease: timedelta) -> Revocation | None:
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).one_or_none()
    return Revocation(tenant, row.mailbox_id, Sealed(row.refresh_sealed), row.attempts, row.fence) if row else None


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
