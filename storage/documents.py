"""The tenant's knowledge-base documents in every version, with the text that citations point into."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from storage import indexing
from storage.codec import dumps


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """`source` is the file as it was given, front matter included; `version` its SHA-256 in hexadecimal.

    What is no text (`kind` html or pdf) stands in `original`, and `source` is empty. `body` is what citations point
    into, None where nobody has read the document yet: then a worker does. `maker` is member, import or upload.
    """

    path: str
    version: str
    source: str
    kind: str = "text"
    original: bytes | None = None
    body: str | None = None
    title: str = ""
    language: str = "und"
    visibility: str = "public"
    url: str = ""
    questions: tuple[str, ...] = ()
    maker: str = "import"
    member: UUID | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version in a document's history; the newest `current_since` was current last."""

    version: str
    title: str
    is_current: bool
    maker: str
    member_name: str
    created_at: datetime
    current_since: datetime


# What stands under a path and a version never changes: what was quoted from it can be checked for ever.
_PUT = text("""
    INSERT INTO document (tenant_id, id, path, version, source, kind, original, body, title, language, visibility, url,
        questions, maker, member_id)
    VALUES (:tenant, :id, :path, :version, :source, :kind, :original, :body, :title, :language, :visibility, :url,
        CAST(:questions AS jsonb), :maker, :member_id)
    ON CONFLICT (tenant_id, path, version) DO UPDATE SET is_current = true, current_since = clock_timestamp()
""")

_END = text("UPDATE document SET is_current = false WHERE tenant_id = :tenant AND path = ANY(:paths) AND is_current")


def put(db: Connection, tenant: UUID, document: StoredDocument) -> bool:
    """Make this the current version of its path; False where it is that already, and then nothing changes.

    A version that could not be indexed is tried again.
    """
    return put_all(db, tenant, [document]) > 0


def put_all(db: Connection, tenant: UUID, documents: Sequence[StoredDocument]) -> int:
    """The same for several, one for each path; returns how many were new, changed, or are tried again."""
    return _put_all(db, tenant, documents, ())


def replace_all(db: Connection, tenant: UUID, documents: Sequence[StoredDocument]) -> int:
    """Make these the tenant's current documents and end all others; returns how many were touched.

    Earlier versions stay readable.
    """
    indexing.hold(db, tenant)
    ended = set(_current_versions(db, tenant)) - {document.path for document in documents}
    return _put_all(db, tenant, documents, sorted(ended))


def remove(db: Connection, tenant: UUID, path: str) -> bool:
    """End a document: it is searched no more from now on, and its versions stay readable. False where there is none."""
    indexing.hold(db, tenant)
    return path in _current_versions(db, tenant) and _put_all(db, tenant, (), (path,)) > 0


def remove_all(db: Connection, tenant: UUID, paths: Sequence[str]) -> int:
    """The same for several; returns how many there were."""
    indexing.hold(db, tenant)
    ended = sorted(set(paths) & set(_current_versions(db, tenant)))
    return _put_all(db, tenant, (), ended)


def current(db: Connection, tenant: UUID) -> list[StoredDocument]:
    rows = db.execute(
        text("SELECT * FROM document WHERE tenant_id = :tenant AND is_current ORDER BY path"),
        {"tenant": tenant},
    )
    return [document_of_row(row) for row in rows]


def of_path(db: Connection, tenant: UUID, path: str) -> StoredDocument | None:
    """The current version of a path."""
    row = db.execute(
        text("SELECT * FROM document WHERE tenant_id = :tenant AND path = :path AND is_current"),
        {"tenant": tenant, "path": path},
    ).one_or_none()
    return document_of_row(row) if row else None


def of_version(db: Connection, tenant: UUID, path: str, version: str) -> StoredDocument | None:
    row = db.execute(
        text("SELECT * FROM document WHERE tenant_id = :tenant AND path = :path AND version = :version"),
        {"tenant": tenant, "path": path, "version": version},
    ).one_or_none()
    return document_of_row(row) if row else None


def body_of(db: Connection, tenant: UUID, path: str, version: str) -> str | None:
    """The text that a citation of this version points into; None where there is no such version."""
    return db.execute(
        text("SELECT body FROM document WHERE tenant_id = :tenant AND path = :path AND version = :version"),
        {"tenant": tenant, "path": path, "version": version},
    ).scalar_one_or_none()


def versions(db: Connection, tenant: UUID, path: str) -> list[Version]:
    """Every version that a path ever had, the newest first."""
    rows = db.execute(
        text("""
            SELECT d.version, d.title, d.is_current, d.maker, coalesce(m.name, '') AS member_name, d.created_at,
                d.current_since
            FROM document d LEFT JOIN member m ON m.tenant_id = d.tenant_id AND m.id = d.member_id
            WHERE d.tenant_id = :tenant AND d.path = :path ORDER BY d.is_current DESC, d.current_since DESC, d.version
        """),
        {"tenant": tenant, "path": path},
    )
    return [Version(*row) for row in rows]


def _current_versions(db: Connection, tenant: UUID) -> dict[str, str]:
    rows = db.execute(
        text("SELECT path, version FROM document WHERE tenant_id = :tenant AND is_current"), {"tenant": tenant}
    )
    return {row.path: row.version for row in rows}


def _put_all(db: Connection, tenant: UUID, documents: Sequence[StoredDocument], ended: Sequence[str]) -> int:
    indexing.hold(db, tenant)
    known = _current_versions(db, tenant)
    new = [document for document in documents if known.get(document.path) != document.version]
    again = indexing.try_again(db, tenant, [document.path for document in documents])
    leaving = [*ended, *(document.path for document in new if document.path in known)]
    if leaving:
        db.execute(_END, {"tenant": tenant, "paths": leaving})
    if new:
        db.execute(_PUT, [{"tenant": tenant, "id": uuid4(), **_row(document)} for document in new])
    # What customers may no longer read leaves what is searched in this transaction; everything else when it is indexed.
    hidden = [*ended, *(document.path for document in new if document.visibility == "internal")]
    if hidden:
        indexing.withdraw(db, tenant, hidden)
    touched = len(ended) + len(new) + again
    if touched:
        indexing.documents_changed(db, tenant)
    return touched


def _row(document: StoredDocument) -> dict[str, Any]:
    return {
        "path": document.path, "version": document.version, "source": document.source, "kind": document.kind,
        "original": document.original, "body": document.body, "title": document.title, "language": document.language,
        "visibility": document.visibility, "url": document.url, "questions": dumps(document.questions),
        "maker": document.maker, "member_id": document.member,
    }  # fmt: skip


def document_of_row(row: Any) -> StoredDocument:
    """From a row of the table, or one with columns of the same names."""
    original = bytes(row.original) if row.original is not None else None
    return StoredDocument(
        row.path, row.version, row.source, row.kind, original, row.body, row.title, row.language, row.visibility,
        row.url, tuple(row.questions), row.maker, row.member_id,
    )  # fmt: skip
