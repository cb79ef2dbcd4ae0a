"""`flask audit verify` and `flask audit head`: whether the record of events is whole, and the end of it to keep."""

import sys

import click
from flask.cli import AppGroup

from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.errors import BadInput
from storage import audit as chain
from storage.audit import Head

audit = AppGroup("audit", help="The record of events.")


@audit.command("verify", with_appcontext=False)
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
@click.option(
    "--kept", default="", help="An end that was written down before: without it no cut at the end is certain."
)
def verify(slug: str, kept: str) -> None:
    """Count the chain again from the rows; exit 1 and name the row where it breaks."""
    with services_for("database") as services:
        try:
            known = Head.read(kept) if kept else None
        except ValueError as error:
            raise BadInput("kept", "An end reads POSITION:HASH, as `flask audit head` prints it.") from error
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            wrong, end = chain.broken(db, tenant, known), chain.head(db, tenant)
    if wrong:
        click.echo(wrong, err=True)
        sys.exit(1)
    click.echo(f"The record of {slug} is whole: {end.position} events. Its end, to be kept elsewhere: {end}")


@audit.command("head", with_appcontext=False)
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def head(slug: str) -> None:
    """Print the end of the chain, POSITION:HASH, for a place that the database's owner cannot change."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            click.echo(chain.head(db, tenant))
