"""The embedded servers: they start everywhere, keep their rows, and leave nothing behind."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from adapters.embedded import place
from adapters.embedded.binaries import PostgresPrograms, packaged_postgres, system_postgres
from adapters.embedded.copies import runnable_copy
from adapters.embedded.postgres import RunningPostgres, start_postgres
from adapters.embedded.valkey import start_valkey
from domain.errors import NeedsPerson
from tests.support.servers import memory
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0


def fresh_home(mode: int) -> Iterator[Path]:
    """A folder for servers, not below pytest's own, which is closed to other users."""
    home = Path(tempfile.mkdtemp(prefix="mailwright-test-", dir=memory()))
    home.chmod(mode)
    directory = home / "server"
    yield directory
    place.erase(directory)
    for folder in sorted(home.rglob("*"), reverse=True):
        folder.rmdir() if folder.is_dir() and not folder.is_symlink() else folder.unlink()
    home.rmdir()


@pytest.fixture
def directory() -> Iterator[Path]:
    yield from fresh_home(0o711)


@pytest.fixture
def closed_directory() -> Iterator[Path]:
    """Below a folder that only we can enter, as /root is."""
    yield from fresh_home(0o700)


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)


def add_row(postgres: RunningPostgres, text: str) -> None:
    with connect(postgres.create_database("shop")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS mail (text text)")
        connection.execute("INSERT INTO mail VALUES (%s)", [text])


def rows(postgres: RunningPostgres) -> list[str]:
    with connect(postgres.url("shop")) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM mail ORDER BY text")]


def is_gone(pid: int) -> bool:
    """Also when nobody has asked for its exit code yet, as in a container whose first process does not."""
    try:
        os.kill(pid, 0)
        return Path("/proc/self").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return True


def started_by_another_program(directory: Path, what: str) -> tuple[subprocess.Popen[str], int]:
    """A program that started the server and waits; the program and the server's process id."""
    script = (
        f"import sys; from pathlib import Path; from adapters.embedded.{what} import start_{what}\n"
        f"server = start_{what}(Path({str(directory)!r})); print(server.pid, flush=True); sys.stdin.read()"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    return program, int(program.stdout.readline())


def end(program: subprocess.Popen[str]) -> None:
    program.kill()
    program.wait()
    for stream in (program.stdin, program.stdout):
        assert stream is not None
        stream.close()


@pytest.mark.parametrize("programs", [*packaged_postgres(), *system_postgres()], ids=lambda found: str(found.bin))
def test_a_second_start_finds_the_rows_of_the_first(directory: Path, programs: PostgresPrograms) -> None:
    with start_postgres(directory, programs=programs) as postgres:
        add_row(postgres, "kept")
    with start_postgres(directory, programs=programs) as postgres:
        assert rows(postgres) == ["kept"]
        with connect(postgres.owner_url) as connection:
            settings = {
                name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0]
                for name in ("data_checksums", "listen_addresses", "fsync", "password_encryption", "TimeZone")
            }
            assert connection.execute("SELECT lower('ÄÉ')").fetchone() == ("äé",)
    assert settings == {
        "data_checksums": "on",
        "listen_addresses": "",
        "fsync": "on",
        "password_encryption": "scram-sha-256",
        "TimeZone": "UTC",
    }


def test_only_an_explicit_word_trades_durability_for_speed(directory: Path) -> None:
    with start_postgres(directory, durable=False) as postgres, connect(postgres.owner_url) as connection:
        assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("off",)


def test_nobody_gets_in_without_the_password(directory: Path) -> None:
    with start_postgres(directory, durable=False) as postgres:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(postgres.url("postgres", password="guessed"))
        sockets = Path(postgres.url("postgres").split("host=")[1].replace("%2F", "/"))
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert (directory / "password").stat().st_mode & 0o777 == 0o600


def test_stopping_ends_the_server_and_may_be_repeated(directory: Path) -> None:
    postgres = start_postgres(directory, durable=False)
    postgres.stop()
    postgres.stop()
    assert is_gone(postgres.pid)
    assert not postgres.alive


def test_a_killed_postgres_is_revived_with_its_rows(directory: Path) -> None:
    with start_postgres(directory) as postgres:
        add_row(postgres, "kept")
        # An open connection's process notices the loss late, and holds the memory until then.
        with connect(postgres.url("shop")) as bystander:
            os.kill(postgres.pid, signal.SIGKILL)
            until(lambda: not postgres.alive)
            assert postgres.revive()
            assert rows(postgres) == ["kept"]
            with pytest.raises(psycopg.OperationalError):
                bystander.execute("SELECT 1")
        assert not postgres.revive()


@pytest.mark.parametrize("what", ["postgres", "valkey"])
def test_a_server_ends_with_its_killed_program_and_the_next_program_takes_over(directory: Path, what: str) -> None:
    program, pid = started_by_another_program(directory, what)
    end(program)
    start = {"postgres": start_postgres, "valkey": start_valkey}[what]
    with start(directory) as server:
        assert server.alive
        assert is_gone(pid)


@pytest.mark.parametrize("what", ["postgres", "valkey"])
def test_a_second_program_is_told_who_uses_the_directory(directory: Path, what: str) -> None:
    program, _ = started_by_another_program(directory, what)
    start = {"postgres": start_postgres, "valkey": start_valkey}[what]
    with pytest.raises(NeedsPerson, match=rf"is in use by another running program \(process {program.pid}\)"):
        start(directory)
    with pytest.raises(NeedsPerson, match="in use"):
        place.erase(directory)
    end(program)


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(directory: Path) -> None:
    """After a restart of a container, numbers come again: another program of the same user has the server's."""
    with start_postgres(directory) as postgres:
        add_row(postgres, "kept")
        held = (place.base_folder(directory) / "data" / "postmaster.pid").read_text()
    pid_file = place.base_folder(directory) / "data" / "postmaster.pid"
    owner = pid_file.parent.stat()
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=owner.st_uid, group=owner.st_gid, cwd="/")
    pid_file.write_text(held.replace(held.splitlines()[0], str(stranger.pid), 1))
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    with start_postgres(directory) as postgres:
        assert rows(postgres) == ["kept"]
    stranger.kill()
    stranger.wait()


