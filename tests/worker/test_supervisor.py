"""The supervisor: what ends is started again, what is stopped leaves nothing, what is printed arrives."""

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.waiting import until
from worker.supervisor import Command, Patience, Supervisor

ROOT = Path(__file__).parents[2]
QUICK = Patience(first_pause=0.05, longest_pause=0.2, healthy_after=30, stop_within=60, last_grace=10)
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


def python(name: str, code: str, **more: object) -> Command:
    return Command(name, (sys.executable, "-c", code), **more)


def run_until(condition: Callable[[Supervisor, str], object], *commands: Command, **more: object) -> str:
    """Run the commands until the condition holds of the supervisor and its log; the whole log."""
    log = io.StringIO()
    late = threading.Event()
    timer = threading.Timer(60, late.set)
    timer.start()

    def tick() -> None:
        if late.is_set() or condition(supervisor, log.getvalue()):
            supervisor.stop()

    supervisor = Supervisor(commands, log=log, tick=tick, patience=more.pop("patience", QUICK), **more)
    supervisor.run()
    timer.cancel()
    assert not late.is_set(), f"not within 60 s; the log was:\n{log.getvalue()}"
    return log.getvalue()


def has_ended(pid: int) -> bool:
    """Also when nobody has asked for its exit code yet, as in a container whose first process does not."""
    try:
        os.kill(pid, 0)
        return Path("/proc/self").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return True


def test_lines_are_forwarded_after_the_name_and_into_a_file_each(tmp_path: Path) -> None:
    talker = python("web", f"import sys; print('grüße'); print('to stderr', file=sys.stderr, flush=True); {SLEEPER}")
    log = run_until(lambda _, log: log.count("up") == 2, talker, python("listener", SLEEPER), folder=tmp_path / "logs")
    assert "web      | grüße\n" in log
    assert "web      | to stderr\n" in log
    assert "listener | up\n" in log
    assert set((tmp_path / "logs" / "web.log").read_text().splitlines()) == {"grüße", "to stderr", "up"}
    assert (tmp_path / "logs" / "listener.log").read_text() == "up\n"


def test_an_unfinished_line_and_much_output_arrive_whole() -> None:
    code = "import sys; sys.stdout.write('x' * 300_000 + '\\n' + 'y' * 1000 + '\\nlast words')"
    log = run_until(lambda _, log: "ended" in log, python("web", code))
    assert log.count("x") >= 300_000
    assert "y" * 1000 + "\n" in log
    assert "web | last words\n" in log


def test_the_environment_and_the_folder_reach_the_command(tmp_path: Path) -> None:
    code = "import os; print(os.environ['SHOP'], os.getcwd(), flush=True); import time; time.sleep(600)"
    log = run_until(lambda _, log: "|" in log, python("web", code, env={"SHOP": "tea"}, cwd=tmp_path))
    assert f"tea {tmp_path}" in log


def test_what_ends_is_started_again_after_longer_and_longer_pauses() -> None:
    log = run_until(lambda _, log: log.count("starts again") == 4, python("web", "print('once'); raise SystemExit(3)"))
    assert log.count("web | once") == 4
    assert "web ! ended with code 3" in log
    assert [line.split()[-2] for line in log.splitlines() if "starts again" in line] == ["0.05", "0.1", "0.2", "0.2"]


def test_pauses_begin_anew_after_a_time_of_health() -> None:
    patience = Patience(first_pause=0.5, longest_pause=30, healthy_after=30)
    pauses = [patience.next_pause(None, ran=0)]
    for _ in range(7):
        pauses.append(patience.next_pause(pauses[-1], ran=29))
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert patience.next_pause(30, ran=30) == 0.5


def test_a_command_that_cannot_be_run_says_so_and_is_tried_again() -> None:
    log = run_until(lambda _, log: log.count("starts again") == 2, Command("web", ("/no/such/program",)))
    assert "cannot run /no/such/program: No such file or directory" in log
    assert "ended with code 127" in log


