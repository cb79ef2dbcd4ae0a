"""Bring a database to the newest form, and give the program's logins the roles that the policies name."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from domain.errors import NeedsPerson, TryAgain
from storage.database import PATIENCE, psycopg_url

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(owner_url: str, *, app_url: str = "", listener_url: str = "", revision: str = "head") -> None:
    """Run the migrations as the owner of the tables; then put the users of the two URLs into their roles.

    Raises TryAgain when Postgres does not let us in; a migration that fails raises what it raises.
    """
    # Once it let us in we wait: a migration may take longer than any statement of the program's.
    patience = {"connect_timeout": PATIENCE["connect_timeout"]}
    engine = create_engine(psycopg_url(owner_url), poolclass=NullPool, connect_args=patience)
    try:
        connection_of_owner = engine.connect()
    except OperationalError as error:
        raise TryAgain(f"Postgres is not reachable as DATABASE_OWNER_URL says: {error.orig}".strip()) from error
    with connection_of_owner as connection, connection.begin():
        # Two programs may start at once: the second waits, then finds nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(728314)"))
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for url, role in ((app_url, "mailwright_app"), (listener_url, "mailwright_listener")):
            if url:
                _ensure_login(connection, url, role)
    engine.dispose()


def _ensure_login(connection: Connection, url: str, role: str) -> None:
    """Create the user that `url` names where it is missing, give it that password, and put it into `role` alone."""
    user, password = make_url(psycopg_url(url)).username, make_url(psycopg_url(url)).password
    if not user:
        return
    if user == connection.engine.url.username:
        raise NeedsPerson(f"The program must not run as {user}, who owns the tables: give it a user of its own.")
    quoted = connection.dialect.identifier_preparer.quote(user)
    known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :user"), {"user": user}).scalar()
    if not known:
        connection.exec_driver_sql(f"CREATE ROLE {quoted} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
    if password:
        # ALTER ROLE takes no parameters: let the server quote the literal.
        literal = connection.execute(text("SELECT quote_literal(:password)"), {"password": password}).scalar_one()
        connection.exec_driver_sql(f"ALTER ROLE {quoted} PASSWORD {literal.replace('%', '%%')}")
    connection.exec_driver_sql(f"GRANT {role} TO {quoted}")
