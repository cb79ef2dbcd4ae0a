"""Where a tenant's ticketing system stands, with the sealed password, and what of the mail goes onto tickets there."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from domain.bridging import BridgeRules, Mode
from domain.sealed import Sealed
from storage import demonstration, events


@dataclass(frozen=True, slots=True)
class Connected:
    base_url: str
    username: str
    secret: Sealed
    path_prefix: str
    zone: str


_FIND = text("SELECT base_url, username, secret_sealed, path_prefix, zone FROM ticketing WHERE tenant_id = :tenant")

# Who connects anew keeps how the bridge is used.
_PUT = text("""
    INSERT INTO ticketing (tenant_id, base_url, username, secret_sealed, path_prefix, zone, mode, shadow)
    VALUES (:tenant, :base_url, :username, :secret, :prefix, :zone, :mode, :shadow)
    ON CONFLICT (tenant_id) DO UPDATE SET base_url = excluded.base_url, username = excluded.username,
        secret_sealed = excluded.secret_sealed, path_prefix = excluded.path_prefix, zone = excluded.zone,
        connected_at = now(), last_error = ''
""")

_SET = text("UPDATE ticketing SET mode = :mode, shadow = :shadow WHERE tenant_id = :tenant")


def find(db: Connection, tenant: UUID) -> Connected | None:
    """None for a tenant without a ticketing system: the desk is all there is."""
    row = db.execute(_FIND, {"tenant": tenant}).one_or_none()
    if row is None:
        return None
    return Connected(row.base_url, row.username, Sealed(row.secret_sealed), row.path_prefix, row.zone)


def rules(db: Connection, tenant: UUID) -> BridgeRules | None:
    row = db.execute(text("SELECT mode, shadow FROM ticketing WHERE tenant_id = :tenant"), {"tenant": tenant})
    found = row.one_or_none()
    return BridgeRules(Mode(found.mode), found.shadow) if found else None


def put(db: Connection, tenant: UUID, connected: Connected, rules: BridgeRules, *, actor: str) -> None:
    """`rules` are for a tenant that was not connected before; others keep theirs.

    Raises BadInput where the workspace holds demonstration data, which belongs onto nobody's tickets.
    """
    demonstration.refuse(db, tenant)
    values = {
        "tenant": tenant, "base_url": connected.base_url, "username": connected.username,
        "secret": connected.secret.value, "prefix": connected.path_prefix, "zone": connected.zone,
        "mode": rules.mode.value, "shadow": rules.shadow,
    }  # fmt: skip
    db.execute(_PUT, values)
    events.record(db, tenant, actor=actor, kind="ticketing_connected")


def set_rules(db: Connection, tenant: UUID, rules: BridgeRules, *, actor: str) -> bool:
    """False where no system is connected. What was decided before keeps its notes; replies go by the mode of now."""
    values = {"tenant": tenant, "mode": rules.mode.value, "shadow": rules.shadow}
    if db.execute(_SET, values).rowcount != 1:
        return False
    events.record(db, tenant, actor=actor, kind="ticketing_mode", mode=rules.mode.value, shadow=rules.shadow)
    return True


def clear(db: Connection, tenant: UUID, *, actor: str) -> bool:
    """Forget the connection and its password; False where there was none."""
    gone = db.execute(text("DELETE FROM ticketing WHERE tenant_id = :tenant"), {"tenant": tenant}).rowcount == 1
    if gone:
        events.record(db, tenant, actor=actor, kind="ticketing_disconnected")
    return gone


def trouble(db: Connection, tenant: UUID, error: str) -> None:
    """What the system said last that concerns all tickets, empty where all is well again."""
    said = text("UPDATE ticketing SET last_error = :error WHERE tenant_id = :tenant AND last_error <> :error")
    db.execute(said, {"tenant": tenant, "error": error[:500]})


def last_error(db: Connection, tenant: UUID) -> str:
    found = db.execute(text("SELECT last_error FROM ticketing WHERE tenant_id = :tenant"), {"tenant": tenant}).scalar()
    return found or ""
