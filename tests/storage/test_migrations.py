"""Migrations that meet rows: what is there before is there afterwards, and the way back is a way back."""

from contextlib import contextmanager
from uuid import uuid4

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from storage.database import psycopg_url
from storage.migrate import MIGRATIONS


@contextmanager
def migrating(url: str):
    """A connection as the owner of the tables, and the migrations over it."""
    engine = create_engine(psycopg_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        yield connection, config
    engine.dispose()


def branches(connection) -> str:
    return connection.execute(text("SELECT pg_get_viewdef('due'::regclass)")).scalar_one()


def test_a_workspace_that_was_there_before_learning_learns_once(urls):
    with migrating(urls.owner) as (connection, config):
        newest = branches(connection)
        command.downgrade(config, "0001")
        before = branches(connection)
        assert "learn" not in before
        tenant = uuid4()
        connection.execute(
            text("INSERT INTO tenant (tenant_id, slug, name) VALUES (:id, 'old', 'Old')"), {"id": tenant}
        )
        command.upgrade(config, "head")
        assert branches(connection) == newest
        [row] = connection.execute(text("SELECT tenant_id, wanted > done AS due FROM learning")).all()
        assert tuple(row) == (tenant, True)
        due = connection.execute(text("SELECT kind FROM due WHERE tenant_id = :id"), {"id": tenant}).scalars().all()
        assert due == ["learn"]
        command.downgrade(config, "0001")
        assert branches(connection) == before


def test_documents_that_were_there_before_are_indexed_once_and_their_text_survives_the_way_back(urls):
    with migrating(urls.owner) as (connection, config):
        command.downgrade(config, "0003")
        tenant, idle = uuid4(), uuid4()
        for one, slug in ((tenant, "old"), (idle, "idle")):
            connection.execute(
                text("INSERT INTO tenant (tenant_id, slug, name) VALUES (:id, :slug, 'x')"), {"id": one, "slug": slug}
            )
        # The owner of the tables is bound by the policies, too.
        connection.execute(text("CREATE POLICY for_this_test ON document TO CURRENT_USER USING (true)"))
        connection.execute(
            text("""
                INSERT INTO document (tenant_id, id, path, version, source)
                VALUES (:tenant, gen_random_uuid(), 'a.md', 'v1', 'The text.')
            """),
            {"tenant": tenant},
        )
        command.upgrade(config, "0004")
        due = connection.execute(text("SELECT tenant_id FROM due WHERE kind = 'index'")).scalars().all()
        assert due == [tenant]
        [row] = connection.execute(text("SELECT source, body, kind, is_current FROM document")).all()
        assert tuple(row) == ("The text.", None, "text", True)
        command.downgrade(config, "0003")
        assert connection.execute(text("SELECT source FROM document")).scalars().all() == ["The text."]
