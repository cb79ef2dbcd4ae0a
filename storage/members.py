"""Members: the people of a tenant, and the sessions of their browsers."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Connection, text

from domain.errors import BadInput
from storage import events, secret_tokens

log = structlog.get_logger()

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)
# For so long after signing in one may change how one signs in.
LATELY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Member:
    """`lacks_second_factor` says that the workspace wants one and they have none yet: until then they see nothing."""

    tenant: UUID
    id: UUID
    email: str
    name: str
    role: str
    session: UUID
    lacks_second_factor: bool = False
    signed_in_lately: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who may be signing in, before the password was checked."""

    tenant: UUID
    member: UUID
    password_hash: str


def add(
    db: Connection,
    tenant: UUID,
    *,
    email: str,
    name: str,
    password_hash: str,
    role: str,
    verified: bool = True,
) -> UUID:
    """`verified` says that the address is known to be theirs: the owner of this machine says so of whom they add."""
    member = uuid4()
    db.execute(
        text(
            "INSERT INTO member (tenant_id, id, email, name, password_hash, role, verified_at)"
            " VALUES (:tenant, :id, :email, :name, :hash, :role, CASE WHEN :verified THEN now() END)"
        ),
        {"tenant": tenant, "id": member, "email": email.lower(), "name": name, "hash": password_hash, "role": role}
        | {"verified": verified},
    )
    return member


def join(db: Connection, tenant: UUID, *, email: str, name: str, password_hash: str, role: str) -> UUID:
    """The same for one more. Raises BadInput, and nothing may be kept of the transaction, where they are in already."""
    if exists(db, tenant, email):
        raise BadInput("email", f"{email.lower()} is a member of this workspace already.")
    return add(db, tenant, email=email, name=name, password_hash=password_hash, role=role)


def exists(db: Connection, tenant: UUID, email: str) -> bool:
    """Whether somebody of this address is a member, or was one."""
    question = text("SELECT EXISTS (SELECT FROM member WHERE tenant_id = :tenant AND email = :email)")
    return bool(db.execute(question, {"tenant": tenant, "email": email.lower()}).scalar())


def candidates(db: Connection, email: str) -> list[Candidate]:
    """Who has this address, in any tenant; asked before a tenant is known.

    At most twenty, since a password is hashed for each: first whose address is proven, then who was there first and who
    came last by turns.
    """
    rows = db.execute(text("SELECT * FROM members_for_sign_in(:email)"), {"email": email})
    return [Candidate(row.tenant_id, row.member_id, row.password_hash) for row in rows]


def is_proven(db: Connection, tenant: UUID, member: UUID) -> bool:
    """Whether somebody has shown that this member's address is theirs."""
    question = text("SELECT verified_at IS NOT NULL FROM member WHERE tenant_id = :tenant AND id = :id")
    return bool(db.execute(question, {"tenant": tenant, "id": member}).scalar())


def of_google(db: Connection, google_sub: str, email: str) -> list[tuple[UUID, UUID]]:
    """Tenant and member of everyone whom this Google account signs in as; asked before a tenant is known.

    Those who linked it come first; then those of its address who have linked none, where we know the address is theirs.
    """
    rows = db.execute(text("SELECT * FROM members_for_google(:sub, :email)"), {"sub": google_sub, "email": email})
    return [(row.tenant_id, row.member_id) for row in rows]


def set_password_hash(db: Connection, tenant: UUID, member: UUID, password_hash: str) -> None:
    db.execute(
        text("UPDATE member SET password_hash = :hash WHERE tenant_id = :tenant AND id = :id"),
        {"tenant": tenant, "id": member, "hash": password_hash},
    )


