"""The embedded servers of a test session: started when first asked for, with a fresh database for each test.

Each process of pytest-xdist has its own: they start in about a second and share nothing.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import LiteralString

import psycopg
import redis
from psycopg import sql

from adapters.embedded import place
from adapters.embedded.postgres import RunningPostgres, start_postgres
from adapters.embedded.valkey import RunningValkey, start_valkey

TEMPLATE = "migrated"
MEMORY = Path("/dev/shm")  # noqa: S108 (only for folders of mkdtemp)
ROOM = 2 * 1024**3  # bytes


class Servers:
    """A Postgres and a Valkey in `folder`, without durability; `migrate(owner_url)` makes the tables, once."""

    def __init__(self, folder: Path, migrate: Callable[[str], object], stack: ExitStack) -> None:
        self._folder = folder
        self._migrate = migrate
        self._stack = stack
        self._numbers = itertools.count(1)

    @cached_property
    def postgres(self) -> RunningPostgres:
        directory = self._folder / "postgres"
        self._stack.callback(place.erase, directory)
        return self._stack.enter_context(start_postgres(directory, durable=False))

    @cached_property
    def valkey(self) -> RunningValkey:
        directory = self._folder / "valkey"
        self._stack.callback(place.erase, directory)
        return self._stack.enter_context(start_valkey(directory, durable=False))

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The owner's url of a migrated database that nobody has used; it is dropped at the end.

        A copy takes the tables, their rights and their rows with it, and not what was set on the database as a whole
        (`GRANT ... ON DATABASE`, `ALTER DATABASE ... SET`). Roles belong to the server and are shared by all databases.
        """
        name, template = f"test_{next(self._numbers)}", self._template
        # As files: through the log, as is usual, the copy takes more than twice the processor's time.
        self._say("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
        try:
            yield self.postgres.url(name)
        finally:
            self._drop(name)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The same without tables, for tests of the migrations themselves."""
        name = f"test_{next(self._numbers)}"
        try:
            yield self.postgres.create_database(name)
        finally:
            self._drop(name)

    def hash_quickly(self, passwords: Mapping[str, str]) -> None:
        """Keep these roles' passwords under one round of hashing: the usual 4096 are a third of each connection.

        Postgres 15 and older always takes 4096; there it stays so.
        """
        if self._owner.info.server_version >= 160000:
            self._owner.execute("SET scram_iterations = 1")
            for role, password in passwords.items():
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                self._owner.execute(statement.format(sql.Identifier(role), sql.Literal(password)))

    def empty_valkey(self) -> str:
        """The url of the Valkey after all that earlier tests left in it was removed."""
        with redis.Redis.from_url(self.valkey.url) as client:
            client.flushall()
        return self.valkey.url

    def _drop(self, name: str) -> None:
        self._say("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _say(self, statement: LiteralString, *names: str) -> None:
        self._owner.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    @cached_property
    def _owner(self) -> psycopg.Connection[tuple[object, ...]]:
        """One for all: to connect costs as much as to copy a database."""
        url = self.postgres.owner_url.replace("+psycopg", "", 1)
        return self._stack.enter_context(psycopg.connect(url, autocommit=True))

    @cached_property
    def _template(self) -> str:
        """`migrate` has to close its connections: a database in use cannot be copied."""
        self._migrate(self.postgres.create_database(TEMPLATE))
        return TEMPLATE


def memory() -> Path | None:
    """A folder in memory with room for a few servers: copying a database there takes 20 ms, not 200."""
    if not (os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM):
        return None  # as in most containers
    return MEMORY


@contextmanager
def running_servers(migrate: Callable[[str], object]) -> Iterator[Servers]:
    """The servers of one test session; they, and all that they wrote, are gone at the end."""
    # Not in pytest's own folder, which only its owner can enter: the tests may run as root, and Postgres does not.
    folder = Path(tempfile.mkdtemp(prefix="mailwright-servers-", dir=memory()))
    folder.chmod(0o711)
    try:
        with ExitStack() as stack:
            yield Servers(folder, migrate, stack)
    finally:
        shutil.rmtree(folder)
