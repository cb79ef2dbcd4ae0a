"""Record every call with what became of it, for tests and for counting."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

KEPT = 100_000


@dataclass(slots=True)
class Call:
    """One call: `fault` names the fault that it played ("" = none); `batch` says that it came inside a batch."""

    n: int
    time: float
    user: str
    route: str
    method: str
    path: str
    status: int
    units: int
    fault: str
    batch: bool


class CallLog:
    """The last calls in order; `n` rises by one per call."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._number = count(1)

    def record(
        self,
        *,
        time: float,
        user: str,
        route: str,
        method: str,
        path: str,
        status: int,
        units: int,
        fault: str,
        batch: bool,
    ) -> None:
        self._calls.append(Call(next(self._number), time, user, route, method, path, status, units, fault, batch))

    def clear(self) -> None:
        self._calls.clear()

    def calls(self, *, route: str = "", user: str = "", since: int = 0) -> list[Call]:
        """The calls after number `since`, narrowed to a route and a user."""
        return [
            call
            for call in list(self._calls)
            if call.n > since and route in ("", call.route) and user in ("", call.user)
        ]

    def as_json(self, *, route: str = "", user: str = "", since: int = 0) -> dict[str, Any]:
        found = self.calls(route=route, user=user, since=since)
        by_route = Counter(call.route for call in found)
        return {"calls": [asdict(call) for call in found], "count": len(found), "by_route": dict(by_route)}
