"""Set this process's clock wrong by some seconds, before anything of ours is imported.

Leases, waits and order are Postgres's own time (RELIABILITY.md 3.2); this shows that no worker's clock decides them.
"""

import datetime as dt
import time
from typing import Any

_REAL = dt.datetime


class _Kind(type):
    """Whoever asks whether something is a datetime asks about the real ones, and makes real ones."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _REAL)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return _REAL(*args, **kwargs)


def shift(seconds: float) -> None:
    """From now on `datetime.now()`, `datetime.utcnow()` and `time.time()` say a time that is wrong by so much."""
    wrong_by, right = dt.timedelta(seconds=seconds), time.time

    class Shifted(_REAL, metaclass=_Kind):
        # As large as a real one: compiled libraries look at that.
        __slots__ = ()

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return _REAL.now(tz) + wrong_by

        @classmethod
        def utcnow(cls) -> Any:
            return _REAL.now(dt.UTC).replace(tzinfo=None) + wrong_by

    dt.datetime = Shifted  # type: ignore[misc]  # that it is another class is the point
    time.time = lambda: right() + seconds
