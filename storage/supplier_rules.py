"""How a tenant reminds its suppliers: the ladder, the business days, and whom of operations to tell."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.errors import BadInput
from domain.ladder import next_rung
from domain.reminding import checked_rules
from domain.supplier_request import BusinessDays, Rung, RungKind, SupplierRules
from storage import events, suppliers
from storage.codec import dumps

_GET = text("""
    SELECT reminding, ladder, zone, weekdays, holidays, operations_address FROM supplier_rules
    WHERE tenant_id = :tenant
""")

_PUT = text("""
    INSERT INTO supplier_rules (tenant_id, reminding, ladder, zone, weekdays, holidays, operations_address)
    VALUES (:tenant, :reminding, CAST(:ladder AS jsonb), :zone, :weekdays, :holidays, :operations)
    ON CONFLICT (tenant_id) DO UPDATE SET reminding = excluded.reminding, ladder = excluded.ladder,
        zone = excluded.zone, weekdays = excluded.weekdays, holidays = excluded.holidays,
        operations_address = excluded.operations_address, changed_at = now()
""")

_WAITING = text("""
    SELECT id, asked_at, rungs_done FROM supplier_request
    WHERE tenant_id = :tenant AND asked_at IS NOT NULL AND answered_at IS NULL AND closed_at IS NULL
    ORDER BY id FOR UPDATE
""")

_RETIME = text("UPDATE supplier_request SET next_at = :next_at WHERE tenant_id = :tenant AND id = :id")

_OWN = text("SELECT address FROM mailbox WHERE tenant_id = :tenant")


def get(db: Connection, tenant: UUID) -> SupplierRules:
    """The tenant's own, or the usual ones where it has said nothing."""
    row = db.execute(_GET, {"tenant": tenant}).one_or_none()
    if row is None:
        return SupplierRules()
    return SupplierRules(
        reminding=row.reminding,
        ladder=tuple(_rung(one) for one in row.ladder),
        days=BusinessDays(row.zone, frozenset(row.weekdays), frozenset(row.holidays)),
        operations_address=row.operations_address,
    )


def put(db: Connection, tenant: UUID, rules: SupplierRules, *, actor: str) -> SupplierRules:
    """Keep the rules, and time every open request by them; returns them as they are kept.

    Raises BadInput with one sentence that says what to correct.
    """
    kept = checked_rules(rules, [str(one) for one in db.execute(_OWN, {"tenant": tenant}).scalars()])
    if suppliers.directory(db, tenant).knows(kept.operations_address):
        raise BadInput("operations_address", f"{kept.operations_address} is a supplier's address: alerts are for you.")
    db.execute(
        _PUT,
        {
            "tenant": tenant,
            "reminding": kept.reminding,
            "ladder": dumps([{"kind": one.kind.value, "hours": one.after / timedelta(hours=1)} for one in kept.ladder]),
            "zone": kept.days.zone,
            "weekdays": sorted(kept.days.weekdays),
            "holidays": sorted(kept.days.holidays),
            "operations": kept.operations_address,
        },
    )
    for row in db.execute(_WAITING, {"tenant": tenant}).all():
        following = next_rung(kept, row.asked_at, row.rungs_done)
        values = {"tenant": tenant, "id": row.id, "next_at": following.due_at if following else None}
        db.execute(_RETIME, values)
    events.record(db, tenant, actor=actor, kind="supplier_rules_changed", subject=tenant)
    return kept


def _rung(stored: Any) -> Rung:
    return Rung(RungKind(stored["kind"]), timedelta(hours=stored["hours"]))