def test_those_behind_wait_until_the_one_before_is_ready(tmp_path: Path) -> None:
    flag = tmp_path / "ready"
    first = python("web", f"import time; time.sleep(0.3); open({str(flag)!r}, 'w').close(); print('open'); {SLEEPER}")
    log = run_until(
        lambda supervisor, log: supervisor.ready and log.count("up") == 2,
        Command(first.name, first.argv, ready=flag.exists),
        python("worker", f"print(__import__('os').path.exists({str(flag)!r})); {SLEEPER}"),
    )
    assert "worker | True" in log


def test_commands_stop_in_the_opposite_order_of_their_start() -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('finishing', flush=True), sys.exit(0)))\n"
        "print('up', flush=True); time.sleep(600)"
    )
    log = run_until(
        lambda _, log: log.count("up") == 3, *(python(name, code) for name in ("web", "listener", "worker"))
    )
    stops = [line.split()[0] for line in log.splitlines() if "finishing" in line]
    assert stops == ["worker", "listener", "web"]
    assert log.count("ended with code 0") == 3


def test_what_does_not_listen_to_sigterm_is_killed_in_time_with_its_children() -> None:
    code = (
        "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); print('child', child.pid, flush=True)\n"
        "time.sleep(600)"
    )
    patience = Patience(stop_within=0.6, last_grace=0.3)
    log = run_until(lambda _, log: "child" in log and "up" in log, python("web", code), patience=patience)
    assert "did not stop in time and is killed" in log
    child = int(next(line for line in log.splitlines() if "child" in line).split()[-1])
    until(lambda: has_ended(child))


def test_children_of_a_crashed_command_are_not_left_behind() -> None:
    code = (
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print('child', child.pid, flush=True); os._exit(1)"
    )
    log = run_until(lambda _, log: "ended with code 1" in log, python("web", code))
    child = int(next(line for line in log.splitlines() if "child" in line).split()[-1])
    until(lambda: has_ended(child))


PROGRAM = f"""
import sys
from worker.supervisor import Command, Patience, Supervisor
codes = {{"web": {SLEEPER!r}, "worker": sys.argv[1]}}
commands = [Command(name, (sys.executable, "-c", code)) for name, code in codes.items()]
supervisor = Supervisor(commands, tick=lambda: told(), patience=Patience(stop_within=600))
def told():
    if len(supervisor.pids) == 2:
        print("pids", *supervisor.pids.values(), flush=True)
        global told
        told = lambda: None
supervisor.run()
print("all ended", flush=True)
"""


def start_program(worker: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A supervisor in a process of its own; it and its commands' process ids, once both commands are up."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, worker], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    pids: list[int] = []
    up = 0
    while up < 2 or not pids:
        line = program.stdout.readline()
        assert line, "the supervisor ended early"
        up += line.endswith("| up\n")
        pids = [int(word) for word in line.split()[1:]] if line.startswith("pids") else pids
    return program, pids


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_supervisor_and_all_its_commands(how: signal.Signals) -> None:
    program, pids = start_program(SLEEPER)
    os.killpg(program.pid, how)  # as a terminal does at Ctrl-C: the children are in other sessions and do not get it
    rest = program.communicate(timeout=60)[0]
    assert program.returncode == 0
    assert rest.endswith("all ended\n")
    assert rest.count("ended with code -15") == 2
    assert all(has_ended(pid) for pid in pids)


def test_a_second_signal_does_not_wait_for_the_stubborn() -> None:
    program, pids = start_program(STUBBORN)
    program.send_signal(signal.SIGINT)
    while "is asked to stop" not in (line := program.stdout.readline()):
        assert line, "the supervisor ended early"
    program.send_signal(signal.SIGINT)
    rest = program.communicate(timeout=60)[0]
    assert "is killed" in rest
    assert all(has_ended(pid) for pid in pids)


def test_a_killed_supervisor_leaves_no_commands_behind() -> None:
    program, pids = start_program(SLEEPER)
    program.kill()
    program.communicate()
    until(lambda: all(has_ended(pid) for pid in pids))


def test_a_log_that_nobody_reads_any_more_stops_everything() -> None:
    program, pids = start_program("import time\nwhile not time.sleep(0.1): print('up', flush=True)")
    program.stdout.close()
    until(lambda: all(has_ended(pid) for pid in pids))
    program.wait(timeout=60)
