"""`flask db upgrade`: bring the database to the newest form."""

import sys

import click
from flask.cli import AppGroup

from domain.errors import NeedsPerson, TryAgain
from settings import read_or_exit
from storage import migrate

db = AppGroup("db", help="The database.")


@db.command("upgrade", with_appcontext=False)
@click.option("--revision", default="head", help="Where to go; the newest by default.")
def upgrade(revision: str) -> None:
    """Run the migrations, and give the logins of DATABASE_URL and DATABASE_LISTENER_URL their roles."""
    settings = read_or_exit("migrate")
    try:
        migrate.upgrade(
            settings.database_owner_url,
            app_url=settings.database_url,
            listener_url=settings.database_listener_url,
            revision=revision,
        )
    except (TryAgain, NeedsPerson) as error:
        print(error.reason, file=sys.stderr)
        sys.exit(1)
    click.echo("The database is up to date.")
