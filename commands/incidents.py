"""`flask incidents watch`: which status page a workspace watches, and who tells customers of what stands there."""

import click
from flask.cli import AppGroup

from adapters.status_page import page_address
from commands.importing import tenant_of
from commands.settings_of import services_for
from storage import incidents as incident_rows
from storage import tenants

incidents = AppGroup("incidents", help="What is wrong on the shop's side, as its status page tells it.")


@incidents.command("watch", with_appcontext=False)
@click.argument("url")
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
@click.option(
    "--by-itself/--by-a-person",
    default=None,
    help="Who tells a customer of an open incident: the machine, or a person who sees the draft first.",
)
def watch(url: str, slug: str, *, by_itself: bool | None) -> None:
    """Read the status page at URL (https) every minute from now on; "none" reads none any more."""
    with services_for("database") as services:
        private = services.settings.status_page_private
        address = "" if url == "none" else page_address(url, private_allowed=private)
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            incident_rows.watch(db, tenant, address)
            if by_itself is not None:
                tenants.set_incident_replies(db, tenant, by_itself=by_itself)
    click.echo(f"Watching {address}." if address else "No status page is watched any more.")
