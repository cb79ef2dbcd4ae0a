"""Run a Postgres of our own in a directory: made at the first start, found again at the next."""

import os
import signal
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from adapters.embedded import lock, place
from adapters.embedded.binaries import PostgresPrograms, find_postgres
from adapters.embedded.cluster import OWNER, create_cluster, kept_password, refuse_other_major
from adapters.embedded.copies import runnable_copy
from adapters.embedded.processes import Program, launch, stop
from domain.errors import NeedsPerson

SOCKET = ".s.PGSQL.5432"
# Fast shutdown, then immediate: the latter costs a recovery at the next start, and no data.
STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT)
SETTINGS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    # Mails and addresses stay out of the log: no statement of a failure, and no row in its detail.
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    # The fewest that it takes. Each of its processes keeps what it has ever opened, up to so many, and there are two
    # thousand files to open: with the usual thousand its open files grow for hours.
    "max_files_per_process=64",
)
# A test's rows need not outlive a power failure.
FLEETING = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=256MB")


class RunningPostgres:
    """A started Postgres. As a context manager, it is stopped at the end of the block.

    `owner_url` is for SQLAlchemy with psycopg, over the unix socket, as the superuser that owns the databases.
    """

    def __init__(self, program: Program, data: Path, sockets: Path, password: str, claimed: int) -> None:
        self._program = program
        self._data = data
        self._sockets = sockets
        self._password = password
        self._claimed: int | None = claimed
        self._process = launch(program, self._ready)

    @property
    def owner_url(self) -> str:
        return self.url("postgres")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def url(self, database: str, user: str = OWNER, password: str | None = None) -> str:
        """`postgresql+psycopg://...` for a database; another user's password comes from whoever created that user."""
        secret = self._password if password is None else password
        return (
            f"postgresql+psycopg://{quote(user, safe='')}:{quote(secret, safe='')}@/{quote(database, safe='')}"
            f"?host={quote(str(self._sockets), safe='')}"
        )

    def create_database(self, name: str, template: str | None = None) -> str:
        """The owner's url of the database `name`; created, as a copy of `template` if given, when it is not there."""
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if not found:
                copied = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
                connection.execute(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), copied))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove the database, ending whatever is still connected to it."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def revive(self) -> bool:
        """Start the server again if it has ended; whether that was needed. Waits for what a killed one left running."""
        if self.alive:
            return False
        _forget_stale_pid(self._data)
        self._process = launch(self._program, self._ready)
        return True

    def stop(self) -> None:
        """Shut down, so that the next start needs no recovery. Repeating it does nothing."""
        stop(self._process, self._program.stop_signals)
        if self._claimed is not None:
            os.close(self._claimed)
            self._claimed = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ready(self, pid: int) -> bool:
        # The last line of postmaster.pid is what pg_ctl waits for too: no password and no connection is needed.
        lines = _pid_file(self._data)
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7] == "ready"

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self._sockets), user=OWNER, password=self._password, dbname="postgres", autocommit=True
        )


def start_postgres(
    directory: Path, *, durable: bool = True, programs: PostgresPrograms | None = None
) -> RunningPostgres:
    """Start the Postgres that lives in `directory`, creating both when needed, and return when it takes connections.

    `directory` keeps the password, the log, the locks and, where the server's user can enter it, the data.
    `durable=False` trades safety at a power failure for speed, for tests.
    The server ends with the calling thread: start it in the main one.
    """
    directory = directory.absolute()
    directory.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    claimed = lock.claim(directory / lock.PROGRAM, directory)
    try:
        base = place.base_folder(directory)
        data = base / "data"
        account = _account(data)
        found = runnable_copy(programs or find_postgres(), account) if _is_root() else programs or find_postgres()
        identity = (account.uid, account.gid) if _is_root() else None
        refuse_other_major(data, found.major)
        password = kept_password(directory / "password", data)
        sockets = place.socket_folder(directory, base, SOCKET, account)
        log = directory / "postgres.log"
        if not data.exists():
            create_cluster(found, base, account, identity=identity, password=password, log=log, durable=durable)
        _forget_stale_pid(data)
        settings = (*SETTINGS, f'unix_socket_directories="{sockets}"', *(() if durable else FLEETING))
        argv = (str(found.postgres), "-D", str(data), *(part for setting in settings for part in ("-c", setting)))
        program = Program("Postgres", argv, log, directory / lock.SERVER, STOP_SIGNALS, identity)
        return RunningPostgres(program, data, sockets, password, claimed)
    except BaseException:
        os.close(claimed)
        raise


def _account(data: Path) -> place.Account:
    if _is_root():
        return place.unprivileged_account(data)
    if data.exists() and data.stat().st_uid != os.geteuid():
        raise NeedsPerson(
            f"{data} belongs to another user (uid {data.stat().st_uid}): start as that user, or remove it"
        )
    return place.own_account()


def _forget_stale_pid(data: Path) -> None:
    """Remove the pid file of a server that is gone, when another program of the same user was given its number since.

    Postgres would take that program for itself and refuse to start. The memory of a server that lives is still noticed.
    """
    lines = _pid_file(data)
    if not lines or not lines[0].lstrip("-").isdigit() or not Path("/proc/self").exists():
        return
    try:
        folder = Path(f"/proc/{abs(int(lines[0]))}/cwd").readlink()
    except FileNotFoundError:
        folder = None  # nobody has that number: Postgres sees that itself
    except PermissionError:
        folder = Path("/")  # another user's program, so not this server
    if folder is not None and folder != data.resolve():
        (data / "postmaster.pid").unlink()


def _pid_file(data: Path) -> list[str]:
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []


def _is_root() -> bool:
    return os.geteuid() == 0
