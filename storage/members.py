"""Members: the people of a tenant, and the sessions of their browsers."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.errors import BadInput

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Member:
    tenant: UUID
    id: UUID
    email: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who may be signing in, before the password was checked."""

    tenant: UUID
    member: UUID
    password_hash: str


def add(db: Connection, tenant: UUID, *, email: str, name: str, password_hash: str, role: str) -> UUID:
    member = uuid4()
    db.execute(
        text(
            "INSERT INTO member (tenant_id, id, email, name, password_hash, role)"
            " VALUES (:tenant, :id, :email, :name, :hash, :role)"
        ),
        {"tenant": tenant, "id": member, "email": email.lower(), "name": name, "hash": password_hash, "role": role},
    )
    return member


def join(db: Connection, tenant: UUID, *, email: str, name: str, password_hash: str, role: str) -> UUID:
    """The same for one more. Raises BadInput, and nothing may be kept of the transaction, where they are in already."""
    known = db.execute(
        text("SELECT EXISTS (SELECT FROM member WHERE tenant_id = :tenant AND email = :email)"),
        {"tenant": tenant, "email": email.lower()},
    ).scalar_one()
    if known:
        raise BadInput("email", f"{email.lower()} is a member of this workspace already.")
    return add(db, tenant, email=email, name=name, password_hash=password_hash, role=role)


def candidates(db: Connection, email: str) -> list[Candidate]:
    """Everyone of this address, in any tenant; asked before a tenant is known."""
    rows = db.execute(text("SELECT * FROM members_for_sign_in(:email)"), {"email": email})
    return [Candidate(row.tenant_id, row.member_id, row.password_hash) for row in rows]


def set_password_hash(db: Connection, tenant: UUID, member: UUID, password_hash: str) -> None:
    db.execute(
        text("UPDATE member SET password_hash = :hash WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant, "id": member, "hash": password_hash},
    )


def open_session(db: Connection, tenant: UUID, member: UUID) -> str:
    """A new browser session; returns its secret token (256 bits), of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    db.execute(
        text("INSERT INTO web_session (tenant_id, id, member_id, token_hash) VALUES (:tenant, :id, :member, :hash)"),
        {"tenant": tenant, "id": uuid4(), "member": member, "hash": _hash(token)},
    )
    return token


def of_session(db: Connection, tenant: UUID, token: str) -> Member | None:
    """The member whose live session this token opens, or None."""
    row = db.execute(
        text(
            "UPDATE web_session s SET seen_at = now() FROM member m"
            " WHERE s.tenant_id = :tenant AND s.token_hash = :hash AND s.revoked_at IS NULL"
            " AND s.seen_at > now() - :idle AND s.created_at > now() - :absolute"
            " AND m.tenant_id = s.tenant_id AND m.id = s.member_id RETURNING m.id, m.email, m.name, m.role"
        ),
        {"tenant": tenant, "hash": _hash(token), "idle": IDLE, "absolute": ABSOLUTE},
    ).one_or_none()
    return Member(tenant, row.id, row.email, row.name, row.role) if row else None


def names(db: Connection, tenant: UUID) -> dict[str, str]:
    """What each member is called, or their address, by their id as text: so the records of who did what name them."""
    rows = db.execute(
        text("SELECT id, coalesce(nullif(name, ''), email) AS called FROM member WHERE tenant_id = :tenant"),
        {"tenant": tenant},
    )
    return {str(row.id): row.called for row in rows}


def end_session(db: Connection, tenant: UUID, token: str) -> None:
    db.execute(
        text("UPDATE web_session SET revoked_at = now() WHERE tenant_id = :tenant AND token_hash = :hash"),
        {"tenant": tenant, "hash": _hash(token)},
    )


def count_attempt(db: Connection, key: str, limit: int) -> bool:
    """Count one attempt to sign in under `key` this hour; False when there were more than `limit`."""
    db.execute(text("DELETE FROM sign_in_attempt WHERE hour < now() - interval '1 day'"))
    n: int = db.execute(
        text(
            "INSERT INTO sign_in_attempt (key, hour, n) VALUES (:key, date_trunc('hour', now()), 1)"
            " ON CONFLICT (key, hour) DO UPDATE SET n = sign_in_attempt.n + 1 RETURNING n"
        ),
        {"key": _hash(key)},
    ).scalar_one()
    return n <= limit


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
