"""How a tenant reminds its suppliers: the ladder, the business days, and whom of operations to tell."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.errors import BadInput
from domain.ladder import next_rung, resumed
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
    SELECT r.id, r.asked_at, r.rungs_done,
        (SELECT count(*) FROM supplier_step p WHERE p.tenant_id = r.tenant_id AND p.request_id = r.id
            AND p.round = r.round AND p.kind = 'remind') AS reminded,
        (SELECT count(*) FROM supplier_step p WHERE p.tenant_id = r.tenant_id AND p.request_id = r.id
            AND p.round = r.round AND p.kind = 'alert') AS alerted
    FROM supplier_request r
    WHERE r.tenant_id = :tenant AND r.asked_at IS NOT NULL AND r.answered_at IS NULL AND r.closed_at IS NULL
    ORDER BY r.id FOR UPDATE
""")

_RETIME = text("""
    UPDATE supplier_request SET next_at = :next_at, rungs_done = :done WHERE tenant_id = :tenant AND id = :id
""")

# Below all positions of the ladder that holds from now on, in their order: each of its rungs is there to be climbed.
_SET_BACK = text("""
    UPDATE supplier_step p SET position = p.position - :below FROM supplier_request r
    WHERE p.tenant_id = :tenant AND p.request_id = :id AND r.tenant_id = p.tenant_id AND r.id = p.request_id
        AND p.round = r.round
""")
_BELOW = 1000

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
    before = get(db, tenant).ladder
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
    changed = [one.kind for one in before] != [one.kind for one in kept.ladder]
    for row in db.execute(_WAITING, {"tenant": tenant}).all():
        done = row.rungs_done
        if changed:
            done = resumed(kept.ladder, {RungKind.REMIND: row.reminded, RungKind.ALERT: row.alerted})
            db.execute(_SET_BACK, {"tenant": tenant, "id": row.id, "below": _BELOW})
        following = next_rung(kept, row.asked_at, done)
        values = {"tenant": tenant, "id": row.id, "done": done, "next_at": following.due_at if following else None}
        db.execute(_RETIME, values)
    events.record(db, tenant, actor=actor, kind="supplier_rules_changed", subject=tenant)
    return kept


def _rung(stored: Any) -> Rung:
    return Rung(RungKind(stored["kind"]), timedelta(hours=stored["hours"]))
