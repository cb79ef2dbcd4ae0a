"""Where a tenant's shop carries out what was approved, and the sealed secret that signs what we ask of it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from domain.sealed import Sealed
from storage import demonstration, events


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str
    secret: Sealed


_PUT = text("""
    INSERT INTO shop_webhook (tenant_id, url, secret_sealed, set_by) VALUES (:tenant, :url, :secret, :member)
    ON CONFLICT (tenant_id) DO UPDATE SET url = excluded.url, secret_sealed = excluded.secret_sealed,
        set_by = excluded.set_by, set_at = now()
""")

_UNDER_WAY = text("""
    SELECT count(*) FROM order_act
    WHERE tenant_id = :tenant AND state IN ('sending', 'uncertain') AND sent_to NOT IN ('', :url)
""")

_OWNER = text("""
    SELECT id FROM member WHERE tenant_id = :tenant AND (:email = '' AND role = 'owner' OR email = lower(:email))
    ORDER BY created_at, id LIMIT 1
""")


def find(db: Connection, tenant: UUID) -> Webhook | None:
    """None where nothing outside is asked: the ledger is all there is."""
    values = {"tenant": tenant}
    row = db.execute(
        text("SELECT url, secret_sealed FROM shop_webhook WHERE tenant_id = :tenant"), values
    ).one_or_none()
    return Webhook(row.url, Sealed(row.secret_sealed)) if row else None


def put(db: Connection, tenant: UUID, webhook: Webhook, *, member: UUID) -> None:
    """Raises BadInput where the workspace holds demonstration data: no shop may be asked for what was made up."""
    demonstration.refuse(db, tenant)
    values = {"tenant": tenant, "url": webhook.url, "secret": webhook.secret.value, "member": member}
    db.execute(_PUT, values)
    events.record(db, tenant, actor=str(member), kind="shop_webhook_set")


def clear(db: Connection, tenant: UUID, *, member: UUID) -> bool:
    """From now on the ledger is all there is; False where it was before."""
    gone = db.execute(text("DELETE FROM shop_webhook WHERE tenant_id = :tenant"), {"tenant": tenant}).rowcount == 1
    if gone:
        events.record(db, tenant, actor=str(member), kind="shop_webhook_cleared")
    return gone


def under_way(db: Connection, tenant: UUID, *, besides: str = "") -> int:
    """How many acts were sent to another address than `besides`, and their outcome is not known yet."""
    found: int = db.execute(_UNDER_WAY, {"tenant": tenant, "url": besides}).scalar_one()
    return found


def who_sets(db: Connection, tenant: UUID, email: str = "") -> UUID | None:
    """The member of this address, or the first owner where none is named."""
    found: UUID | None = db.execute(_OWNER, {"tenant": tenant, "email": email}).scalar()
    return found
