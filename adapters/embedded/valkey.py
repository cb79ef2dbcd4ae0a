"""Run a Valkey (or Redis) of our own in a directory, reachable through a private unix socket only."""

import os
import signal
import socket
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from adapters.embedded import lock, place
from adapters.embedded.binaries import find_valkey
from adapters.embedded.processes import Program, launch, stop

SOCKET = "valkey.sock"
KEPT = ("--appendonly", "yes", "--appendfsync", "everysec")
FLEETING = ("--appendonly", "no")


class RunningValkey:
    """A started Valkey; its `url` is for Redis clients. As a context manager, it is stopped at the end of the block."""

    def __init__(self, program: Program, path: Path, claimed: int) -> None:
        self._program = program
        self._path = path
        self._claimed: int | None = claimed
        self._process = launch(program, self._ready)

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self._path))}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def revive(self) -> bool:
        """Start the server again if it has ended; whether that was needed."""
        if self.alive:
            return False
        self._process = launch(self._program, self._ready)
        return True

    def stop(self) -> None:
        """Shut down, writing what is to be kept. Repeating it does nothing."""
        stop(self._process, self._program.stop_signals)
        if self._claimed is not None:
            os.close(self._claimed)
            self._claimed = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ready(self, _pid: int) -> bool:
        # It answers something else, `-LOADING`, while it reads what it kept.
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self._path))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except (FileNotFoundError, ConnectionError, TimeoutError):
                return False


def start_valkey(directory: Path, *, durable: bool = True, binary: Path | None = None) -> RunningValkey:
    """Start the Valkey that lives in `directory`, creating it when needed, and return when it answers.

    `durable=False` keeps nothing over a restart. The server ends with the calling thread: start it in the main one.
    """
    directory = directory.absolute()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    claimed = lock.claim(directory / lock.PROGRAM, directory)
    try:
        account = place.own_account()
        data = place.private_folder(directory / "data", account)
        path = place.socket_folder(directory, directory, SOCKET, account) / SOCKET
        argv = (
            *(str(binary or find_valkey()), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
            *("--dir", str(data), "--daemonize", "no", "--save", "", "--maxmemory-policy", "noeviction"),
            *(KEPT if durable else FLEETING),
        )
        program = Program("Valkey", argv, directory / "valkey.log", directory / lock.SERVER, (signal.SIGTERM,))
        return RunningValkey(program, path, claimed)
    except BaseException:
        os.close(claimed)
        raise
