"""The work that indexes a tenant's documents, and the published set that its answers come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Work:
    """What one worker has claimed for its `engine`. `wanted` is what it will have done."""

    tenant: UUID
    engine: str
    wanted: int
    attempts: int
    fence: int


@dataclass(frozen=True, slots=True)
class Published:
    """A set that answers come from; it is `stale` where the documents have changed since."""

    version: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the indexing is, in passages, and what is searched meanwhile (`published_at` None: nothing yet)."""

    waiting: bool
    total: int
    embedded: int
    last_error: str
    published_at: datetime | None
    documents: int
    passages: int


_CLAIM = text("""
    UPDATE knowledge SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1, engine = :engine
    WHERE tenant_id = (SELECT tenant_id FROM knowledge WHERE tenant_id = :tenant AND wanted > done AND next_at <= now()
            AND (lease_until IS NULL OR lease_until < now()) FOR UPDATE SKIP LOCKED)
    RETURNING wanted, attempts, fence
""")

_PROGRESSED = text("""
    UPDATE knowledge k SET attempts = 0, last_error = '', (total, embedded) = (
        SELECT coalesce(sum(i.passages), 0), coalesce(sum(i.embedded), 0)
        FROM document_index i JOIN document d ON d.tenant_id = i.tenant_id AND d.id = i.document_id
        WHERE i.tenant_id = :tenant AND i.engine = :engine AND d.is_current AND i.problem = '')
    WHERE k.tenant_id = :tenant AND k.fence = :fence
""")

# Named by what it holds: what stands under an id never changes.
_RECOUNT = text("""
    UPDATE knowledge_set s SET (version, documents, passages) = (
        SELECT md5(coalesce(string_agg(p.document_id::text, '|' ORDER BY p.document_id), '')), count(*),
            coalesce(sum(i.passages), 0)
        FROM published_document p JOIN document_index i USING (tenant_id, document_id, engine)
        WHERE p.tenant_id = :tenant AND p.engine = s.engine)
    WHERE s.tenant_id = :tenant AND (s.engine = :engine OR :engine = '')
""")

_PUBLISH = text("""
    INSERT INTO published_document (tenant_id, engine, document_id)
    SELECT i.tenant_id, i.engine, i.document_id
    FROM document_index i JOIN document d ON d.tenant_id = i.tenant_id AND d.id = i.document_id
    WHERE i.tenant_id = :tenant AND i.engine = :engine AND i.ready_at IS NOT NULL AND d.is_current
""")


_INDEX_KEPT = text("""
    UPDATE knowledge SET not_kept = CAST(:reason AS text),
        not_kept_at = CASE WHEN CAST(:reason AS text) <> '' THEN coalesce(not_kept_at, now()) END
    WHERE tenant_id = :tenant AND not_kept <> CAST(:reason AS text)
""")


def index_kept(db: Connection, tenant: UUID, reason: str) -> None:
    """Note why what the documents are searched with is not on a worker's disk; an empty reason says that it is."""
    db.execute(_INDEX_KEPT, {"tenant": tenant, "reason": reason[:500]})


def hold(db: Connection, tenant: UUID) -> None:
    """Let nobody else change or publish documents until the transaction ends. First, before any other row is locked."""
    db.execute(
        text("""
            INSERT INTO knowledge (tenant_id, wanted) VALUES (:tenant, 0)
            ON CONFLICT (tenant_id) DO UPDATE SET wanted = knowledge.wanted
        """),
        {"tenant": tenant},
    )


