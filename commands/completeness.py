"""`flask completeness`: what became of every mail, by mailbox and day; exit 1 when something is missing."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import click

from bootstrap import Services
from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.completeness import Compared, Counted, Whereabouts, days, today
from storage import completeness as rows
from storage import due, mailboxes, reconciliation, supplier_rules, tenants
from storage.mailboxes import Mailbox

HEADINGS = ("day", "came in", *(place.value for place in Whereabouts))


@click.command("completeness")
@click.option("--tenant", "slug", default="", help="The workspace's short name; all of them where none is given.")
@click.option("--days", "count", default=7, show_default=True, type=click.IntRange(1, 366), help="Up to today.")
def completeness(slug: str, count: int) -> None:
    """Print what became of every mail, by mailbox and day."""
    missing = 0
    with services_for("database" if slug else "retention") as services:
        for tenant in [tenant_of(services, slug)] if slug else _every(services):
            missing += _print(services, tenant, count)
    if missing:
        click.echo(f"{missing} {'mail is' if missing == 1 else 'mails are'} missing.", err=True)
        sys.exit(1)
    click.echo("Nothing is missing.")


def _every(services: Services) -> list[UUID]:
    with services.listener_database.without_tenant() as db:
        return sorted(due.every_tenant(db))


def _print(services: Services, tenant: UUID, count: int) -> int:
    """One workspace's tables; returns how many mails are missing in it."""
    now, missing = datetime.now(UTC), 0
    with services.database.transaction(tenant) as db:
        slug, zone = tenants.get(db, tenant).slug, supplier_rules.get(db, tenant).days.zone
        compared = reconciliation.newest(db, tenant)
        for mailbox in mailboxes.every(db, tenant):
            found = rows.counted(db, tenant, mailbox.id, days(zone, today(zone, now), count))
            click.echo("\n".join(_table(slug, zone, mailbox, found, compared.get(mailbox.id))) + "\n")
            missing += sum(one.missing for one in found)
    return missing


def _table(slug: str, zone: str, mailbox: Mailbox, found: list[Counted], compared: Compared | None) -> Iterator[str]:
    yield f"{slug}: {mailbox.address}, days of {zone}"
    yield "  ".join(f"{heading:>10}" for heading in HEADINGS)
    for one in found:
        numbers = (one.fetched, *(one.of(place) for place in Whereabouts))
        yield "  ".join([f"{one.day.date.isoformat():>10}", *(f"{n:>10}" for n in numbers)])
    if compared is None:
        yield "Not compared with Gmail yet."
    else:
        late = f"{compared.missing} not told of, and taken in" if compared.missing else "0 missing"
        when = compared.looked_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        yield f"Compared with Gmail {when}: {compared.at_gmail} there, {compared.here} here, {late}."
