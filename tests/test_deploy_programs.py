"""Each command of the compose file and of the systemd units is run here, word by word, with the settings it is given.

Only two things differ: the address that gunicorn binds, and that Valkey listens on a socket.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from adapters.embedded.binaries import find_valkey
from adapters.vault import new_key
from tests.support.waiting import until
from tests.test_deploy import OF_COMPOSE, OF_SYSTEMD, SERVICES

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@pytest.fixture
def values(servers) -> Iterator[dict[str, str]]:
    """Every setting of .env that has no usual value, for a database without tables."""
    with servers.empty_database() as owner:
        name = owner.rsplit("@/", 1)[1].split("?")[0]
        yield {
            "DATABASE_OWNER_URL": owner,
            "DATABASE_URL": servers.postgres.url(name, "deploy_web", "w"),
            "DATABASE_LISTENER_URL": servers.postgres.url(name, "deploy_listen", "l"),
            "REDIS_URL": servers.empty_valkey(),
            "SECRET_KEY": secrets.token_hex(32),
            "KEY_RING": new_key("k1"),
            "PUBLIC_URL": "https://desk.example.com",
            "GOOGLE_CLIENT_ID": "client",
            "GOOGLE_CLIENT_SECRET": "secret",
        }


def environment(service: str, values: dict[str, str]) -> dict[str, str]:
    """What Compose gives to a service: the settings that the file names, and nothing of ours."""
    given = {name: values.get(name, "") for name in SERVICES[service]["environment"]}
    return {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", **given}


def argv(command: str, address: str = "") -> list[str]:
    words = command.replace("0.0.0.0:8000", address).replace("127.0.0.1:8000", address).split()
    return [str(BIN / words[0]), *words[1:]]


@contextmanager
def running(service: str, values: dict[str, str], log: Path, address: str = "") -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        program = subprocess.Popen(
            argv(OF_COMPOSE[service], address), cwd=ROOT, env=environment(service, values), stderr=output, stdout=output
        )
        try:
            yield program
        finally:
            program.kill()
            program.wait()


def stopped(program: subprocess.Popen[bytes]) -> int:
    """The exit code after the signal with which Compose and systemd end a program."""
    program.send_signal(signal.SIGTERM)
    return program.wait(30)


def migrate(values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv(OF_COMPOSE["migrate"]),
        cwd=ROOT,
        env=environment("migrate", values),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def connected(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:"))


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_systemd_runs_the_same_programs_as_compose():
    def programs(commands: dict[str, str]) -> set[str]:
        return {command.replace("0.0.0.0", "127.0.0.1") for command in commands.values()}  # noqa: S104 (only compared)

    assert programs(OF_SYSTEMD) == programs(OF_COMPOSE)


def test_migrate_makes_tables_and_logins_and_may_be_repeated(values):
    for _ in range(2):
        ended = migrate(values)
        assert ended.returncode == 0, ended.stderr
    with connected(values["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = user")
        assert row.fetchone() == ("deploy_web", False)
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (0,)
    with connected(values["DATABASE_LISTENER_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM due").fetchone() == (0,)


def test_migrate_says_in_one_sentence_that_postgres_is_away(values):
    away = "postgresql://owner:hidden@127.0.0.1:9/mailwright"
    ended = migrate({**values, "DATABASE_OWNER_URL": away})
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "hidden" not in ended.stderr
    assert ended.stderr.strip()


def test_web_serves_under_gunicorn_and_passes_its_health_check(values, tmp_path):
    assert migrate(values).returncode == 0
    address = free_address()
    check = argv("python deploy/check_web.py")

    def healthy() -> bool:
        asked = subprocess.run(
            [*check, address], cwd=ROOT, env=environment("web", values), capture_output=True, timeout=30, check=False
        )
        return asked.returncode == 0

    assert not healthy()
    with running("web", values, tmp_path / "log", address) as web:
        until(healthy, within=60)
        assert stopped(web) == 0, (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("service", "ready"),
    [("listener", "listener_ready"), ("worker-io", "worker_ready"), ("worker-brain", "worker_ready")],
)
def test_a_program_starts_with_what_compose_gives_it_and_ends_when_asked(service, ready, values, tmp_path):
    assert migrate(values).returncode == 0
    log = tmp_path / "log"
    with running(service, values, log) as program:
        until(lambda: ready in log.read_text() or program.poll() is not None, within=60)
        assert program.poll() is None, log.read_text()
        assert stopped(program) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("service", ["listener", "worker-io"])
def test_a_program_waits_while_postgres_and_redis_are_away(service, values, tmp_path):
    """Neither is there at the start: the program says so, goes on trying, and ends when it is asked to."""
    log = tmp_path / "log"
    away = {"DATABASE_URL": "127.0.0.1:9/none", "DATABASE_LISTENER_URL": "127.0.0.1:9/none"}
    away = {name: f"postgresql://user:hidden@{rest}" for name, rest in away.items()}
    with running(service, {**values, **away, "REDIS_URL": "redis://127.0.0.1:9/0"}, log) as program:
        until(lambda: log.read_text().count("not reachable") >= 2 or program.poll() is not None, within=60)
        assert program.poll() is None, log.read_text()
        assert stopped(program) == 0, log.read_text()
    assert "Traceback" not in log.read_text()
    assert "hidden" not in log.read_text()


def test_valkey_takes_the_options_of_the_compose_file(tmp_path):
    """The command of the service redis, with a socket instead of a port; it is asked what its health check asks."""
    options = SERVICES["redis"]["command"]
    assert options[0] == "valkey-server"
    path = tmp_path / "socket"
    here = ["--port", "0", "--unixsocket", str(path), "--dir", str(tmp_path)]
    server = subprocess.Popen([str(find_valkey()), *options[1:], *here], stdout=subprocess.DEVNULL)
    try:
        until(path.exists)
        with redis.Redis(unix_socket_path=str(path)) as client:
            assert client.ping()
            assert client.config_get("save", "appendonly", "maxmemory", "maxmemory-policy") == {
                "save": "",
                "appendonly": "no",
                "maxmemory": "67108864",
                "maxmemory-policy": "noeviction",
            }
    finally:
        server.terminate()
        server.wait(60)