def test_it_works_below_a_folder_that_no_other_user_can_enter(closed_directory: Path) -> None:
    with start_postgres(closed_directory) as postgres:
        add_row(postgres, "kept")
    with start_postgres(closed_directory) as postgres:
        assert rows(postgres) == ["kept"]
    assert closed_directory.parent.stat().st_mode & 0o777 == 0o700
    place.erase(closed_directory)
    assert not any(place.shelter_below(top, closed_directory).exists() for top in place.SHELTERS)
    with start_postgres(closed_directory) as postgres, pytest.raises(psycopg.OperationalError, match="does not exist"):
        rows(postgres)


def test_programs_below_a_closed_folder_are_copied_once(closed_directory: Path) -> None:
    """As with a clone, and its virtual environment, below /root."""
    installed = next(packaged_postgres())
    closed_directory.mkdir()
    for part in installed.parts:
        copy = closed_directory / part.relative_to(installed.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["/bin/cp", "-a", part, copy], check=True)
    moved = PostgresPrograms(
        closed_directory / installed.bin.relative_to(installed.root),
        installed.major,
        closed_directory,
        tuple(closed_directory / part.relative_to(installed.root) for part in installed.parts),
    )
    with start_postgres(closed_directory / "postgres", durable=False, programs=moved) as postgres:
        add_row(postgres, "kept")
    account = place.unprivileged_account(closed_directory) if IS_ROOT else place.own_account()
    once, twice = runnable_copy(moved, account), runnable_copy(moved, account)
    assert once == twice
    assert place.reachable(once.bin, account)
    place.erase(closed_directory / "postgres")


def test_a_path_too_long_for_a_socket_gets_a_short_one(directory: Path) -> None:
    deep = directory / ("a" * 100) / ("b" * 100)
    with start_postgres(deep / "postgres", durable=False) as postgres, start_valkey(deep / "valkey") as valkey:
        add_row(postgres, "kept")
        assert rows(postgres) == ["kept"]
        with redis.Redis.from_url(valkey.url) as client:
            assert client.ping()
    for server in ("postgres", "valkey"):
        place.erase(deep / server)
        assert not place.short_folder(deep / server).exists()


@pytest.mark.parametrize("name", ['with, a comma and "quotes"', "wïth ümlaut %41 and ?x=1#y"])
def test_any_name_of_a_folder_will_do(directory: Path, name: str) -> None:
    odd = directory / name
    with start_postgres(odd / "postgres", durable=False) as postgres, start_valkey(odd / "valkey") as valkey:
        add_row(postgres, "kept")
        with redis.Redis.from_url(valkey.url) as client:
            assert client.ping()
    for server in ("postgres", "valkey"):
        place.erase(odd / server)


def test_data_of_another_major_version_are_refused_with_what_to_do(directory: Path) -> None:
    start_postgres(directory, durable=False).stop()
    recorded = directory / "data" / "PG_VERSION"
    recorded.write_text("12\n")
    with pytest.raises(NeedsPerson, match=r"is from Postgres 12, but Postgres \d+ is installed.*pg_dumpall"):
        start_postgres(directory, durable=False)


