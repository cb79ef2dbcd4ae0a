"""The phase of each category of a tenant: kept in its policy, read once more before something leaves by itself."""

import json
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, text

from domain.category import Category
from domain.errors import BadInput
from domain.phase import ANSWERABLE, Phase, is_held_by, phases_of
from storage import events, tenants

# The list of before there were phases is kept in step: a program of then goes by it while both run.
_PUT = text("""
    UPDATE tenant SET policy = policy || jsonb_build_object('phases', CAST(:phases AS jsonb),
        'automatic', CAST(:automatic AS jsonb))
    WHERE tenant_id = :tenant
""")

_LOCK = text("SELECT policy FROM tenant WHERE tenant_id = :tenant FOR UPDATE")

_OF_DECISION = text("""
    SELECT t.policy, coalesce(nullif(d.handled_as, ''), d.category) AS category
    FROM decision d JOIN tenant t ON t.tenant_id = d.tenant_id
    WHERE d.tenant_id = :tenant AND d.id = :decision
""")


def of(db: Connection, tenant: UUID) -> Mapping[Category, Phase]:
    return tenants.get(db, tenant).policy().phases


def change(db: Connection, tenant: UUID, category: Category, phase: Phase, *, actor: str) -> Phase:
    """Put one category into a phase; returns the one it was in. What waits for a person goes on waiting.

    `actor` is a member's id, or "command". Raises BadInput where nothing of the category is ever answered without a
    person.
    """
    if phase is Phase.AUTOMATIC and category not in ANSWERABLE:
        raise BadInput("phase", f"Mail of the kind {category} is never answered without a person.")
    found = phases_of(db.execute(_LOCK, {"tenant": tenant}).scalar_one())
    if found[category] is not phase:
        _put(db, tenant, {**found, category: phase})
        before = found[category].value
        events.record(
            db, tenant, actor=actor, kind="phase_changed", category=category.value, before=before, after=phase.value
        )
    return found[category]


def begin_in_shadow(db: Connection, tenant: UUID) -> None:
    """Every category of a new workspace: nobody has seen yet what would be sent in its name."""
    _put(db, tenant, dict.fromkeys(Category, Phase.SHADOW))


def forbids(db: Connection, tenant: UUID, decision: UUID) -> str:
    """Why what was decided here may not leave without a person by now, in words, or nothing."""
    row = db.execute(_OF_DECISION, {"tenant": tenant, "decision": decision}).one_or_none()
    if row is None or row.category not in set(Category):
        return "It is of no kind that is answered without a person."
    category = Category(row.category)
    return is_held_by(category, phases_of(row.policy)[category])


def _put(db: Connection, tenant: UUID, phases: Mapping[Category, Phase]) -> None:
    automatic = [category.value for category, phase in phases.items() if phase is Phase.AUTOMATIC]
    named = {category.value: phase.value for category, phase in phases.items()}
    db.execute(_PUT, {"tenant": tenant, "phases": json.dumps(named), "automatic": json.dumps(automatic)})
