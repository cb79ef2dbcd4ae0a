"""What verdicts have earned for each way of answering, and the tenant's own abstention that they were counted with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from domain.answering import CurvePoint
from domain.earned import Earned, Standing, accepted_share
from storage import learning, tenants
from storage.codec import dumps
from storage.earned import columns_of, standing_of


@dataclass(frozen=True, slots=True)
class Row:
    """How one way of answering stands. `model` names the abstention, shipped or moved, that its threshold is for."""

    method: str
    model: str
    target: float
    wrong: int
    standing: Standing
    curve: tuple[CurvePoint, ...] = ()

    @property
    def is_earned(self) -> bool:
        return isinstance(self.standing, Earned)


@dataclass(frozen=True, slots=True)
class StoredModel:
    """The tenant's own abstention: `weights` as `rag.refit` writes them, empty where the shipped one stands."""

    version: int
    n: int
    weights: Mapping[str, object]


_SAVE = text("""
    INSERT INTO answer_standing (tenant_id, method, model, target, n, wrong, needed, threshold, accepted, errors,
        upper_bound, coverage, curve)
    VALUES (:tenant, :method, :model, :target, :n, :wrong, :needed, :threshold, :accepted, :errors, :upper_bound,
        :coverage, CAST(:curve AS jsonb))
    ON CONFLICT (tenant_id, method) DO UPDATE SET model = excluded.model, target = excluded.target, n = excluded.n,
        wrong = excluded.wrong, needed = excluded.needed, threshold = excluded.threshold,
        accepted = excluded.accepted, errors = excluded.errors, upper_bound = excluded.upper_bound,
        coverage = excluded.coverage, curve = excluded.curve, at = now()
""")

# The same weights keep their version: nothing that was looked at with them has become old.
_SAVE_MODEL = text("""
    INSERT INTO answer_model (tenant_id, version, model, n, weights)
    VALUES (:tenant, 1, :model, :n, CAST(:weights AS jsonb))
    ON CONFLICT (tenant_id) DO UPDATE SET n = excluded.n, at = now(), model = excluded.model,
        weights = excluded.weights, version = answer_model.version + CASE
            WHEN (answer_model.model, answer_model.weights) = (excluded.model, excluded.weights) THEN 0 ELSE 1 END
    RETURNING version
""")


def save(db: Connection, tenant: UUID, row: Row) -> None:
    values = {"tenant": tenant, "method": row.method, "model": row.model, "target": row.target}
    curve = dumps([asdict(point) for point in row.curve])
    db.execute(_SAVE, {**values, "wrong": row.wrong, "curve": curve, **columns_of(row.standing)})


def replace_all(db: Connection, tenant: UUID, rows: Sequence[Row]) -> None:
    """These and no others: what was earned under another abstention is nothing to go by."""
    db.execute(text("DELETE FROM answer_standing WHERE tenant_id = :tenant"), {"tenant": tenant})
    for row in rows:
        save(db, tenant, row)


def every(db: Connection, tenant: UUID, model: str = "") -> list[Row]:
    """How each way of answering stands; with a `model`, only what was earned over this shipped abstention."""
    rows = db.execute(
        text("""
            SELECT * FROM answer_standing WHERE tenant_id = :tenant AND :model IN ('', split_part(model, '/', 1))
            ORDER BY method DESC
        """),
        {"tenant": tenant, "model": model},
    )
    return [
        Row(
            row.method,
            row.model,
            round(row.target, 4),
            row.wrong,
            standing_of(row),
            tuple(CurvePoint(**point) for point in row.curve),
        )
        for row in rows
    ]


def save_model(db: Connection, tenant: UUID, *, model: str, n: int, weights: Mapping[str, object]) -> int:
    """Keep the tenant's own abstention; returns its version. Without `weights` the shipped one stands."""
    version: int = db.execute(
        _SAVE_MODEL, {"tenant": tenant, "model": model, "n": n, "weights": dumps(weights)}
    ).scalar_one()
    return version


def model_of(db: Connection, tenant: UUID, model: str) -> StoredModel | None:
    """What was learned over this shipped abstention, or None where nothing was."""
    row = db.execute(
        text("SELECT version, n, weights FROM answer_model WHERE tenant_id = :tenant AND model = :model"),
        {"tenant": tenant, "model": model},
    ).one_or_none()
    return StoredModel(row.version, row.n, row.weights) if row else None


def target(db: Connection, tenant: UUID) -> float:
    """The share of wrong answers that the tenant accepts."""
    chosen = tenants.get(db, tenant).settings.get("targets")
    return accepted_share(chosen.get("answers") if isinstance(chosen, dict) else None)


def set_target(db: Connection, tenant: UUID, share: float) -> None:
    """The share of wrong answers that the tenant accepts from now on; a worker counts anew what that earns."""
    db.execute(
        text("""
            UPDATE tenant SET policy = policy || jsonb_build_object('targets',
                CASE jsonb_typeof(policy -> 'targets') WHEN 'object' THEN policy -> 'targets' ELSE '{}' END
                || jsonb_build_object('answers', CAST(:share AS double precision)))
            WHERE tenant_id = :tenant
        """),
        {"tenant": tenant, "share": share},
    )
    learning.ask(db, tenant)
