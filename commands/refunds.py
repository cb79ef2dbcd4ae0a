"""`flask refunds`: the export for finance, the webhook to the shop, and whether both sides say the same."""

import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO
from uuid import UUID

import click
from flask.cli import AppGroup

from adapters.shop_webhook import key_of, new_secret, shop_address
from bootstrap import Services
from commands.importing import tenant_of
from commands.reconciling import differences
from commands.settings_of import services_for
from domain.errors import BadInput
from parts.finance import payments, write_rows
from storage import found_out, shop_webhooks

refunds = AppGroup("refunds", help="What was paid back, and the shop that pays it.")
webhook = AppGroup("webhook", help="Where the shop itself carries out what was approved.")
refunds.add_command(webhook)

_tenant = click.option("--tenant", "slug", required=True, help="The workspace's short name.")


@refunds.command("export", with_appcontext=False)
@_tenant
@click.option(
    "--since", default="1970-01-01", help="From this day or time on (ISO 8601, UTC unless it says otherwise)."
)
@click.option("--until", default="", help="Before this day or time; now, where it is not given.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; else standard output.")
def export(slug: str, since: str, until: str, output: Path | None) -> None:
    """Write what was paid back as CSV, in the order of the ledger. Times are UTC."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        start, end = _moment("since", since), _moment("until", until) if until else datetime.now(UTC)
        with output.open("w", encoding="utf-8", newline="") if output else nullcontext(sys.stdout) as file:
            count = write_rows(file, payments(services.database, tenant, start, end))
    click.echo(f"{count} payments exported.", err=True)


@refunds.command("reconcile", with_appcontext=False)
@_tenant
@click.option("--days", default=30, type=click.IntRange(1, 3650), help="How far back (default 30).")
def reconcile(slug: str, days: int) -> None:
    """Ask the shop what became of each act, and print where it says another thing than we do. Changes nothing.

    Ends with 1 when there are differences, or acts of which the shop did not tell.
    """
    with services_for("shop") as services:
        tenant = tenant_of(services, slug)
        asked = found = 0
        for act, words in differences(services, tenant, datetime.now(UTC) - timedelta(days=days)):
            asked += 1
            found += bool(words)
            if words:
                amount = f" {act.amount}" if act.amount else ""
                click.echo(f"{act.order_number}{amount} {act.key}: {words}")
    click.echo(f"{asked} acts compared, {found} differences.", err=True)
    if found:
        sys.exit(1)


@refunds.command("settle", with_appcontext=False)
@click.argument("key", type=click.UUID)
@_tenant
@click.option("--done/--not-done", required=True, help="Whether it was done, as you found it at the shop.")
@click.option("--reference", default="", help="The shop's own name for it.")
@click.option("--by", "email", required=True, help="The member who found it out.")
def settle(key: UUID, slug: str, reference: str, email: str, *, done: bool) -> None:
    """Book what you found at the shop about the act KEY, of which the shop never said what became."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        member = _member(services, tenant, email)
        with services.database.transaction(tenant) as db:
            if not found_out.settle(db, tenant, key, member=member, was_done=done, reference=reference):
                raise BadInput("key", "No act of this key waits for somebody to find out about it.")
    click.echo("It is booked as done." if done else "Its money is free again.")


@webhook.command("set", with_appcontext=False)
@click.argument("url")
@_tenant
@click.option(
    "--secret-file",
    type=click.File(),
    help="A file with the secret that both sides know (whsec_...); - reads it from standard input. Else one is made.",
)
@click.option("--by", "email", default="", help="The member who sets it; else the owner.")
def set_webhook(url: str, slug: str, secret_file: TextIO | None, email: str) -> None:
    """Have the shop at URL (https) carry out what is approved from now on."""
    with services_for("shop") as services:
        address = shop_address(url, private_allowed=services.settings.shop_webhook_private)
        secret = secret_file.read().strip() if secret_file else new_secret()
        key_of(secret)
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            shop_webhooks.put(
                db, tenant, services.sealed_webhook(tenant, address, secret), member=_member(services, tenant, email)
            )
            elsewhere = shop_webhooks.under_way(db, tenant, besides=address)
    click.echo(f"What is approved is carried out by {address}.")
    if not secret_file:
        click.echo(f"Its secret, shown this once: {secret}")
    _tell(elsewhere)


@webhook.command("clear", with_appcontext=False)
@_tenant
@click.option("--by", "email", default="", help="The member who clears it; else the owner.")
def clear_webhook(slug: str, email: str) -> None:
    """Book in the ledger alone from now on; somebody pays by hand what it says."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        member = _member(services, tenant, email)
        with services.database.transaction(tenant) as db:
            gone = shop_webhooks.clear(db, tenant, member=member)
            elsewhere = shop_webhooks.under_way(db, tenant)
    click.echo("The shop is asked no more; the ledger is all there is." if gone else "There was no webhook.")
    _tell(elsewhere)


def _tell(elsewhere: int) -> None:
    if elsewhere:
        click.echo(f"{elsewhere} acts are under way at the address before: each becomes a person's.", err=True)


def _member(services: Services, tenant: UUID, email: str) -> UUID:
    with services.database.transaction(tenant) as db:
        found = shop_webhooks.who_sets(db, tenant, email)
    if found is None:
        raise BadInput("by", "There is no such member." if email else "The workspace has no owner: say who with --by.")
    return found


def _moment(field: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(field, f"{text!r} is no day or time like 2026-11-26 or 2026-11-26T10:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