def link_google(db: Connection, tenant: UUID, member: UUID, google_sub: str) -> bool:
    """From now on this Google account signs in as them; False where it does as somebody else of the workspace."""
    linked = db.execute(
        text("""
            UPDATE member m SET google_sub = :sub FROM member o
            WHERE m.tenant_id = :tenant AND m.id = :id AND o.tenant_id = m.tenant_id AND o.id = m.id
                AND NOT EXISTS (SELECT FROM member x
                    WHERE x.tenant_id = :tenant AND x.google_sub = :sub AND x.id <> :id)
            RETURNING o.google_sub IS DISTINCT FROM :sub AS new
        """),
        {"tenant": tenant, "id": member, "sub": google_sub},
    ).one_or_none()
    if linked is None:
        return False
    if linked.new:
        events.record(db, tenant, actor=str(member), kind="google_linked", subject=member)
    return True


def unlink_google(db: Connection, tenant: UUID, member: UUID) -> bool:
    """No Google account signs in as them; False where none did, or where they have no password to sign in with."""
    unlinked = db.execute(
        text("""
            UPDATE member SET google_sub = NULL
            WHERE tenant_id = :tenant AND id = :id AND google_sub IS NOT NULL AND password_hash <> ''
        """),
        {"tenant": tenant, "id": member},
    )
    if unlinked.rowcount != 1:
        return False
    events.record(db, tenant, actor=str(member), kind="google_unlinked", subject=member)
    return True


def open_session(db: Connection, tenant: UUID, member: UUID, *, agent: str = "", network: str = "") -> str:
    """A new browser session; returns its secret token (256 bits), of which only the hash is stored.

    `agent` is what the browser calls itself, `network` where it asks from: so that its member knows it again.
    """
    token = secret_tokens.fresh()
    db.execute(
        text("""
            INSERT INTO web_session (tenant_id, id, member_id, token_hash, agent, network)
            VALUES (:tenant, :id, :member, :hash, :agent, :network)
        """),
        {"tenant": tenant, "id": uuid4(), "member": member, "hash": secret_tokens.hashed(token)}
        | {"agent": agent[:200], "network": network[:60]},
    )
    return token


_OF_SESSION = text("""
    UPDATE web_session s SET seen_at = now()
    FROM member m JOIN tenant t ON t.tenant_id = m.tenant_id
        LEFT JOIN second_factor f ON f.tenant_id = m.tenant_id AND f.member_id = m.id AND f.confirmed_at IS NOT NULL
    WHERE s.tenant_id = :tenant AND s.token_hash = :hash AND s.revoked_at IS NULL
        AND s.seen_at > now() - :idle AND s.created_at > now() - :absolute
        AND m.tenant_id = s.tenant_id AND m.id = s.member_id AND m.deactivated_at IS NULL
    RETURNING m.id, m.email, m.name, m.role, s.id AS session, t.second_factor_required AND f.member_id IS NULL AS lacks,
        s.created_at > now() - :lately AS lately
""")


def of_session(db: Connection, tenant: UUID, token: str) -> Member | None:
    """The member whose live session this token opens, or None."""
    limits = {"idle": IDLE, "absolute": ABSOLUTE, "lately": LATELY}
    row = db.execute(_OF_SESSION, {"tenant": tenant, "hash": secret_tokens.hashed(token), **limits}).one_or_none()
    return Member(tenant, row.id, row.email, row.name, row.role, row.session, row.lacks, row.lately) if row else None


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
        {"tenant": tenant, "hash": secret_tokens.hashed(token)},
    )


def count_attempt(db: Connection, key: str, limit: int) -> bool:
    """Count one attempt to sign in under `key` this hour; False when there were more than `limit`."""
    db.execute(text("DELETE FROM sign_in_attempt WHERE hour < now() - interval '1 day'"))
    n: int = db.execute(
        text(
            "INSERT INTO sign_in_attempt (key, hour, n) VALUES (:key, date_trunc('hour', now()), 1)"
            " ON CONFLICT (key, hour) DO UPDATE SET n = sign_in_attempt.n + 1 RETURNING n"
        ),
        {"key": secret_tokens.hashed(key)},
    ).scalar_one()
    if n == limit + 1:  # Told once: whoever goes on does not fill the log.
        # What was tried, and a mark by which two lines are known to be of one and the same: no address, no network.
        what, under = key.partition(" ")[0], secret_tokens.hashed(key).hex()[:8]
        log.warning("too_many_attempts", limit=limit, what=what, under=under)
    return n <= limit
