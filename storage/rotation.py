"""Seal the secrets of a tenant anew, row by row, with the rows locked so that no refresh is overwritten."""

from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, text

from domain.sealed import Sealed


class Resealer(Protocol):
    """What is asked of the vault."""

    def needs_rotation(self, sealed: Sealed) -> bool: ...

    def reseal(self, sealed: Sealed, *, tenant: UUID | str, mailbox: UUID | str, field: str) -> Sealed: ...


_MAILBOXES = text("""
    SELECT id, refresh_sealed, access_sealed FROM mailbox
    WHERE tenant_id = :tenant AND refresh_sealed IS NOT NULL FOR UPDATE
""")
_SAVE = text("""
    UPDATE mailbox SET refresh_sealed = :refresh, access_sealed = :access WHERE tenant_id = :tenant AND id = :id
""")
_REVOCATIONS = text("SELECT mailbox_id AS id, refresh_sealed FROM revocation WHERE tenant_id = :tenant FOR UPDATE")
_SAVE_REVOCATION = text("""
    UPDATE revocation SET refresh_sealed = :refresh WHERE tenant_id = :tenant AND mailbox_id = :id
""")
_WEBHOOK = text("SELECT secret_sealed FROM shop_webhook WHERE tenant_id = :tenant FOR UPDATE")
_SAVE_WEBHOOK = text("UPDATE shop_webhook SET secret_sealed = :secret WHERE tenant_id = :tenant")
_TICKETING = text("SELECT secret_sealed FROM ticketing WHERE tenant_id = :tenant FOR UPDATE")
_SAVE_TICKETING = text("UPDATE ticketing SET secret_sealed = :secret WHERE tenant_id = :tenant")

_FACTORS = text("SELECT member_id, secret_sealed FROM second_factor WHERE tenant_id = :tenant FOR UPDATE")
_SAVE_FACTOR = text("""
    UPDATE second_factor SET secret_sealed = :secret WHERE tenant_id = :tenant AND member_id = :member
""")


def reseal(db: Connection, tenant: UUID, vault: Resealer) -> int:
    """Every secret that is not sealed under the newest key; returns how many mailboxes that concerned."""

    def fresh(value: bytes, mailbox: UUID | str, field: str) -> bytes:
        sealed = Sealed(value)
        if not vault.needs_rotation(sealed):
            return value
        return vault.reseal(sealed, tenant=tenant, mailbox=mailbox, field=field).value

    changed = 0
    for row in db.execute(_MAILBOXES, {"tenant": tenant}).all():
        refresh = fresh(row.refresh_sealed, row.id, "refresh")
        access = fresh(row.access_sealed, row.id, "access") if row.access_sealed is not None else None
        if (refresh, access) != (row.refresh_sealed, row.access_sealed):
            db.execute(_SAVE, {"tenant": tenant, "id": row.id, "refresh": refresh, "access": access})
            changed += 1
    for row in db.execute(_REVOCATIONS, {"tenant": tenant}).all():
        refresh = fresh(row.refresh_sealed, row.id, "refresh")
        db.execute(_SAVE_REVOCATION, {"tenant": tenant, "id": row.id, "refresh": refresh})
    for row in db.execute(_WEBHOOK, {"tenant": tenant}).all():
        secret = fresh(row.secret_sealed, "", "shop_webhook")
        db.execute(_SAVE_WEBHOOK, {"tenant": tenant, "secret": secret})
    for row in db.execute(_TICKETING, {"tenant": tenant}).all():
        secret = fresh(row.secret_sealed, "", "ticketing")
        db.execute(_SAVE_TICKETING, {"tenant": tenant, "secret": secret})
    for row in db.execute(_FACTORS, {"tenant": tenant}).all():
        secret = fresh(row.secret_sealed, row.member_id, "second_factor")
        db.execute(_SAVE_FACTOR, {"tenant": tenant, "member": row.member_id, "secret": secret})
    return changed
