"""How a tenant reminds its suppliers; without a row the defaults of domain/supplier_request.py hold."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.supplier_request import BusinessDays, Rung, RungKind, SupplierRules
from storage import events
from storage.codec import dumps

_GET = text("""
    SELECT reminding, ladder, zone, weekdays, holidays, operations_address FROM supplier_rules
    WHERE tenant_id = :tenant
""")

_PUT = text("""
    INSERT INTO supplier_rules (tenant_id, reminding, ladder, zone, weekdays, holidays, operations_address)
    VALUES (:tenant, :reminding, CAST(:ladder AS jsonb), :zone, :weekdays, :holidays, :address)
    ON CONFLICT (tenant_id) DO UPDATE SET reminding = excluded.reminding, ladder = excluded.ladder,
        zone = excluded.zone, weekdays = excluded.weekdays, holidays = excluded.holidays,
        operations_address = excluded.operations_address, changed_at = now()
""")


def get(db: Connection, tenant: UUID) -> SupplierRules:
    row = db.execute(_GET, {"tenant": tenant}).one_or_none()
    if row is None:
        return SupplierRules()
    ladder = tuple(Rung(RungKind(one["kind"]), timedelta(hours=one["hours"])) for one in row.ladder)
    days = BusinessDays(row.zone, frozenset(row.weekdays), frozenset(row.holidays))
    return SupplierRules(row.reminding, ladder, days, row.operations_address)


def put(db: Connection, tenant: UUID, rules: SupplierRules, *, actor: str) -> None:
    """Give them checked."""
    ladder = [{"kind": rung.kind.value, "hours": rung.after / timedelta(hours=1)} for rung in rules.ladder]
    values = {
        "tenant": tenant, "reminding": rules.reminding, "ladder": dumps(ladder), "zone": rules.days.zone,
        "weekdays": sorted(rules.days.weekdays), "holidays": sorted(rules.days.holidays),
        "address": rules.operations_address,
    }  # fmt: skip
    db.execute(_PUT, values)
    events.record(db, tenant, actor=actor, kind="supplier_rules_saved")
