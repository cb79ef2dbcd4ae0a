"""`flask rotate-keys` and `flask new-key`: the key ring that seals every mailbox's tokens."""

import click

from adapters.vault import new_key as fresh_key
from bootstrap import Services
from commands.settings_of import services_for
from storage import due, rotation


@click.command("new-key")
@click.argument("name")
def new_key(name: str) -> None:
    """Print a new key called NAME, to be put into KEY_RING (docs/running.md, Keys)."""
    click.echo(fresh_key(name))


@click.command("rotate-keys")
def rotate_keys() -> None:
    """Seal every token anew under the first key of KEY_RING. May run while everything works; may be repeated."""
    with services_for("rotate") as services:
        resealed = sum(_rotate(services))
    click.echo(f"{resealed} mailboxes sealed anew, and all other secrets. Keys after the first are no longer needed.")


def _rotate(services: Services) -> list[int]:
    with services.listener_database.without_tenant() as db:
        tenants = due.every_tenant(db)
    counts = []
    with click.progressbar(tenants, label="Workspaces") as progress:
        for tenant in progress:
            with services.database.transaction(tenant) as db:
                counts.append(rotation.reseal(db, tenant, services.vault))
    return counts
