"""The demonstration shop's suppliers, and what they were asked before the demo began: invented, as the shop is."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bootstrap import Services
from commands.suppliers import save_suppliers
from domain.ladder import next_rung
from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, RungKind, SupplierRules
from domain.ticket import TicketType
from settings import ROOT
from storage import supplier_past, suppliers, tickets
from storage.supplier_past import PastRequest, PastStep

SHOP = ROOT / "demonstration_shop"


def bring_suppliers(services: Services, tenant: UUID) -> None:
    """The directory, and the requests of `asked.json`, reckoned back from now; once, after tickets were connected."""
    with services.database.transaction(tenant) as db:
        if suppliers.directory(db, tenant).suppliers:
            return
    save_suppliers(services, tenant, SHOP / "suppliers.csv")
    asked, now = json.loads((SHOP / "asked.json").read_text(encoding="utf-8")), datetime.now(UTC)
    with services.database.transaction(tenant) as db:
        known = {one.name: one for one in suppliers.directory(db, tenant).suppliers}
        for row in asked:
            request, number = past_request(row, known[row["supplier"]], now), row.get("order_number", "")
            about = int(TicketType.SUPPORT_ENQUIRY)
            ticket = tickets.open_one(db, tenant, number, None, None, about=about) if number else None
            supplier_past.bring(db, tenant, replace(request, ticket=ticket))


def past_request(row: dict[str, Any], supplier: Supplier, now: datetime) -> PastRequest:
    """A row of `asked.json` as it would stand now: reminded of as the usual rules say, until it was answered."""
    if supplier.id is None:
        raise ValueError("a supplier of the directory has an id")
    at, purpose = now - timedelta(days=row["days_ago"]), Purpose(row["purpose"])
    answered = at + timedelta(hours=row["took_hours"]) if "took_hours" in row else None
    steps, rules, number = [], SupplierRules(), row.get("order_number", "")
    following = next_rung(rules, at, 0)
    while following is not None and following.due_at <= min(now, answered or now):
        channel = Channel.DESK if following.rung.kind is RungKind.ALERT else Channel.TICKET
        steps.append(PastStep(following.rung.kind, following.due_at, channel))
        following = next_rung(rules, at, len(steps))
    return PastRequest(
        supplier.id, row["purchase_order"], supplier.contact_for(purpose), at, answered, steps=tuple(steps),
        next_at=following.due_at if following and answered is None else None, purpose=purpose, order_number=number,
        subject=row.get("subject", ""),
    )  # fmt: skip
