"""What checked mail has earned each category of a tenant, and the policy that follows from it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, text

from domain.answering import CurvePoint
from domain.category import Category
from domain.earned import Earned, Standing, accepted_share
from domain.triage import Policy
from storage import answer_standings, learning, tenants
from storage.codec import dumps
from storage.earned import columns_of, standing_of


@dataclass(frozen=True, slots=True)
class Row:
    """How one category stands, as the page shows it. `curve` is of the checked mails that were read as it."""

    category: Category
    target: float
    wrong: int
    standing: Standing
    curve: tuple[CurvePoint, ...] = ()

    @property
    def is_earned(self) -> bool:
        return isinstance(self.standing, Earned)


_SAVE = text("""
    INSERT INTO standing (tenant_id, category, model, target, n, wrong, needed, threshold, accepted, errors,
        upper_bound, coverage, curve)
    VALUES (:tenant, :category, :model, :target, :n, :wrong, :needed, :threshold, :accepted, :errors, :upper_bound,
        :coverage, CAST(:curve AS jsonb))
    ON CONFLICT (tenant_id, category) DO UPDATE SET model = excluded.model, target = excluded.target, n = excluded.n,
        wrong = excluded.wrong, needed = excluded.needed, threshold = excluded.threshold,
        accepted = excluded.accepted, errors = excluded.errors, upper_bound = excluded.upper_bound,
        coverage = excluded.coverage, curve = excluded.curve, at = now()
""")

_SET_TARGET = text("""
    UPDATE tenant SET policy = policy || jsonb_build_object('targets',
        CASE jsonb_typeof(policy -> 'targets') WHEN 'object' THEN policy -> 'targets' ELSE '{}' END
        || jsonb_build_object(CAST(:category AS text), CAST(:share AS double precision)))
    WHERE tenant_id = :tenant
""")


def save(db: Connection, tenant: UUID, row: Row, model: str) -> None:
    values = {"tenant": tenant, "category": row.category.value, "model": model, "target": row.target}
    curve = dumps([asdict(point) for point in row.curve])
    db.execute(_SAVE, {**values, "curve": curve, "wrong": row.wrong, **columns_of(row.standing)})


def every(db: Connection, tenant: UUID, model: str = "") -> list[Row]:
    """How each category stands that was looked at; with a `model`, only what that model has earned."""
    rows = db.execute(
        text("SELECT * FROM standing WHERE tenant_id = :tenant AND :model IN ('', model) ORDER BY category"),
        {"tenant": tenant, "model": model},
    )
    return [
        Row(
            Category(row.category), round(row.target, 4), row.wrong, standing_of(row),
            tuple(CurvePoint(**point) for point in row.curve),
        )
        for row in rows
    ]  # fmt: skip


def policy(db: Connection, tenant: UUID, model: str, answer_model: str) -> Policy:
    """The tenant's policy with what its checked mail has earned under these models, and the verdicts on answers."""
    found: Mapping[Category, Standing] = {row.category: row.standing for row in every(db, tenant, model)}
    answers = answer_standings.every(db, tenant, answer_model)
    return replace(
        tenants.get(db, tenant).policy(),
        standings=found,
        answers={row.method: row.standing for row in answers},
        answer_model=answers[0].model if answers else "",
    )


def targets(db: Connection, tenant: UUID) -> dict[Category, float]:
    """The share of misread mail that the tenant accepts, by category."""
    chosen = tenants.get(db, tenant).settings.get("targets")
    known = chosen if isinstance(chosen, dict) else {}
    return {category: accepted_share(known.get(category.value)) for category in Category}


def set_target(db: Connection, tenant: UUID, category: Category, share: float) -> None:
    """The share of this category's mail that may be read wrongly; a worker counts anew what that earns."""
    db.execute(_SET_TARGET, {"tenant": tenant, "category": category.value, "share": share})
    learning.ask(db, tenant)
