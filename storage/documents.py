"""The tenant's knowledge-base documents: the exact source of every version, for a citation to be checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """`source` is the whole file as it was given, front matter included; `version` its SHA-256 in hexadecimal."""

    path: str
    version: str
    source: str


def replace_all(db: Connection, tenant: UUID, documents: Iterable[StoredDocument]) -> None:
    """Make these the tenant's current documents. Earlier versions stay readable."""
    db.execute(
        text("UPDATE document SET is_current = false WHERE tenant_id = :tenant AND is_current"), {"tenant": tenant}
    )
    for document in documents:
        db.execute(
            text(
                "INSERT INTO document (tenant_id, id, path, version, source)"
                " VALUES (:tenant, :id, :path, :version, :source)"
                " ON CONFLICT (tenant_id, path, version) DO UPDATE SET is_current = true"
            ),
            {
                "tenant": tenant,
                "id": uuid4(),
                "path": document.path,
                "version": document.version,
                "source": document.source,
            },
        )
    # The version of the whole: what an index in a worker's memory is keyed by.
    db.execute(
        text(
            "UPDATE tenant SET knowledge_version ="
            " (SELECT coalesce(md5(string_agg(path || version, '|' ORDER BY path)), '')"
            " FROM document d WHERE d.tenant_id = :tenant AND d.is_current) WHERE tenant_id = :tenant"
        ),
        {"tenant": tenant},
    )


def current(db: Connection, tenant: UUID) -> list[StoredDocument]:
    rows = db.execute(
        text("SELECT path, version, source FROM document WHERE tenant_id = :tenant AND is_current ORDER BY path"),
        {"tenant": tenant},
    )
    return [StoredDocument(row.path, row.version, row.source) for row in rows]


def of_version(db: Connection, tenant: UUID, path: str, version: str) -> StoredDocument | None:
    row = db.execute(
        text("SELECT source FROM document WHERE tenant_id = :tenant AND path = :path AND version = :version"),
        {"tenant": tenant, "path": path, "version": version},
    ).one_or_none()
    return StoredDocument(path, version, row.source) if row else None
