"""The blows: kill -9 of what runs, at any moment or at a named point; Redis is wiped, Postgres restarted."""

import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from chaos.fate import ARMED, HITS
from chaos.place import Place
from chaos.points import all_points
from evaluation.bench_cpu import children

# So long is waited for a worker to pass one of the points that were never hit; then any point will do, as long again.
PATIENCE = 4.0


@dataclass
class Killer:
    """`struck` counts by name what fell; `pids` are asked anew for each blow."""

    place: Place
    struck: Counter[str] = field(default_factory=Counter)
    _armed_at: float = 0.0
    _hits_before: int = 0

    def strike(self, blow: str, pids: Mapping[str, int]) -> bool:
        """Whether the blow fell; what is not there yet is struck later."""
        fell = self._point() if blow == "point" else self._one(blow, pids)
        if fell:
            self.struck[blow] += 1
        return fell

    def hits(self) -> Counter[str]:
        """How often a worker died at each point."""
        file = self.place.folder / HITS
        return Counter(file.read_text(encoding="utf-8").splitlines()) if file.exists() else Counter()

    def disarm(self) -> None:
        self._armed.unlink(missing_ok=True)
        self._armed_at = 0.0

    @property
    def overdue(self) -> int:
        """For how many times its patience a point has waited for a worker to come by."""
        return int((time.monotonic() - self._armed_at) // PATIENCE) if self._armed_at else 0

    @property
    def _armed(self) -> Path:
        return self.place.folder / ARMED

    def _point(self) -> bool:
        hits = self.hits()
        if not self._armed_at:
            self._arm([point for point in all_points() if point not in hits] or list(all_points()))
            self._hits_before = hits.total()
            return False
        if hits.total() > self._hits_before:
            self._armed_at = 0.0
            return True
        waited = time.monotonic() - self._armed_at
        if PATIENCE < waited < 2 * PATIENCE and self._armed.exists():
            self._arm(list(all_points()), again=True)
        return False

    def _arm(self, points: list[str], *, again: bool = False) -> None:
        new = self._armed.with_suffix(".new")
        new.write_text("\n".join(points), encoding="utf-8")
        new.replace(self._armed)
        self._armed_at = self._armed_at if again else time.monotonic()

    def _one(self, blow: str, pids: Mapping[str, int]) -> bool:
        postgres, valkey = self.place.postgres, self.place.valkey
        match blow:
            case "postgres" | "postgres stopped" | "postgres restarted":
                how = {"postgres": signal.SIGKILL, "postgres stopped": signal.SIGQUIT}.get(blow, signal.SIGINT)
                return postgres.alive and _killed(postgres.pid, how)
            case "redis":
                return valkey.alive and _killed(valkey.pid)
            case "redis wiped":
                return _wiped(valkey.url)
            case "parser":
                # The child in which an io worker reads hostile mail.
                parsers = [child for name in ("io-1", "io-2") if name in pids for child in _children(pids[name])]
                return bool(parsers) and _killed(parsers[0])
            case _:
                return blow in pids and _killed(pids[blow])


def _killed(pid: int, how: signal.Signals = signal.SIGKILL) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, how)
        return True
    return False


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        return children(pid)
    return []


def _wiped(url: str) -> bool:
    try:
        with Redis.from_url(url, socket_timeout=1) as redis:
            redis.flushall()
    except RedisError:
        return False
    return True
