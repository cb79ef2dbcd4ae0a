"""`flask suppliers requests`: what suppliers owe an answer to, as a table or as JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import click

from bootstrap import Services
from commands.importing import tenant_of
from commands.settings_of import services_for
from storage import supplier_open
from storage.supplier_open import OpenRequest

BATCH = 500
HEADING = ("Supplier", "Purchase order", "Order", "Hours open", "Reminders", "Next step (UTC)")


@click.command("requests")
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of a table.")
def requests(slug: str, *, as_json: bool) -> None:
    """Print the requests that suppliers have not answered, the oldest first. Times are UTC."""
    with services_for("database") as services:
        tenant, now = tenant_of(services, slug), datetime.now(UTC)
        rows = list(every(services, tenant))
    if as_json:
        for one in rows:
            click.echo(json.dumps(_fields(one), ensure_ascii=False))
    else:
        _print([HEADING, *(_cells(one, now) for one in rows)] if rows else [])
    click.echo(f"{len(rows)} requests are open.", err=True)


def every(services: Services, tenant: UUID, batch: int = BATCH) -> Iterator[OpenRequest]:
    """A batch at a time, in one look at the tables."""
    with services.database.transaction(tenant) as db:
        after = None
        while rows := supplier_open.page(db, tenant, after=after, limit=batch):
            yield from rows
            after = rows[-1].id


def _fields(one: OpenRequest) -> dict[str, Any]:
    return {
        "id": str(one.id), "supplier": one.name, "purchase_order": one.purchase_order,
        "order": one.order_number or None,
        "since": _iso(one.since), "asked_at": _iso(one.asked_at), "asked_by": one.asked_by or None,
        "reminders": one.reminders, "next_at": _iso(one.next_at),
    }  # fmt: skip


def _cells(one: OpenRequest, now: datetime) -> tuple[str, ...]:
    hours = max(now - one.since, timedelta()) // timedelta(hours=1)
    then = f"{one.next_at.astimezone(UTC):%Y-%m-%d %H:%M}" if one.next_at else "-"
    waits = then if one.asked_at else "not sent yet"
    return (one.name, one.purchase_order, one.order_number or "-", str(hours), str(one.reminders), waits)


def _print(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
