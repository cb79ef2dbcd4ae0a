"""The work that groups questions which nothing answered: asked for, claimed with a lease, and finished."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

# Many mails come together: they are grouped together.
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class GapWork:
    """What one worker has claimed; `wanted` is what it will have done."""

    tenant: UUID
    wanted: int
    attempts: int
    fence: int


_CLAIM = text("""
    UPDATE gap_work SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    WHERE tenant_id = (SELECT tenant_id FROM gap_work WHERE tenant_id = :tenant AND wanted > done
            AND next_at <= now() AND (lease_until IS NULL OR lease_until < now()) FOR UPDATE SKIP LOCKED)
    RETURNING wanted, attempts, fence
""")


def ask(db: Connection, tenant: UUID) -> None:
    """Something is there to be grouped: a worker takes it soon."""
    db.execute(
        text("""
            INSERT INTO gap_work (tenant_id, next_at) VALUES (:tenant, now() + :patience)
            ON CONFLICT (tenant_id) DO UPDATE SET wanted = gap_work.wanted + 1, next_at =
                CASE WHEN gap_work.wanted > gap_work.done THEN gap_work.next_at ELSE excluded.next_at END
        """),
        {"tenant": tenant, "patience": PATIENCE},
    )


def claim(db: Connection, tenant: UUID, lease: timedelta) -> GapWork | None:
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).one_or_none()
    return GapWork(tenant, row.wanted, row.attempts, row.fence) if row else None


def finish(db: Connection, work: GapWork) -> bool:
    """What was wanted when it was claimed is done; False, and nothing changed, when the lease was lost.

    First in its transaction: it locks the row, so that whoever lost the lease writes nothing after it.
    """
    return (
        db.execute(
            text("""
                UPDATE gap_work SET done = :wanted, attempts = 0, lease_until = NULL, next_at = now(), last_error = ''
                WHERE tenant_id = :tenant AND fence = :fence
            """),
            {"tenant": work.tenant, "fence": work.fence, "wanted": work.wanted},
        ).rowcount
        == 1
    )


def retry(db: Connection, work: GapWork, *, after: timedelta, error: str) -> None:
    db.execute(
        text("""
            UPDATE gap_work SET lease_until = NULL, next_at = now() + :after, last_error = :error
            WHERE tenant_id = :tenant AND fence = :fence
        """),
        {"tenant": work.tenant, "fence": work.fence, "after": after, "error": error[:500]},
    )
