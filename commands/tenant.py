"""`flask tenant create`: a new workspace with its owner."""

from uuid import uuid4

import click
from flask.cli import AppGroup

from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.errors import BadInput
from storage import members, phases, tenants
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
        new, password_hash = uuid4(), _hashed(password, slug, name, owner)
        with services.database.transaction(new) as db:
            tenants.create(db, new, slug=slug, name=name)
            phases.begin_in_shadow(db, new)
            members.add(db, new, email=owner, name=owner.partition("@")[0], password_hash=password_hash, role="owner")
    click.echo(f"The workspace {slug} is there; {owner} can sign in. Everything is in shadow: see `flask phases show`.")


@tenant.command("join", with_appcontext=False)
@click.argument("slug")
@click.argument("email")
@click.option("--role", type=click.Choice(("owner", "admin", "agent", "viewer")), default="agent", show_default=True)
@click.option("--name", default="", help="How others see them; without it what stands before the @.")
@click.option("--password", prompt="Their password", hide_input=True, confirmation_prompt=True)
def join(slug: str, email: str, role: str, name: str, password: str) -> None:
    """Let EMAIL into the workspace SLUG: the second of two who approve a large refund, say."""
    address = email.strip().lower()
    if address.count("@") != 1 or not all(address.split("@")):
        raise BadInput("email", f"{email!r} is no mail address.")
    with services_for("database") as services:
        known, password_hash = tenant_of(services, slug), _hashed(password, slug, name, address)
        with services.database.transaction(known) as db:
            called = name or address.partition("@")[0]
            members.join(db, known, email=address, name=called, password_hash=password_hash, role=role)
    click.echo(f"{address} can sign in to {slug} as {role}.")


def _hashed(password: str, *about: str) -> str:
    """Scripts call these commands: what the pages refuse is done here, and said."""
    hashed = passwords.hashed_by_hand(password)
    if passwords.is_guessable(password, about):
        click.echo("Note: this password is easily guessed. Let its owner choose another one under Account.", err=True)
    return hashed
