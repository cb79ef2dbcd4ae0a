"""Mail of the system in the demo: it goes to nobody, and stands on the console instead."""

import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from settings import ROOT, Settings
from worker.supervisor import Command

NAME = "system-mail"


def with_mail(settings: Settings, port: int) -> Settings:
    """The same settings, with the sandbox's mail server on this port."""
    return replace(
        settings, mail_host="127.0.0.1", mail_port=port, mail_security="none", mail_from="mailwright@demo.example"
    )


def mail_command(port: int, env: Mapping[str, str]) -> Command:
    """The program that takes every mail and prints it."""
    words = (sys.executable, "-m", "sandbox.smtp", "--port", str(port))
    return Command(NAME, words, dict(env), ROOT, lambda: _listens(port))


class Mails:
    """What the program printed since the last look, for the console."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._file, self._say = logs / f"{NAME}.log", say
        self._read = self._file.stat().st_size if self._file.exists() else 0

    def __call__(self) -> None:
        if not self._file.exists() or self._file.stat().st_size <= self._read:
            return
        with self._file.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        self._say(new.decode(errors="replace").rstrip())


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
