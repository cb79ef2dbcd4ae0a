"""`flask customer export|erase` and `flask retention run`: what customers may ask for, and mail that has grown old."""

from pathlib import Path

import click
from flask.cli import AppGroup

from commands.importing import tenant_of
from commands.settings_of import services_for
from parts.customer_copy import copy_of
from storage import due, erasure
from storage import retention as kept

customer = AppGroup("customer", help="One customer's data.")
retention = AppGroup("retention", help="How long the words of mail are kept.")

ACTOR = "command"


@customer.command("export", with_appcontext=False)
@click.argument("address")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def export(address: str, file: Path, slug: str) -> None:
    """Write everything that is kept about ADDRESS into FILE, a zip of JSON and mails."""
    with services_for("database") as services:
        content, n = copy_of(services.database, tenant_of(services, slug), address.strip(), actor=ACTOR)
    if not n:
        click.echo("Nothing is kept under this address; no file was written.")
        return
    file.touch(mode=0o600)
    file.write_bytes(content)
    click.echo(f"{n} rows written.")


@customer.command("erase", with_appcontext=False)
@click.argument("address")
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
@click.confirmation_option(prompt="Nobody can bring this back. Erase?")
def erase(address: str, slug: str) -> None:
    """Erase everything that is kept about ADDRESS; orders and payments stay without the person."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            counts = erasure.erase(db, tenant, address.strip(), actor=ACTOR)
    click.echo(", ".join(f"{name}: {n}" for name, n in counts.items()) or "Nothing is kept under this address.")


@retention.command("run", with_appcontext=False)
def run() -> None:
    """Let go what each workspace keeps no longer; once a day is enough. May be repeated, and stopped at any moment."""
    total = 0
    with services_for("retention") as services:
        with services.listener_database.without_tenant() as db:
            tenants = due.every_tenant(db)
        for tenant in tenants:
            forgotten = 1
            while forgotten:
                with services.database.transaction(tenant) as db:
                    forgotten = kept.forget(db, tenant)
                total += forgotten
    click.echo(f"{total} {'mail' if total == 1 else 'mails'} forgotten.")
