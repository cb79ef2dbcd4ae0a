"""`flask ticketing`: a workspace's own ticketing system, what of its mail goes onto tickets, and what waits there."""

import os
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from flask.cli import AppGroup

from adapters.ticketing import Connection, Ticketing
from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.bridging import BridgeRules, Mode
from domain.errors import BadInput
from storage import ticket_ends, tickets_waiting
from storage import ticketing as connections

ticketing = AppGroup("ticketing", help="The merchant's ticketing system, beside the desk.")

_tenant = click.option("--tenant", "slug", required=True, help="The workspace's short name.")
_shadow = click.option("--shadow/--no-shadow", default=None, help="Suggest in internal notes, and let people decide.")

# What is known already when a tenant connects for the first time: mail goes as before, and the ticket hears of it.
FIRST = BridgeRules(Mode.GMAIL_WITH_NOTE)
ACTOR = "command"


@ticketing.command("connect", with_appcontext=False)
@_tenant
def connect(slug: str) -> None:
    """Connect the system that the environment names, after one login there.

    Read from it are TICKETING_BASE_URL, TICKETING_USERNAME, TICKETING_PASSWORD and, where they differ from the usual,
    TICKETING_PATH_PREFIX (/tickets/tickets) and TICKETING_ZONE (Europe/Berlin). Nothing of them is an argument, which
    others on the machine could read; only the password's sealed form is kept.
    """
    with services_for("shop") as services:
        connection = connection_of(os.environ)
        tenant = tenant_of(services, slug)
        client = Ticketing(connection)
        try:
            client.sign_in()
        finally:
            client.close()
        with services.database.transaction(tenant) as db:
            connections.put(db, tenant, services.sealed_ticketing(tenant, connection), FIRST, actor=ACTOR)
            rules = connections.rules(db, tenant) or FIRST
    click.echo(f"Connected with {connection.base_url}. {_in_words(rules)}")


@ticketing.command("mode", with_appcontext=False)
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]))
@_tenant
@_shadow
def set_mode(mode: str, slug: str, *, shadow: bool | None) -> None:
    """Say where replies about known orders go: by the ticket, by Gmail, or by Gmail with a note on the ticket."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            known = connections.rules(db, tenant)
            if known is None:
                raise BadInput("tenant", "No ticketing system is connected: flask ticketing connect comes first.")
            rules = BridgeRules(Mode(mode), known.shadow if shadow is None else shadow)
            connections.set_rules(db, tenant, rules, actor=ACTOR)
    click.echo(_in_words(rules))


@ticketing.command("disconnect", with_appcontext=False)
@_tenant
def disconnect(slug: str) -> None:
    """Forget the connection and its password. What waits for a ticket and is for a customer becomes a person's."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            gone = connections.clear(db, tenant, actor=ACTOR)
    click.echo("Disconnected; the desk is all there is." if gone else "No ticketing system was connected.")


@ticketing.command("waiting", with_appcontext=False)
@_tenant
def waiting(slug: str) -> None:
    """Print the orders at whose tickets a person has to look, each with the reason."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            rows, trouble = tickets_waiting.every(db, tenant), connections.last_error(db, tenant)
    for row in rows:
        click.echo(f"{row.order_number}\t{row.number or '-'}\t{len(row.words)} texts\t{row.why}")
    how_many = "1 order waits" if len(rows) == 1 else f"{len(rows)} orders wait"
    click.echo(f"{how_many} for a person.{f' Last trouble: {trouble}' if trouble else ''}", err=True)


@ticketing.command("look-again", with_appcontext=False)
@click.argument("order_number")
@_tenant
@click.option("--ticket", "external_id", type=click.IntRange(1), help="The id of the ticket that you found.")
def look_again(order_number: str, slug: str, external_id: int | None) -> None:
    """Go on with the ticket of ORDER_NUMBER after you looked at the system.

    With --ticket it is that one; without, it is looked for once more, and made where there is none. Notes that were
    never sent go there; what may have been sent stays as it is.
    """
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            if not ticket_ends.look_again(db, tenant, order_number, external_id=external_id, actor=ACTOR):
                raise BadInput("order_number", "No ticket of this order waits for a person.")
    click.echo("The workers go on with it.")


def connection_of(environ: Mapping[str, str]) -> Connection:
    """The connection that the environment names. Raises BadInput with one sentence, and without a secret in it."""
    known = {name: environ.get(f"TICKETING_{name}", "").strip() for name in ("BASE_URL", "USERNAME", "PASSWORD")}
    missing = [f"TICKETING_{name}" for name, value in known.items() if not value]
    if missing:
        raise BadInput("environment", f"{' and '.join(missing)} must be set.")
    base_url, address = known["BASE_URL"].rstrip("/"), urlsplit(known["BASE_URL"])
    at_home = address.hostname in {"127.0.0.1", "localhost", "::1"}
    if address.scheme not in {"https", *(["http"] if at_home else [])} or not address.hostname or address.username:
        raise BadInput("TICKETING_BASE_URL", "It must be an https address, such as https://host/api/sdt/1.")
    plain = Connection(base_url, known["USERNAME"], known["PASSWORD"])
    prefix = environ.get("TICKETING_PATH_PREFIX", "").strip() or plain.path_prefix
    zone = environ.get("TICKETING_ZONE", "").strip() or plain.zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput("TICKETING_ZONE", "It must be the name of a zone, such as Europe/Berlin.") from None
    return replace(plain, path_prefix=f"/{prefix.strip('/')}", zone=zone)


def _in_words(rules: BridgeRules) -> str:
    said = {
        Mode.TICKET_ONLY: "Replies about a known order leave by its ticket.",
        Mode.GMAIL_ONLY: "Replies leave by Gmail, and tickets hear nothing.",
        Mode.GMAIL_WITH_NOTE: "Replies leave by Gmail, and the order's ticket gets a note of the exchange.",
    }
    shadow = " Shadow: nothing leaves by itself; suggestions become internal notes." if rules.shadow else ""
    return said[rules.mode] + shadow
