"""`flask phases show` and `set`: how far the machine may go with each kind of mail of a workspace."""

from typing import Any
from uuid import UUID

import click
from flask.cli import AppGroup

from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.category import Category
from domain.errors import BadInput
from domain.phase import Phase
from storage import phases as rows
from storage import tenants
from web import phase_words
from web.phase_cards import cards

phases = AppGroup("phases", help="How far the machine may go with each kind of mail: shadow, assisted, automatic.")


@phases.command("show", with_appcontext=False)
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def show(slug: str) -> None:
    """Say for each kind of mail what happens to it, what the machine would have sent, and what automatic needs."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            lines = _told(db, tenant)
    click.echo("\n".join(lines))


@phases.command("set", with_appcontext=False)
@click.argument("category", type=click.Choice([one.value for one in Category]))
@click.argument("phase", type=click.Choice([one.value for one in Phase]))
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
def put(category: str, phase: str, slug: str) -> None:
    """Put mail of the kind CATEGORY into PHASE, at once, also for what is about to leave."""
    kind, wanted = Category(category), Phase(phase)
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        try:
            with services.database.transaction(tenant) as db:
                before = rows.change(db, tenant, kind, wanted, actor="command")
        except BadInput as error:
            raise click.ClickException(error.reason) from None
    now = "was so already" if before is wanted else f"before: {before}"
    click.echo(f"{phase_words.KINDS[kind]}: {wanted} ({now}). {phase_words.happens(kind, wanted)}")


def _told(db: Any, tenant: UUID) -> list[str]:
    lines = [] if tenants.get(db, tenant).answering else ["Answering by itself is paused: nothing leaves by itself."]
    for category, card in cards(db, tenant).items():
        lines.append(f"{card.kind}: {card.phase}")
        automatic = next((one.needs for one in card.choices if one.phase is Phase.AUTOMATIC), (phase_words.NEVER,))
        said = (phase_words.happens(category, card.phase), *card.told)
        lines += [f"  {line}" for line in (*said, f"Automatic: {' '.join(automatic)}")]
    return lines
