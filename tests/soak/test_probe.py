"""What is read of real servers and of a real program."""

import subprocess
import sys

import pytest
import redis
from sqlalchemy import text

from evaluation.bench_cpu import family
from soak.probe import Probe
from soak.processes import held
from tests.conftest import APP
from tests.support.waiting import until

HOLDS = "import sys; kept = [open('/dev/null') for _ in range(40)]; much = bytearray(64 << 20); print(1, flush=True)"
PARENT = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', sys.argv[1] + '; sys.stdin.read()'],"
    " stdin=subprocess.PIPE); child.wait()"
)


@pytest.fixture
def program():
    """One whose child holds 64 MiB and forty files."""
    argv = [sys.executable, "-c", PARENT, HOLDS]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline().strip() == b"1"
            yield process
        finally:
            process.kill()


def test_a_program_holds_what_its_children_hold(program):
    has = held(program.pid)
    assert 64 << 20 < has.own < has.resident < 256 << 20
    assert 40 < has.handles < 80
    assert has.threads >= 2


def test_who_has_ended_holds_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert held(process.pid).resident == 0


def test_a_family_is_read_while_its_children_come_and_go(program):
    busy = "import os\nprint(1, flush=True)\nwhile True:\n    os.fork() or os._exit(0)\n    os.wait()"
    with subprocess.Popen([sys.executable, "-c", busy], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            assert {family(process.pid)[0] for _ in range(2000)} == {process.pid}
        finally:
            process.kill()
    assert len(family(program.pid)) == 2


def test_one_look_reads_programs_servers_tables_and_queue(servers, urls, database, workspace, program):
    name = urls.owner.rsplit("@/", 1)[1].split("?")[0]
    probe = Probe(servers.postgres, servers.valkey, name)
    redis.Redis.from_url(servers.valkey.url).set("soak", "here")
    with database.transaction(workspace.id) as db:
        # What its transactions did a connection of Postgres tells at its leisure.
        db.execute(text("SELECT pg_stat_force_next_flush()"))
    pids = {"web": program.pid, "google": program.pid}
    until(lambda: probe.look(pids)["rows member"] >= 1)
    read = probe.look(pids)
    assert read["memory web"] > 64
    assert read["beside google"] > 64 << 20
    assert "memory google" not in read
    assert read[f"connections {APP}"] >= 1
    assert "connections postgres" not in read
    assert read["memory postgres"] > 0
    assert read["redis-keys all"] >= 1
    assert read["redis-clients all"] >= 1
    assert read["redis-memory all"] > 0
    assert read["database size"] > 1 << 20
    assert (read["due all"], read["oldest all"], read["mails decided"]) == (0, 0, 0)
    assert read["died member"] >= 0
    assert read["bytes member"] * read["rows member"] >= 8192
    assert probe.seconds_used({"web": program.pid}) > 0
