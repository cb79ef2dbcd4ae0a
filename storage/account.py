"""What a member sees and changes of their own row."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Account:
    """`has_google` says that a Google account signs in as them, `required` that the workspace wants a second factor."""

    has_password: bool
    has_google: bool
    required: bool


_OF = text("""
    SELECT m.password_hash <> '' AS has_password, m.google_sub IS NOT NULL AS has_google, t.second_factor_required
    FROM member m JOIN tenant t ON t.tenant_id = m.tenant_id WHERE m.tenant_id = :tenant AND m.id = :member
""")


def of(db: Connection, tenant: UUID, member: UUID) -> Account | None:
    row = db.execute(_OF, {"tenant": tenant, "member": member}).one_or_none()
    return Account(*row) if row else None


def password_hash(db: Connection, tenant: UUID, member: UUID) -> str:
    """Empty for who has none, and for a member that is not here."""
    question = text("SELECT password_hash FROM member WHERE tenant_id = :tenant AND id = :member")
    return db.execute(question, {"tenant": tenant, "member": member}).scalar() or ""


def rename(db: Connection, tenant: UUID, member: UUID, name: str) -> None:
    statement = text("UPDATE member SET name = :name WHERE tenant_id = :tenant AND id = :member")
    db.execute(statement, {"tenant": tenant, "member": member, "name": name})
