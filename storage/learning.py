"""The work that learns: asked for, claimed with a lease, and what came of it, written in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from storage.codec import dumps


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one worker has claimed. `wanted` is what it will have done; `model` what was learned with last time."""

    tenant: UUID
    wanted: int
    model: str
    attempts: int
    fence: int


@dataclass(frozen=True, slots=True)
class StoredHead:
    """What was learned from a tenant's examples: `weights` is an npz without pickled parts, `about` its names."""

    version: int
    model: str
    trained_on: str
    weights: bytes
    about: Mapping[str, Any]


_CLAIM = text("""
    UPDATE learning SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    WHERE tenant_id = (SELECT tenant_id FROM learning WHERE tenant_id = :tenant
            AND (wanted > done OR again_at <= now()) AND next_at <= now()
            AND (lease_until IS NULL OR lease_until < now())
            FOR UPDATE SKIP LOCKED)
    RETURNING wanted, model, attempts, fence
""")

_FINISH = text("""
    UPDATE learning SET done = :wanted, model = :model, again_at = :again_at, attempts = 0, lease_until = NULL,
        next_at = now(), last_error = '', model_since = CASE WHEN model IN ('', :model) THEN model_since ELSE now() END
    WHERE tenant_id = :tenant AND fence = :fence
""")

_SAVE_HEAD = text("""
    INSERT INTO model_head (tenant_id, version, model, trained_on, n, weights, about)
    VALUES (:tenant, 1, :model, :trained_on, :n, :weights, CAST(:about AS jsonb))
    ON CONFLICT (tenant_id) DO UPDATE SET version = model_head.version + 1, model = excluded.model, at = now(),
        trained_on = excluded.trained_on, n = excluded.n, weights = excluded.weights, about = excluded.about
""")


def ask(db: Connection, tenant: UUID) -> None:
    """Something is there to be learned: a worker takes it soon."""
    db.execute(
        text("""
            INSERT INTO learning (tenant_id) VALUES (:tenant)
            ON CONFLICT (tenant_id) DO UPDATE SET wanted = learning.wanted + 1
        """),
        {"tenant": tenant},
    )


def ask_for_model(db: Connection, tenant: UUID, model: str) -> None:
    """The same where what was learned belongs to another model than this, and nobody has asked yet."""
    db.execute(
        text("""
            UPDATE learning SET wanted = wanted + 1 WHERE tenant_id = :tenant AND model <> :model AND wanted = done
        """),
        {"tenant": tenant, "model": model},
    )


def is_settled(db: Connection, tenant: UUID) -> bool:
    """Whether everything that was asked for has been learned, as it is where nobody has asked for anything."""
    question = text("SELECT NOT EXISTS (SELECT FROM learning WHERE tenant_id = :tenant AND wanted > done)")
    return bool(db.execute(question, {"tenant": tenant}).scalar())


def claim(db: Connection, tenant: UUID, lease: timedelta) -> Lesson | None:
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).one_or_none()
    return Lesson(tenant, row.wanted, row.model, row.attempts, row.fence) if row else None


def finish(db: Connection, lesson: Lesson, *, model: str, again_at: datetime | None) -> bool:
    """What was wanted when it was claimed is done; False, and nothing changed, when the lease was lost.

    First in its transaction: it locks the row, so that whoever lost the lease writes nothing after it.
    """
    values = {"tenant": lesson.tenant, "fence": lesson.fence, "wanted": lesson.wanted}
    return db.execute(_FINISH, {**values, "model": model, "again_at": again_at}).rowcount == 1


def retry(db: Connection, lesson: Lesson, *, after: timedelta, error: str) -> None:
    db.execute(
        text("""
            UPDATE learning SET lease_until = NULL, next_at = now() + :after, last_error = :error
            WHERE tenant_id = :tenant AND fence = :fence
        """),
        {"tenant": lesson.tenant, "fence": lesson.fence, "after": after, "error": error[:500]},
    )


def save_head(
    db: Connection, tenant: UUID, *, model: str, trained_on: str, n: int, weights: bytes, about: Mapping[str, Any]
) -> None:
    values = {"tenant": tenant, "model": model, "trained_on": trained_on, "n": n, "weights": weights}
    db.execute(_SAVE_HEAD, {**values, "about": dumps(about)})


def again(db: Connection, tenant: UUID, *, after: timedelta) -> None:
    """Something could not be learned yet: it is looked at once more, and until then not everything is learned."""
    db.execute(
        text("UPDATE learning SET wanted = wanted + 1, next_at = now() + :after WHERE tenant_id = :tenant"),
        {"tenant": tenant, "after": after},
    )


def head_version(db: Connection, tenant: UUID, model: str) -> int:
    """The version of the head that was learned with this model, or 0 where there is none."""
    found = db.execute(
        text("SELECT version FROM model_head WHERE tenant_id = :tenant AND model = :model AND n > 0"),
        {"tenant": tenant, "model": model},
    )
    return int(found.scalar() or 0)


def head(db: Connection, tenant: UUID, model: str) -> StoredHead | None:
    row = db.execute(
        text("""
            SELECT version, model, trained_on, weights, about FROM model_head
            WHERE tenant_id = :tenant AND model = :model
        """),
        {"tenant": tenant, "model": model},
    ).one_or_none()
    return StoredHead(row.version, row.model, row.trained_on, bytes(row.weights), row.about) if row else None
