"""The program's own processes, as the supervisor starts them, over the test's settings."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from commands.demo import environment
from settings import ROOT, Settings

LISTENER = ("run_listener.py",)
# Both with the jail of the tests, which gives a mail the time of a busy machine.
IO, BRAIN = ("-m", "tests.support.plain_worker", "io"), ("-m", "tests.support.plain_worker", "brain")


@contextmanager
def process(settings: Settings, argv: tuple[str, ...], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One process; killed at the end where it still runs."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            [sys.executable, *argv], cwd=ROOT, env=environment(settings), stdout=output, stderr=output
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def program(settings: Settings, folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Listener, io and brain."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(process(settings, argv, folder / f"{name}.log"))
            for name, argv in (("listener", LISTENER), ("io", IO), ("brain", BRAIN))
        }