def test_data_whose_password_is_gone_are_not_overwritten(directory: Path) -> None:
    start_postgres(directory, durable=False).stop()
    (directory / "password").unlink()
    with pytest.raises(NeedsPerson, match=r"password.*is gone"):
        start_postgres(directory, durable=False)
    assert (directory / "data" / "PG_VERSION").exists()


def test_a_failed_start_shows_the_end_of_the_log_and_frees_the_directory(directory: Path) -> None:
    start_postgres(directory, durable=False).stop()
    configuration = directory / "data" / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "\nno_such_setting = 1\n")
    with pytest.raises(NeedsPerson, match=r"Postgres ended at its start(.|\n)*no_such_setting"):
        start_postgres(directory, durable=False)
    configuration.write_text(good)
    start_postgres(directory, durable=False).stop()


def test_an_interrupted_first_start_is_begun_anew(directory: Path) -> None:
    (directory / "data.new").mkdir(parents=True)
    (directory / "data.new" / "half").touch()
    for path in (directory / "data.new", directory / "data.new" / "half"):
        account = place.unprivileged_account(directory) if IS_ROOT else place.own_account()
        os.chown(path, account.uid, account.gid)
    with start_postgres(directory, durable=False) as postgres:
        add_row(postgres, "kept")


def lay_link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def lay_file(path: Path, _target: Path) -> None:
    path.touch()


@pytest.mark.parametrize("lay", [lay_link, lay_file])
def test_what_somebody_put_in_our_way_is_refused(closed_directory: Path, tmp_path: Path, lay) -> None:
    deep = closed_directory / ("a" * 100)
    trap = place.shelter_below(place.SHELTERS[0], deep) if IS_ROOT else place.short_folder(deep)
    lay(trap, tmp_path)
    try:
        with pytest.raises(NeedsPerson, match=f"{trap} should be a folder of ours"):
            start_postgres(deep, durable=False)
    finally:
        trap.unlink()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    foreign = Path("/usr")
    if IS_ROOT:
        foreign = tmp_path / "foreign"
        foreign.mkdir()
        os.chown(foreign, 12345, 12345)
    with pytest.raises(NeedsPerson, match="belongs to another user"):
        place.private_folder(foreign, place.own_account())


def test_the_log_keeps_no_values_of_a_failed_statement(directory: Path) -> None:
    with start_postgres(directory, durable=False) as postgres, connect(postgres.owner_url) as connection:
        connection.execute("CREATE TABLE address (mail text PRIMARY KEY)")
        connection.execute("INSERT INTO address VALUES ('ann@example.org')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO address VALUES ('ann@example.org')")
    log = (directory / "postgres.log").read_text()
    assert "duplicate key value" in log
    assert "ann@" not in log


def test_a_database_can_be_copied_from_a_template_and_dropped(directory: Path) -> None:
    with start_postgres(directory, durable=False) as postgres:
        add_row(postgres, "kept")
        with connect(postgres.create_database("copy", template="shop")) as connection:
            assert connection.execute("SELECT text FROM mail").fetchone() == ("kept",)
            postgres.drop_database("copy")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            connect(postgres.url("copy"))


def test_valkey_hands_jobs_over_and_keeps_them_over_a_restart(directory: Path) -> None:
    with start_valkey(directory) as valkey, redis.Redis.from_url(valkey.url) as client:
        client.lpush("rq:queue:io", "one", "two")
        assert client.brpop(["rq:queue:io"], timeout=60) == (b"rq:queue:io", b"one")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
        path = Path(client.config_get("unixsocket")["unixsocket"])
        assert path.stat().st_mode & 0o777 == 0o700
        assert path.parent.stat().st_mode & 0o777 == 0o700
    with start_valkey(directory) as valkey, redis.Redis.from_url(valkey.url) as client:
        assert client.brpop(["rq:queue:io"], timeout=60) == (b"rq:queue:io", b"two")
        os.kill(valkey.pid, signal.SIGKILL)
        until(lambda: not valkey.alive)
        assert valkey.revive()
        assert client.ping()


def test_valkey_for_tests_keeps_nothing(directory: Path) -> None:
    with start_valkey(directory, durable=False) as valkey, redis.Redis.from_url(valkey.url) as client:
        client.set("key", "value")
    with start_valkey(directory, durable=False) as valkey, redis.Redis.from_url(valkey.url) as client:
        assert client.get("key") is None
