"""`flask tenant create`: a new workspace with its owner."""

from uuid import uuid4

import click
from flask.cli import AppGroup

from commands.settings_of import services_for
from storage import members, tenants
from web import passwords

tenant = AppGroup("tenant", help="Workspaces.")


@tenant.command("create", with_appcontext=False)
@click.argument("slug")
@click.option("--name", prompt="The workspace's name")
@click.option("--owner", prompt="The owner's mail address")
@click.option("--password", prompt="The owner's password", hide_input=True, confirmation_prompt=True)
def create(slug: str, name: str, owner: str, password: str) -> None:
    """Create the workspace SLUG and its first member."""
    with services_for("database") as services:
        new, password_hash = uuid4(), passwords.hashed(password)
        with services.database.transaction(new) as db:
            tenants.create(db, new, slug=slug, name=name)
            members.add(db, new, email=owner, name=owner.partition("@")[0], password_hash=password_hash, role="owner")
    click.echo(f"The workspace {slug} is there; {owner} can sign in.")
