"""Count Gmail's quota units per user and method, and tell when a minute's allowance is spent.

The table is Google's for projects created from 2026-05-01 on; methods that it leaves out are given the figure of
their nearest relative.
"""

from collections import Counter, defaultdict, deque

UNITS = {
    "getProfile": 1,
    "labels.list": 1,
    "labels.get": 1,
    "labels.create": 5,
    "labels.delete": 5,
    "history.list": 2,
    "messages.list": 5,
    "messages.get": 20,
    "messages.modify": 5,
    "messages.trash": 5,
    "messages.untrash": 5,
    "messages.batchModify": 50,
    "messages.send": 100,
    "messages.attachments.get": 20,
    "drafts.list": 5,
    "drafts.get": 20,
    "drafts.create": 10,
    "drafts.update": 15,
    "drafts.delete": 10,
    "drafts.send": 100,
    "threads.list": 10,
    "threads.get": 40,
    "threads.modify": 10,
    "watch": 100,
    "stop": 50,
}
WINDOW_S = 60.0


class Quota:
    """Units spent: in all, by method, and per user within the last minute. Times are epoch seconds."""

    def __init__(self) -> None:
        self.by_user: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._recent: defaultdict[str, deque[tuple[float, int]]] = defaultdict(deque)
        self._spent: Counter[str] = Counter()

    def last_minute(self, user: str, now: float) -> int:
        recent = self._recent[user]
        while recent and recent[0][0] <= now - WINDOW_S:
            self._spent[user] -= recent.popleft()[1]
        return self._spent[user]

    def free_at(self, user: str, now: float) -> float:
        """When the oldest spending of the window falls out of it."""
        recent = self._recent[user]
        return recent[0][0] + WINDOW_S if recent else now

    def spend(self, user: str, route: str, now: float) -> int:
        units = UNITS.get(route, 0)
        if units:
            self.by_user[user][route] += units
            self._recent[user].append((now, units))
            self._spent[user] += units
            self.last_minute(user, now)
        return units

    def totals(self, now: float) -> dict[str, dict[str, object]]:
        """`{user: {"total", "last_minute", "by_method": {method: units}}}`."""
        return {
            user: {
                "total": sum(methods.values()),
                "last_minute": self.last_minute(user, now),
                "by_method": dict(methods),
            }
            for user, methods in self.by_user.items()
        }
