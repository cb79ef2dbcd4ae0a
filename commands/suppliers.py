"""`flask suppliers`: bring a tenant's suppliers in from a CSV file, and list what they owe an answer to."""

from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup

from adapters.order_csv import BadRow
from adapters.supplier_csv import read_suppliers
from bootstrap import Services
from commands.importing import tenant_of
from commands.settings_of import services_for
from commands.supplier_requests import requests
from commands.supplier_rules import rules
from domain.errors import BadInput
from domain.supplier import checked_supplier
from storage import mailboxes, tenants
from storage import suppliers as supplier_rows

suppliers = AppGroup("suppliers", help="The suppliers whose mail is known by its sender.")
suppliers.add_command(requests)

suppliers.add_command(rules)


@suppliers.command("import", with_appcontext=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def import_suppliers(file: Path, slug: str) -> None:
    """Add the suppliers of a CSV FILE, or bring those of the same name up to date; bad rows are named and left out.

    Its heading may name: name, domains, addresses, general, returns, tracking, language. Several domains or addresses
    in one cell stand apart by spaces, commas or semicolons.
    """
    with services_for("database") as services:
        saved, bad = save_suppliers(services, tenant_of(services, slug), file)
    for row in bad:
        click.echo(f"line {row.line}: {row.reason}", err=True)
    click.echo(f"{saved} suppliers imported, {len(bad)} rows left out.")


@suppliers.command("drafts", with_appcontext=False)
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def drafts(state: str, slug: str) -> None:
    """Whether a supplier's answer becomes a draft for the customer behind it, which a person approves: on or off."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            tenants.set_supplier_news(db, tenant, drafted=state == "on")
    click.echo(f"Drafts for customers from suppliers' answers: {state}.")


def save_suppliers(services: Services, tenant: UUID, file: Path) -> tuple[int, list[BadRow]]:
    """Store every good row, each on its own; returns their number, and the bad ones.

    Raises BadInput when the file is no such CSV at all.
    """
    saved, bad = 0, []
    with services.database.transaction(tenant) as db:
        own = sorted(mailboxes.own_addresses(db, tenant))
    for line, supplier in read_suppliers(file):
        try:
            checked = checked_supplier(supplier, own)
            with services.database.transaction(tenant) as db:
                supplier_rows.save(db, tenant, checked, actor="import")
            saved += 1
        except BadInput as error:
            bad.append(BadRow(line, error.reason))
    return saved, bad
