"""`flask suppliers`: bring a tenant's suppliers in from a CSV file, and list what they owe an answer to."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup

from adapters.order_csv import BadRow
from bootstrap import Services
from commands.importing import tenant_of
from commands.settings_of import services_for
from commands.supplier_requests import requests
from commands.supplier_rules import rules
from domain.errors import BadInput
from domain.supplier import Purpose, Supplier, checked_supplier
from storage import mailboxes, tenants
from storage import suppliers as supplier_rows

suppliers = AppGroup("suppliers", help="The suppliers whose mail is known by its sender.")
suppliers.add_command(requests)

suppliers.add_command(rules)

COLUMNS = ("name", "domains", "addresses", *Purpose, "language")


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


def read_suppliers(file: Path) -> Iterator[tuple[int, Supplier]]:
    """Each row with the number of its line, as it stands in the file."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError:
        raise BadInput("file", "It is not UTF-8 text: save it as CSV in UTF-8.") from None
    first = lines[0] if lines else ""
    rows = csv.DictReader(lines, delimiter=";" if first.count(";") > first.count(",") else ",")
    known = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    if "name" not in known:
        raise BadInput("file", f"The heading lacks the column name; it may have: {', '.join(COLUMNS)}.")
    unknown = sorted(set(known) - set(COLUMNS) - {""})
    if unknown:
        raise BadInput("file", f"The heading has columns that mean nothing here: {', '.join(unknown)}.")
    for row in rows:
        cells = {name: (row.get(heading) or "") for name, heading in known.items()}
        if any(cell.strip() for cell in cells.values()):
            yield rows.line_num, _supplier(cells)


def _supplier(cells: dict[str, str]) -> Supplier:
    return Supplier(
        name=cells["name"],
        domains=_several(cells.get("domains", "")),
        addresses=_several(cells.get("addresses", "")),
        contacts={purpose: cells.get(purpose, "") for purpose in Purpose},
        language=cells.get("language", ""),
    )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"[\s,;]+", cell)))
