"""Kill this process where the driver wants it: at a named point, with -9, as it passes by.

The driver lays down a file with the points it wants. Whoever passes one of them takes the file away, which only one
process can, writes down which it was, and kills itself. Without the file nothing happens.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from chaos.points import COMMIT, Place, by_file

ARMED, HITS = "armed", "hits"


class Fate:
    """One process's own; `folder` is where the driver and all workers meet."""

    def __init__(self, folder: Path) -> None:
        self._armed, self._hits = folder / ARMED, folder / HITS
        self._taken = folder / f"taken-{os.getpid()}"

    def pass_by(self, moment: str, what: str) -> None:
        """Called before and after each commit and each call out; does not return where the process dies."""
        if not self._armed.exists():
            return
        name = self._name(moment, what)
        if name and self._takes(name):
            with self._hits.open("a", encoding="utf-8") as hits:
                hits.write(f"{name}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def _takes(self, name: str) -> bool:
        try:
            if name not in self._armed.read_text(encoding="utf-8").splitlines():
                return False
            self._armed.rename(self._taken)
        except FileNotFoundError:  # Another process was faster.
            return False
        return True

    def _name(self, moment: str, what: str) -> str:
        """The point of the innermost function of ours that commits or asks here; empty where it is in no list."""
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # who called us is what a point is
        while frame is not None:
            found = by_file().get(frame.f_code.co_filename)
            if found is not None:
                return self._at(found, moment, what, frame.f_lineno)
            frame = frame.f_back
        return ""

    def _at(self, found: Sequence[Place], moment: str, what: str, line: int) -> str:
        """The narrowest place around the line; a verb that was named above and is called here, the nearest of it."""
        near = [place for place in found if place.what == what]
        place = min(near, key=lambda place: (place.away(line), place.last - place.first), default=None)
        return f"{moment} {place.name}" if place and (what != COMMIT or not place.away(line)) else ""