def documents_changed(db: Connection, tenant: UUID) -> None:
    """Name the documents anew, and ask for them to be indexed. Last in a transaction that changes documents."""
    db.execute(
        text("""
            UPDATE tenant SET knowledge_version =
                (SELECT coalesce(md5(string_agg(path || version, '|' ORDER BY path)), '')
                 FROM document d WHERE d.tenant_id = :tenant AND d.is_current)
            WHERE tenant_id = :tenant
        """),
        {"tenant": tenant},
    )
    db.execute(
        text("""
            INSERT INTO knowledge (tenant_id) VALUES (:tenant)
            ON CONFLICT (tenant_id)
            DO UPDATE SET wanted = knowledge.wanted + 1, next_at = least(knowledge.next_at, now())
        """),
        {"tenant": tenant},
    )


def ask(db: Connection, tenant: UUID) -> None:
    """Ask for the documents to be indexed where nobody has asked yet: for an engine that has no set, or an old one."""
    db.execute(
        text("""
            INSERT INTO knowledge (tenant_id) VALUES (:tenant)
            ON CONFLICT (tenant_id) DO UPDATE SET wanted = knowledge.wanted + 1 WHERE knowledge.wanted <= knowledge.done
        """),
        {"tenant": tenant},
    )


def try_again(db: Connection, tenant: UUID, paths: Sequence[str]) -> int:
    """Forget why the current versions of these could not be indexed; returns how many that were."""
    return db.execute(
        text("""
            DELETE FROM document_index i USING document d
            WHERE i.tenant_id = :tenant AND i.problem <> '' AND d.tenant_id = i.tenant_id AND d.id = i.document_id
                AND d.is_current AND d.path = ANY(:paths)
        """),
        {"tenant": tenant, "paths": list(paths)},
    ).rowcount


def withdraw(db: Connection, tenant: UUID, paths: Sequence[str]) -> None:
    """Take these out of every published set now: customers may no longer read them."""
    db.execute(text("SELECT FROM knowledge_set WHERE tenant_id = :tenant FOR UPDATE"), {"tenant": tenant})
    gone = db.execute(
        text("""
            DELETE FROM published_document p USING document d
            WHERE p.tenant_id = :tenant AND d.tenant_id = p.tenant_id AND d.id = p.document_id AND d.path = ANY(:paths)
        """),
        {"tenant": tenant, "paths": list(paths)},
    )
    if gone.rowcount:
        db.execute(_RECOUNT, {"tenant": tenant, "engine": ""})


def claim(db: Connection, tenant: UUID, engine: str, lease: timedelta) -> Work | None:
    row = db.execute(_CLAIM, {"tenant": tenant, "engine": engine, "lease": lease}).one_or_none()
    return Work(tenant, engine, row.wanted, row.attempts, row.fence) if row else None


def still_ours(db: Connection, work: Work) -> bool:
    """Whether the claim still holds; if so, it does until the transaction ends. First in whatever writes for it."""
    found = db.execute(
        text("SELECT 1 FROM knowledge WHERE tenant_id = :tenant AND fence = :fence FOR UPDATE"),
        {"tenant": work.tenant, "fence": work.fence},
    )
    return found.scalar() is not None


def progressed(db: Connection, work: Work) -> None:
    """Count what stands by now."""
    db.execute(_PROGRESSED, {"tenant": work.tenant, "engine": work.engine, "fence": work.fence})


def give_back(db: Connection, work: Work, *, after: timedelta = timedelta(0), error: str = "") -> None:
    """The rest is for whoever comes next, in a while where there was an error."""
    db.execute(
        text("""
            UPDATE knowledge SET lease_until = NULL, next_at = now() + :after, last_error = :error
            WHERE tenant_id = :tenant AND fence = :fence
        """),
        {"tenant": work.tenant, "fence": work.fence, "after": after, "error": error[:500]},
    )


