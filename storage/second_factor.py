"""The second factor of a member: a sealed secret, the newest code that was taken, and recovery codes as hashes."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from domain.sealed import Sealed
from storage import events, secret_tokens

CODES = 10
# 120 random bits each, in letters that nobody mistakes for one another: enough for a plain hash.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Factor:
    """`confirmed` says that it is asked for at signing in; `codes_left` how many recovery codes are unused."""

    secret: Sealed
    confirmed: bool
    codes_left: int


_FIND = text("""
    SELECT secret_sealed, confirmed_at IS NOT NULL AS confirmed, (SELECT count(*) FROM recovery_code c
        WHERE c.tenant_id = f.tenant_id AND c.member_id = f.member_id AND c.used_at IS NULL) AS codes_left
    FROM second_factor f WHERE tenant_id = :tenant AND member_id = :member
""")
_BEGIN = text("""
    INSERT INTO second_factor (tenant_id, member_id, secret_sealed) VALUES (:tenant, :member, :secret)
    ON CONFLICT (tenant_id, member_id) DO UPDATE SET secret_sealed = excluded.secret_sealed, created_at = now()
    WHERE second_factor.confirmed_at IS NULL
""")
_CONFIRM = text("""
    UPDATE second_factor SET confirmed_at = now(), last_step = :step
    WHERE tenant_id = :tenant AND member_id = :member AND confirmed_at IS NULL
""")
_TAKE_STEP = text("""
    UPDATE second_factor SET last_step = :step
    WHERE tenant_id = :tenant AND member_id = :member AND confirmed_at IS NOT NULL AND last_step < :step
""")
_TAKE_CODE = text("""
    UPDATE recovery_code SET used_at = now()
    WHERE tenant_id = :tenant AND member_id = :member AND code_hash = :hash AND used_at IS NULL
""")
_REMOVE = text("DELETE FROM second_factor WHERE tenant_id = :tenant AND member_id = :member")
_FORGET_CODES = text("DELETE FROM recovery_code WHERE tenant_id = :tenant AND member_id = :member")
_NEW_CODE = text("""
    INSERT INTO recovery_code (tenant_id, member_id, code_hash)
    SELECT f.tenant_id, f.member_id, :hash FROM second_factor f WHERE f.tenant_id = :tenant AND f.member_id = :member
""")


def find(db: Connection, tenant: UUID, member: UUID) -> Factor | None:
    row = db.execute(_FIND, {"tenant": tenant, "member": member}).one_or_none()
    return Factor(Sealed(row.secret_sealed), row.confirmed, row.codes_left) if row else None


def begin(db: Connection, tenant: UUID, member: UUID, secret: Sealed) -> bool:
    """Keep a secret that counts once it is confirmed; False where there is one that counts already."""
    return db.execute(_BEGIN, {"tenant": tenant, "member": member, "secret": secret.value}).rowcount == 1


def confirm(db: Connection, tenant: UUID, member: UUID, step: int) -> list[str]:
    """From now on it is asked for; returns the recovery codes, which are shown once. Empty where none was begun."""
    if db.execute(_CONFIRM, {"tenant": tenant, "member": member, "step": step}).rowcount != 1:
        return []
    events.record(db, tenant, actor=str(member), kind="second_factor_on", subject=member)
    return renew_codes(db, tenant, member)


def renew_codes(db: Connection, tenant: UUID, member: UUID) -> list[str]:
    """New recovery codes; those from before work no more. Empty where there is no second factor."""
    db.execute(_FORGET_CODES, {"tenant": tenant, "member": member})
    made = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(6)) for _ in range(CODES)]
    kept = [
        code
        for code in made
        if db.execute(_NEW_CODE, {"tenant": tenant, "member": member, "hash": _hashed(code)}).rowcount == 1
    ]
    if kept:
        events.record(db, tenant, actor=str(member), kind="recovery_codes_made", subject=member)
    return kept


def take_step(db: Connection, tenant: UUID, member: UUID, step: int) -> bool:
    """Take the code of a time step, once: of two who bring it at once, one."""
    return db.execute(_TAKE_STEP, {"tenant": tenant, "member": member, "step": step}).rowcount == 1


def take_code(db: Connection, tenant: UUID, member: UUID, code: str) -> bool:
    """Take a recovery code, once."""
    if db.execute(_TAKE_CODE, {"tenant": tenant, "member": member, "hash": _hashed(code)}).rowcount != 1:
        return False
    events.record(db, tenant, actor=str(member), kind="recovery_code_used", subject=member)
    return True


def remove(db: Connection, tenant: UUID, member: UUID, *, actor: str) -> bool:
    """No second factor is asked for any more; False where there was none."""
    db.execute(_FORGET_CODES, {"tenant": tenant, "member": member})
    if db.execute(_REMOVE, {"tenant": tenant, "member": member}).rowcount != 1:
        return False
    events.record(db, tenant, actor=actor, kind="second_factor_off", subject=member)
    return True


def _hashed(code: str) -> bytes:
    return secret_tokens.hashed("".join(one for one in code.lower() if one in _LETTERS))
