"""The servers of a test session: every test has a database of its own."""

import psycopg
import redis

from tests.support.servers import running_servers


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)


def test_each_test_gets_the_migrated_tables_and_none_of_the_others_rows() -> None:
    migrated = []

    def migrate(owner_url: str) -> None:
        migrated.append(owner_url)
        with connect(owner_url) as connection:
            connection.execute("CREATE TABLE mail (text text)")

    with running_servers(migrate) as servers:
        for _ in range(3):
            with servers.fresh_database() as url, connect(url) as connection:
                assert connection.execute("SELECT count(*) FROM mail").fetchone() == (0,)
                connection.execute("INSERT INTO mail VALUES ('mine')")
        with servers.empty_database() as url, connect(url) as connection:
            assert connection.execute("SELECT to_regclass('mail')").fetchone() == (None,)
        with redis.Redis.from_url(servers.empty_valkey()) as client:
            client.set("key", "value")
        with redis.Redis.from_url(servers.empty_valkey()) as client:
            assert client.get("key") is None
        folder = servers._folder
        postgres, valkey = servers.postgres, servers.valkey
    assert len(migrated) == 1
    assert not folder.exists()
    assert not postgres.alive
    assert not valkey.alive


def test_a_session_that_needs_no_server_starts_none() -> None:
    with running_servers(lambda url: None) as servers:
        assert list(servers._folder.iterdir()) == []
