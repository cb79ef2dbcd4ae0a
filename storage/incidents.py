"""A workspace's status page, when it is read again, and the incidents that it told of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.incident import Incident

# How long what is over stays here.
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class StatusPage:
    """What one worker has claimed. `page_updated_at` is the page's own word for the copy that was read last."""

    tenant: UUID
    url: str
    etag: str
    page_updated_at: datetime | None
    attempts: int
    fence: int


_WATCH = text("""
    INSERT INTO status_page (tenant_id, url) VALUES (:tenant, :url)
    ON CONFLICT (tenant_id) DO UPDATE SET url = excluded.url, etag = '', page_updated_at = NULL, fetched_at = NULL,
        attempts = 0, next_at = now(), lease_until = NULL, fence = status_page.fence + 1, last_error = ''
    WHERE status_page.url <> excluded.url
""")

_CLAIM = text("""
    UPDATE status_page SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    WHERE tenant_id = (SELECT tenant_id FROM status_page WHERE tenant_id = :tenant AND next_at <= now()
            AND (lease_until IS NULL OR lease_until < now()) FOR UPDATE SKIP LOCKED)
    RETURNING url, etag, page_updated_at, attempts, fence
""")

_READ = text("""
    UPDATE status_page SET etag = :etag, page_updated_at = :page_updated_at, fetched_at = :now, attempts = 0,
        next_at = now() + :again, lease_until = NULL, last_error = ''
    WHERE tenant_id = :tenant AND fence = :fence
""")

_SAVE = text("""
    INSERT INTO incident (tenant_id, external_id, name, status, impact, components, text, link, began_at, updated_at,
        fetched_at)
    VALUES (:tenant, :external_id, :name, :status, :impact, :components, :text, :link, :began_at, :updated_at, :now)
    ON CONFLICT (tenant_id, external_id) DO UPDATE SET name = excluded.name, status = excluded.status,
        impact = excluded.impact, components = excluded.components, text = excluded.text, link = excluded.link,
        began_at = excluded.began_at, updated_at = excluded.updated_at, fetched_at = excluded.fetched_at,
        resolved_at = NULL
""")


def watch(db: Connection, tenant: UUID, url: str) -> None:
    """Read this status page from now on. Another address forgets what the one before it said; "" watches none."""
    db.execute(text("DELETE FROM status_page WHERE tenant_id = :tenant AND :url = ''"), {"tenant": tenant, "url": url})
    if url and db.execute(_WATCH, {"tenant": tenant, "url": url}).rowcount:
        db.execute(text("DELETE FROM incident WHERE tenant_id = :tenant"), {"tenant": tenant})


def page_url(db: Connection, tenant: UUID) -> str:
    """The page that is watched, or an empty string."""
    found: str | None = db.execute(
        text("SELECT url FROM status_page WHERE tenant_id = :tenant"), {"tenant": tenant}
    ).scalar()
    return found or ""


def claim(db: Connection, tenant: UUID, lease: timedelta) -> StatusPage | None:
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).one_or_none()
    return StatusPage(tenant, *row) if row else None


def read(
    db: Connection,
    page: StatusPage,
    found: Sequence[Incident],
    *,
    etag: str,
    page_updated_at: datetime | None,
    now: datetime,
    again: timedelta,
) -> bool:
    """Keep what the page says now: what it names no more is resolved. False, and nothing kept, without the lease."""
    values = {"etag": etag, "page_updated_at": page_updated_at, "now": now, "again": again}
    if not _settled(db, page, values):
        return False
    for one in found:
        db.execute(
            _SAVE,
            {
                "tenant": page.tenant, "external_id": one.external_id, "name": one.name, "status": one.status,
                "impact": one.impact, "components": list(one.components), "text": one.text, "link": one.link,
                "began_at": one.began_at, "updated_at": one.updated_at, "now": now,
            },
        )  # fmt: skip
    db.execute(
        text("""
            UPDATE incident SET resolved_at = :now
            WHERE tenant_id = :tenant AND resolved_at IS NULL AND external_id <> ALL(:ids)
        """),
        {"tenant": page.tenant, "now": now, "ids": [one.external_id for one in found]},
    )
    # A decision keeps its own copy of what it was told.
    db.execute(
        text("DELETE FROM incident WHERE tenant_id = :tenant AND resolved_at < CAST(:now AS timestamptz) - :kept"),
        {"tenant": page.tenant, "now": now, "kept": KEPT},
    )
    return True


def unchanged(db: Connection, page: StatusPage, *, now: datetime, again: timedelta) -> bool:
    """The page says the same as before: what is open still is. False when the lease was lost."""
    values = {"etag": page.etag, "page_updated_at": page.page_updated_at, "now": now, "again": again}
    if not _settled(db, page, values):
        return False
    db.execute(
        text("UPDATE incident SET fetched_at = :now WHERE tenant_id = :tenant AND resolved_at IS NULL"),
        {"tenant": page.tenant, "now": now},
    )
    return True


def retry(db: Connection, page: StatusPage, *, after: timedelta, error: str) -> None:
    db.execute(
        text("""
            UPDATE status_page SET lease_until = NULL, next_at = now() + :after, last_error = :error
            WHERE tenant_id = :tenant AND fence = :fence
        """),
        {"tenant": page.tenant, "fence": page.fence, "after": after, "error": error[:500]},
    )


def open_now(db: Connection, tenant: UUID) -> list[Incident]:
    """What the page called open when it was read last, the newest first; `fetched_at` says how long ago that was."""
    rows = db.execute(
        text("""
            SELECT external_id, name, status, impact, components, text, began_at, updated_at, link, fetched_at
            FROM incident WHERE tenant_id = :tenant AND resolved_at IS NULL ORDER BY began_at DESC, external_id LIMIT 50
        """),
        {"tenant": tenant},
    )
    return [
        Incident(
            row.external_id, row.name, row.status, row.impact, tuple(row.components), row.text, row.began_at,
            row.updated_at, row.link, row.fetched_at,
        )
        for row in rows
    ]  # fmt: skip


def _settled(db: Connection, page: StatusPage, values: Mapping[str, object]) -> bool:
    return db.execute(_READ, {**values, "tenant": page.tenant, "fence": page.fence}).rowcount == 1
