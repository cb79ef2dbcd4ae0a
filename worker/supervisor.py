"""Keep a set of commands running: start them in order, again when they end, and stop them in the opposite order.

One thread for all of them. A child has a session of its own, so that Ctrl-C in a terminal reaches only us, and it is
told to stop when we end in any way (`tied`).
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import killpg
from pathlib import Path
from types import FrameType
from typing import TextIO

from adapters.embedded.child import tied
from worker.forwarding import Forwarding

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # a closed terminal stops us as Ctrl-C does
LOOK_EVERY = 0.1  # seconds at most until an end, a due start or a wish to stop is noticed


@dataclass(frozen=True, slots=True)
class Command:
    """One program to keep running. Those behind it first start when `ready()` is true (None: at once)."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    ready: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait, in seconds.

    Pauses before a new start double from `first_pause` to `longest_pause` and are forgotten after `healthy_after` of
    running. All commands together may take `stop_within` to stop; however slow the others are, each has `last_grace`.
    """

    first_pause: float = 0.5
    longest_pause: float = 30.0
    healthy_after: float = 30.0
    stop_within: float = 25.0
    last_grace: float = 5.0

    def next_pause(self, last: float | None, ran: float) -> float:
        """The pause before a command starts again that ran so long, and whose last pause was `last`."""
        if last is None or ran >= self.healthy_after:
            return self.first_pause
        return min(last * 2, self.longest_pause)


@dataclass(slots=True)
class _Child:
    command: Command
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    pause: float | None = None
    ready: bool = False
    was_ready: bool = False


class Supervisor:
    """Runs `commands` until SIGINT, SIGTERM, SIGHUP or `stop()`; a second signal stops at once.

    Lines go to `log`, after the command's name, and, where `folder` is given, as they are to `folder/NAME.log`.
    `tick` is called about ten times a second, to look after what is no command, such as the embedded servers.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        log: TextIO = sys.stdout,
        folder: Path | None = None,
        tick: Callable[[], object] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._children = [_Child(command) for command in commands]
        self._forwarding = Forwarding([command.name for command in commands], log, folder)
        self._tick = tick
        self._patience = patience or Patience()
        self._wishes_to_stop = 0

    def run(self) -> None:
        """Keep the commands running; returns when all of them have ended. Only in the main thread."""
        earlier = {each: signal.signal(each, self._asked_to_stop) for each in STOPS}
        try:
            while not self._wishes_to_stop:
                self._look_after(time.monotonic())
                if self._tick is not None:
                    self._tick()
                self._forward()
        finally:
            self._end_all()
            self._forwarding.close()
            for each, handler in earlier.items():
                signal.signal(each, handler)

    def stop(self) -> None:
        """Let `run()` end soon. May be called from `tick` or from another thread."""
        self._wishes_to_stop = max(self._wishes_to_stop, 1)

    @property
    def ready(self) -> bool:
        """Whether every command runs and is ready."""
        return all(child.process is not None and child.ready for child in self._children)

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the commands that run now, by name."""
        return {child.command.name: child.process.pid for child in self._children if child.process is not None}

    def _asked_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._wishes_to_stop += 1

    def _look_after(self, now: float) -> None:
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, child.process)
                child.pause = self._patience.next_pause(child.pause, now - child.started)
                child.due = now + child.pause
                self._forwarding.say(child.command.name, f"starts again in {child.pause:g} s")
            if child.process is None and now >= child.due:
                self._start(child, now)
            if child.process is not None and not child.ready:
                child.ready = child.command.ready is None or child.command.ready()
                child.was_ready |= child.ready
            if not child.was_ready:  # Those behind it wait, but only at the first start.
                return

    def _start(self, child: _Child, now: float) -> None:
        child.process = subprocess.Popen(
            tied(child.command.argv, signal.SIGTERM),
            env=child.command.env,
            cwd=child.command.cwd,
            bufsize=0,  # so that the selector knows of all that is unread
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        child.started = now
        assert child.process.stdout is not None
        self._forwarding.add(child.command.name, child.process.stdout)

    def _bury(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        """A command has ended: end what it left behind in its session, and forward its last words."""
        with suppress(ProcessLookupError):
            killpg(process.pid, signal.SIGKILL)
        self._forwarding.finish(child.command.name)
        self._forwarding.say(child.command.name, f"ended with code {process.returncode}")
        child.process = None
        child.ready = False

    def _forward(self) -> None:
        if not self._forwarding.pass_on(LOOK_EVERY):
            self.stop()

    def _end_all(self) -> None:
        """SIGTERM in turn, each after the one before has ended or has used up the time; then SIGKILL for the rest."""
        deadline = time.monotonic() + self._patience.stop_within
        for child in reversed(self._children):
            if child.process is not None:
                self._forwarding.say(child.command.name, "is asked to stop")
                child.process.terminate()
                self._await_ends([child], deadline - self._patience.last_grace)
        self._await_ends(self._children, deadline)
        for child in self._children:
            if child.process is not None:
                self._forwarding.say(child.command.name, "did not stop in time and is killed")
                with suppress(ProcessLookupError):
                    killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
                self._bury(child, child.process)

    def _await_ends(self, children: Sequence[_Child], deadline: float) -> None:
        while self._wishes_to_stop < 2 and time.monotonic() < deadline:
            for child in children:
                if child.process is not None and child.process.poll() is not None:
                    self._bury(child, child.process)
            if all(child.process is None for child in children):
                return
            self._forwarding.pass_on(LOOK_EVERY)
