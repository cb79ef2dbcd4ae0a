import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from storage.database import psycopg_url


@pytest.fixture
def owner(urls):
    """A connection that sees everything, for looking at what the application's roles cannot see."""
    engine = create_engine(psycopg_url(urls.owner), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