def publish(db: Connection, work: Work) -> bool:
    """Answers come from what is ready now, all at once; False where the documents have changed or the lease is lost.

    The first statement locks the row that every change of documents ends with: what is being changed meanwhile is
    not seen here, and is indexed next.
    """
    values = {"tenant": work.tenant, "engine": work.engine, "fence": work.fence, "wanted": work.wanted}
    settled = text("""
        UPDATE knowledge SET done = wanted, attempts = 0, lease_until = NULL, next_at = now(), last_error = '',
            embedded = total
        WHERE tenant_id = :tenant AND fence = :fence AND wanted = :wanted
    """)
    if db.execute(settled, values).rowcount != 1:
        return False
    db.execute(
        text("""
            INSERT INTO knowledge_set (tenant_id, engine, version, documents_of, documents, passages)
            SELECT tenant_id, :engine, '', knowledge_version, 0, 0 FROM tenant WHERE tenant_id = :tenant
            ON CONFLICT (tenant_id, engine)
            DO UPDATE SET documents_of = excluded.documents_of, published_at = now()
        """),
        values,
    )
    db.execute(text("DELETE FROM published_document WHERE tenant_id = :tenant AND engine = :engine"), values)
    db.execute(_PUBLISH, values)
    db.execute(_RECOUNT, values)
    return True


def published(db: Connection, tenant: UUID, engine: str, *, lock: bool = False) -> Published | None:
    """The set of this engine. With `lock` it stays as it is until the transaction ends, for whoever loads it."""
    query = """
        SELECT s.version, s.documents_of <> t.knowledge_version AS stale
        FROM knowledge_set s JOIN tenant t ON t.tenant_id = s.tenant_id
        WHERE s.tenant_id = :tenant AND s.engine = :engine
    """
    row = db.execute(
        text(query + " FOR SHARE OF s" if lock else query), {"tenant": tenant, "engine": engine}
    ).one_or_none()
    return Published(row.version, row.stale) if row else None


def is_settled(db: Connection, tenant: UUID) -> bool:
    """Whether everything that was asked for has been indexed."""
    waiting = text("SELECT EXISTS (SELECT FROM knowledge WHERE tenant_id = :tenant AND wanted > done)")
    return not db.execute(waiting, {"tenant": tenant}).scalar_one()


def progress(db: Connection, tenant: UUID) -> Progress | None:
    """How far the work is; None where there never was a document."""
    row = db.execute(
        text("""
            SELECT k.wanted > k.done AS waiting, k.total, k.embedded, k.last_error, s.published_at,
                coalesce(s.documents, 0) AS documents, coalesce(s.passages, 0) AS passages
            FROM knowledge k LEFT JOIN knowledge_set s ON s.tenant_id = k.tenant_id AND s.engine = k.engine
            WHERE k.tenant_id = :tenant
        """),
        {"tenant": tenant},
    ).one_or_none()
    return Progress(*row) if row else None


def clean(db: Connection, tenant: UUID, *, other_engines_after: timedelta) -> int:
    """Delete passages that no set holds and no current document needs, and sets of engines long out of use."""
    db.execute(text("SELECT FROM knowledge_set WHERE tenant_id = :tenant FOR UPDATE"), {"tenant": tenant})
    values = {"tenant": tenant, "after": other_engines_after}
    db.execute(
        text("""
            DELETE FROM knowledge_set s USING knowledge k
            WHERE s.tenant_id = :tenant AND k.tenant_id = s.tenant_id AND s.engine <> k.engine
                AND s.published_at < now() - :after
        """),
        values,
    )
    return db.execute(
        text("""
            DELETE FROM document_index i WHERE i.tenant_id = :tenant
                AND NOT EXISTS (SELECT FROM published_document p WHERE p.tenant_id = i.tenant_id
                    AND p.document_id = i.document_id AND p.engine = i.engine)
                AND NOT EXISTS (SELECT FROM document d, knowledge k WHERE d.tenant_id = i.tenant_id
                    AND d.id = i.document_id AND d.is_current AND k.tenant_id = i.tenant_id
                    AND (k.engine = i.engine OR EXISTS (SELECT FROM knowledge_set s WHERE s.tenant_id = i.tenant_id
                        AND s.engine = i.engine)))
        """),
        values,
    ).rowcount
