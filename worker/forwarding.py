"""Pass on, line by line, what the supervised commands print."""

import os
import selectors
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TextIO

from adapters.embedded.processes import open_log

LONGEST_LINE = 64 * 1024  # bytes; a longer one is passed on in pieces
READ = 64 * 1024
PIPE_HOLDS = 1024 * 1024  # bytes at most, as Linux allows without privileges


class Forwarding:
    """Lines of several pipes into one `log`, each after its command's name, and as they are into `folder/NAME.log`."""

    def __init__(self, names: Sequence[str], log: TextIO, folder: Path | None) -> None:
        self._width = max((len(name) for name in names), default=0)
        self._log = log
        self._log_open = True
        self._folder = folder
        self._selector = selectors.DefaultSelector()
        self._pipes: dict[str, IO[bytes]] = {}
        self._unfinished: dict[str, bytes] = {}
        self._files: dict[str, int] = {}
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def add(self, name: str, pipe: IO[bytes]) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._pipes[name] = pipe
        self._selector.register(pipe, selectors.EVENT_READ, name)
        if self._folder is not None:
            self._files[name] = open_log(self._folder / f"{name}.log")

    def pass_on(self, within: float) -> bool:
        """Wait at most so many seconds for lines and pass them on; whether anybody still reads our log."""
        if not self._selector.get_map():
            time.sleep(within)
        for key, _ in self._selector.select(within):
            if self._read(key.data) == b"":
                self._selector.unregister(key.fileobj)
        return self._log_open

    def finish(self, name: str) -> None:
        """The command has ended: pass on what its pipe still holds, not waiting for others who keep it open."""
        pipe = self._pipes[name]
        for _ in range(PIPE_HOLDS // READ):
            if not self._read(name):
                break
        if pipe.fileno() in self._selector.get_map():
            self._selector.unregister(pipe)
        pipe.close()
        del self._pipes[name]
        rest = self._unfinished.pop(name, b"")
        if rest:
            self._pass_line(name, rest)
        if name in self._files:
            os.close(self._files.pop(name))

    def say(self, name: str, text: str) -> None:
        """A line of our own about a command."""
        self._write(f"{name:<{self._width}} ! {text}\n")

    def close(self) -> None:
        self._selector.close()

    def _read(self, name: str) -> bytes | None:
        """Pass on the whole lines that are there; what was read, b"" at the end, None when there is nothing now."""
        found = self._pipes[name].read(READ)
        if found:
            *lines, rest = (self._unfinished.pop(name, b"") + found).split(b"\n")
            for line in lines:
                self._pass_line(name, line)
            while len(rest) > LONGEST_LINE:
                self._pass_line(name, rest[:LONGEST_LINE])
                rest = rest[LONGEST_LINE:]
            self._unfinished[name] = rest
        return found

    def _pass_line(self, name: str, line: bytes) -> None:
        if name in self._files:
            os.write(self._files[name], line + b"\n")
        self._write(f"{name:<{self._width}} | {line.decode(errors='replace')}\n")

    def _write(self, text: str) -> None:
        """Once nobody reads the log (`make demo | head`), say nothing more."""
        if not self._log_open:
            return
        try:
            self._log.write(text)
            self._log.flush()
        except BrokenPipeError:
            self._log_open = False
