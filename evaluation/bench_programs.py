"""The programs of the bench as real processes: started as production starts them, watched through their logs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.embedded.child import tied
from adapters.embedded.processes import last_lines
from settings import ROOT, Settings, as_environment

LISTENER = (sys.executable, "run_listener.py")
GUNICORN = (sys.executable, "-m", "gunicorn", "app:create_app()", "--bind")
START = 60.0  # seconds at most until a program is there
LOOK_EVERY = 0.02


def worker(queue: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "worker.run", queue)


@dataclass(frozen=True, slots=True)
class Program:
    """A started process; what it prints is in `log`, `began` is on the monotonic clock."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    began: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of the log that are such an event, in their order."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("{") and f'"{name}"' in line:
                event = json.loads(line)
                if event.get("event") == name:
                    found.append(event)
        return found

    def until(self, condition: Callable[[], object], within: float = START) -> float:
        """Wait until it is true; the seconds since the start. Raises RuntimeError when the program ends before."""
        while not condition():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended; {last_lines(self.log)}")
            if time.monotonic() > self.began + within:
                raise RuntimeError(f"{self.name} was not there within {within:.0f} s; {last_lines(self.log)}")
            time.sleep(LOOK_EVERY)
        return time.monotonic() - self.began

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(name: str, argv: tuple[str, ...], settings: Settings, folder: Path) -> Iterator[Program]:
    """The program within the block; it also ends when we are killed."""
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            tied(argv, signal.SIGTERM), cwd=ROOT, env=_environment(settings), stdout=output, stderr=output,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    program = Program(name, process, log, began)
    try:
        yield program
    finally:
        program.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(settings: Settings) -> dict[str, str]:
    """These settings as a process reads them, on top of our own environment, with what the units of deploy/ set."""
    return {**os.environ, **as_environment(settings), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
