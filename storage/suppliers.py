"""The suppliers of a tenant: read as one directory, kept so that no two claim the same address or domain."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.errors import BadInput
from domain.supplier import Directory, Purpose, Supplier
from storage import events
from storage.codec import dumps

_EVERY = text("""
    SELECT id, name, language, domains, addresses, contacts FROM supplier
    WHERE tenant_id = :tenant AND removed_at IS NULL ORDER BY lower(name), id
""")

_ONE = text("""
    SELECT id, name, language, domains, addresses, contacts, removed_at IS NOT NULL AS is_removed FROM supplier
    WHERE tenant_id = :tenant AND id = :supplier
""")

# One at a time for a tenant: two who enter the same address at once would both find it free.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('supplier ' || CAST(:tenant AS text), 0))")

_CLAIMED = text("""
    SELECT s.name, claimed.what FROM supplier s, LATERAL (
        SELECT unnest(s.domains) AS what UNION ALL SELECT unnest(s.addresses)
        UNION ALL SELECT value FROM jsonb_each_text(s.contacts)) claimed
    WHERE s.tenant_id = :tenant AND s.removed_at IS NULL AND s.id <> :id AND claimed.what = ANY(:claims) LIMIT 1
""")

_SAME_NAME = text("""
    SELECT id FROM supplier WHERE tenant_id = :tenant AND removed_at IS NULL AND lower(name) = lower(:name)
""")

_SAVE = text("""
    INSERT INTO supplier (tenant_id, id, name, language, domains, addresses, contacts)
    VALUES (:tenant, :id, :name, :language, :domains, :addresses, CAST(:contacts AS jsonb))
    ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, language = excluded.language,
        domains = excluded.domains, addresses = excluded.addresses, contacts = excluded.contacts
    WHERE supplier.removed_at IS NULL
""")

_REMOVE = text("""
    UPDATE supplier SET removed_at = now() WHERE tenant_id = :tenant AND id = :id AND removed_at IS NULL
""")


def directory(db: Connection, tenant: UUID) -> Directory:
    """All of them, by name. A tenant has hundreds at most."""
    return Directory(tuple(_supplier(row) for row in db.execute(_EVERY, {"tenant": tenant})))


def one(db: Connection, tenant: UUID, supplier: UUID) -> tuple[Supplier, bool] | None:
    """A supplier, and whether it was removed from the directory: what was written with it stays, and is looked up."""
    row = db.execute(_ONE, {"tenant": tenant, "supplier": supplier}).one_or_none()
    return (_supplier(row), row.is_removed) if row else None


def save(db: Connection, tenant: UUID, supplier: Supplier, *, actor: str, is_new: bool = False) -> UUID:
    """Add a supplier, or change the one of its id, or, without an id and unless it `is_new`, the one of its name.

    Give it checked.
    Raises BadInput where another one has an address or a domain of it, or its name, and where it was removed.
    """
    db.execute(_ALONE, {"tenant": tenant})
    same: UUID | None = db.execute(_SAME_NAME, {"tenant": tenant, "name": supplier.name}).scalar()
    key = supplier.id or same or uuid4()
    if same not in {None, key} or (is_new and same is not None):
        raise BadInput("name", f"There is a supplier called {supplier.name} already.")
    claims = [*supplier.domains, *supplier.every_address]
    claimed = db.execute(_CLAIMED, {"tenant": tenant, "id": key, "claims": claims}).one_or_none()
    if claimed is not None:
        raise BadInput("contacts", f"{claimed.what} belongs to {claimed.name} already.")
    saved = db.execute(
        _SAVE,
        {
            "tenant": tenant,
            "id": key,
            "name": supplier.name,
            "language": supplier.language,
            "domains": list(supplier.domains),
            "addresses": list(supplier.addresses),
            "contacts": dumps({purpose.value: address for purpose, address in supplier.contacts.items()}),
        },
    )
    if saved.rowcount != 1:
        raise BadInput("name", "This supplier was removed meanwhile.")
    events.record(db, tenant, actor=actor, kind="supplier_saved", subject=key)
    return key


def remove(db: Connection, tenant: UUID, supplier: UUID, *, actor: str) -> bool:
    """Take a supplier out of the directory; what was written with them stays. False where there is none."""
    removed = db.execute(_REMOVE, {"tenant": tenant, "id": supplier}).rowcount == 1
    if removed:
        events.record(db, tenant, actor=actor, kind="supplier_removed", subject=supplier)
    return removed


def _supplier(row: Any) -> Supplier:
    contacts = {Purpose(name): address for name, address in row.contacts.items() if name in set(Purpose)}
    return Supplier(row.name, tuple(row.domains), tuple(row.addresses), contacts, row.language, row.id)
