"""The demonstration's suppliers: what they were asked before it began stands there as the rules would have left it."""

import json
from datetime import UTC, datetime, timedelta

from commands.demo_suppliers import SHOP, bring_suppliers
from commands.demo_ticketing import connect_ticketing
from storage import supplier_alerts, supplier_numbers, supplier_open, supplier_rules, suppliers
from web.supplier_times import reckoned

ASKED = json.loads((SHOP / "asked.json").read_text(encoding="utf-8"))


def test_open_answered_and_alerted_requests_are_there_once(services, workspace):
    connect_ticketing(services, workspace.id, 9)
    for _ in range(2):
        bring_suppliers(services, workspace.id)
    now = datetime.now(UTC)
    with services.database.transaction(workspace.id) as db:
        assert len(suppliers.directory(db, workspace.id).suppliers) == 5
        waiting = supplier_open.page(db, workspace.id)
        rows = supplier_numbers.asked(db, workspace.id, now - timedelta(days=365))
        alerts = supplier_alerts.page(db, workspace.id)
        found = reckoned(rows, supplier_rules.get(db, workspace.id), now)
    assert {one.purchase_order for one in waiting} == {
        one["purchase_order"] for one in ASKED if "took_hours" not in one
    }
    assert len(rows) == len(ASKED)
    assert found.every.answered == len(ASKED) - 5
    assert "D400000117" in {one.purchase_order for one in alerts}
    # The ladder goes on from where it stands; who was told of already has no step left.
    assert all((one.next_at is None) == (one.rungs_done == 3) for one in waiting)
    assert all(one.next_at > now for one in waiting if one.next_at)


def test_what_is_asked_on_a_ticket_has_one(services, workspace):
    connect_ticketing(services, workspace.id, 9)
    bring_suppliers(services, workspace.id)
    with services.database.transaction(workspace.id) as db:
        rows = db.exec_driver_sql(
            "SELECT r.order_number, t.order_number AS of_ticket, t.next_at FROM supplier_request r"
            " LEFT JOIN ticket t ON t.tenant_id = r.tenant_id AND t.id = r.ticket_id"
        ).all()
    assert all((row.of_ticket or "") == row.order_number for row in rows)
    assert sum(bool(row.of_ticket) for row in rows) == 5
    assert not any(row.next_at for row in rows)
