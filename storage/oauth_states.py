"""What Authlib remembers between the start of a connection and Google's answer: kept here, never in a cookie."""

from uuid import UUID

from sqlalchemy import Connection, text


def put(db: Connection, tenant: UUID, key: str, value: str, seconds: int) -> None:
    db.execute(text("DELETE FROM oauth_state WHERE tenant_id = :tenant AND expires_at < now()"), {"tenant": tenant})
    db.execute(
        text(
            "INSERT INTO oauth_state (tenant_id, key, value, expires_at)"
            " VALUES (:tenant, :key, :value, now() + make_interval(secs => :seconds))"
            " ON CONFLICT (tenant_id, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at"
        ),
        {"tenant": tenant, "key": key, "value": value, "seconds": seconds},
    )


def get(db: Connection, tenant: UUID, key: str) -> str | None:
    return db.execute(
        text("SELECT value FROM oauth_state WHERE tenant_id = :tenant AND key = :key AND expires_at > now()"),
        {"tenant": tenant, "key": key},
    ).scalar()


def delete(db: Connection, tenant: UUID, key: str) -> None:
    db.execute(text("DELETE FROM oauth_state WHERE tenant_id = :tenant AND key = :key"), {"tenant": tenant, "key": key})
