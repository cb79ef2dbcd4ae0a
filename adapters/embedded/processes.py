"""Start one server process, wait until it is ready, and stop it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded.child import tied
from adapters.embedded.lock import EARLIER_SERVER, wait_for_last
from domain.errors import NeedsPerson, TryAgain

LOG_KEPT = 10 * 1024 * 1024  # bytes, before the log is set aside at the next start
LOG_SHOWN = 15  # lines of the log in an error
POLL = 0.02  # seconds
STOP_STEP = 10.0  # seconds that a server has for each of its stop signals
START = 600.0  # seconds: recovery after a crash may replay much, and must not be cut off


@dataclass(frozen=True, slots=True)
class Program:
    """How a server is run: `stop_signals` go from polite to certain, and the first also ends it when we die."""

    name: str
    argv: tuple[str, ...]
    log: Path
    lock: Path
    stop_signals: tuple[signal.Signals, ...]
    identity: tuple[int, int] | None = None


def clean_environment() -> dict[str, str]:
    """Nothing of ours but what finds libraries: our secrets are not for it, and a PGPORT would change its ways."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C", "TZ": "UTC"}


def launch(program: Program, ready: Callable[[int], bool]) -> subprocess.Popen[bytes]:
    """Start the server and return when `ready(process id)` is true; what it prints goes to its log."""
    lock = wait_for_last(program.lock, program.name, EARLIER_SERVER)
    log = open_log(program.log)
    try:
        process = subprocess.Popen(
            tied(program.argv, program.stop_signals[0], program.identity),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=clean_environment(),
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C in a terminal is for us, not for the server
        )
    finally:
        os.close(lock)
        os.close(log)
    try:
        _wait_until_ready(program, process, ready)
    except BaseException:  # also Ctrl-C: nothing half started stays behind
        stop(process, program.stop_signals)
        raise
    return process


def _wait_until_ready(program: Program, process: subprocess.Popen[bytes], ready: Callable[[int], bool]) -> None:
    deadline = time.monotonic() + START
    while not ready(process.pid):
        if time.monotonic() >= deadline:
            raise TryAgain(f"{program.name} was not ready within {START:.0f} s; its log is {program.log}")
        try:
            code = process.wait(POLL)
        except subprocess.TimeoutExpired:
            continue
        raise NeedsPerson(f"{program.name} ended at its start with code {code}; {last_lines(program.log)}")


def stop(process: subprocess.Popen[bytes], signals: Sequence[signal.Signals]) -> None:
    """Ask the process to end by each signal in turn; the last means is SIGKILL."""
    for each in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(each)
        try:
            process.wait(STOP_STEP)
        except subprocess.TimeoutExpired:
            continue


def run_once(argv: Sequence[str], log: Path, identity: tuple[int, int] | None, name: str) -> None:
    """Run a program to its end, refusing with the end of its log when it fails."""
    output = open_log(log)
    try:
        code = subprocess.run(
            tied(argv, signal.SIGTERM, identity),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=clean_environment(),
            check=False,
        ).returncode
    finally:
        os.close(output)
    if code:
        raise NeedsPerson(f"{name} failed with code {code}; {last_lines(log)}")


def version_line(binary: Path, environment: Mapping[str, str] | None = None) -> str:
    """What `binary --version` prints, or nothing when it cannot run here."""
    try:
        done = subprocess.run(
            [binary, "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
            env=environment or clean_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def open_log(path: Path) -> int:
    """A descriptor that appends to the log at `path`, setting aside one that grew large."""
    if path.is_file() and path.stat().st_size > LOG_KEPT:
        path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LOG_SHOWN:]
    return f"the end of {log}:\n  " + "\n  ".join(lines)
