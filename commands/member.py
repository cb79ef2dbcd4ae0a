"""`flask member reset-link` and `flask member second-factor-off`: let somebody in again who is locked out."""

from uuid import UUID

import click
from flask.cli import AppGroup

from bootstrap import Services
from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.errors import BadInput
from storage import members, resets, second_factor
from web.new_password import link_to

member = AppGroup("member", help="People of a workspace.")


@member.command("reset-link", with_appcontext=False)
@click.argument("email")
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def reset_link(email: str, slug: str) -> None:
    """Print a link by which EMAIL chooses a new password, once, within a day. Give it to them and to nobody else."""
    with services_for("reset") as services:
        tenant, found = _member_of(services, slug, email)
        with services.database.transaction(tenant) as db:
            token = resets.make(db, tenant, found, by_mail=False)
        if token is not None:
            click.echo(link_to(services, tenant, token))


@member.command("second-factor-off", with_appcontext=False)
@click.argument("email")
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def second_factor_off(email: str, slug: str) -> None:
    """Let EMAIL sign in without a code, when telephone and recovery codes are both lost. Make sure that it is them."""
    with services_for("database") as services:
        tenant, found = _member_of(services, slug, email)
        with services.database.transaction(tenant) as db:
            was_on = second_factor.remove(db, tenant, found, actor="command")
    click.echo("No code is asked for any more." if was_on else "They had no second factor.")


def _member_of(services: Services, slug: str, email: str) -> tuple[UUID, UUID]:
    """Raises BadInput where no member who may sign in has this address."""
    tenant = tenant_of(services, slug)
    with services.database.without_tenant() as db:
        found = [one.member for one in members.candidates(db, email.strip()) if one.tenant == tenant]
    if not found:
        raise BadInput("email", f"Nobody in {slug} signs in with {email.strip()!r}.")
    return tenant, found[0]
