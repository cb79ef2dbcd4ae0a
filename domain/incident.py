"""Something that is wrong on the shop's side for many customers at once, as its status page tells it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# What was read longer ago than this is not told as if it were so now.
CURRENT_FOR = timedelta(minutes=15)

OVER = frozenset({"resolved", "postmortem", "completed", "scheduled"})


@dataclass(frozen=True, slots=True)
class Incident:
    """`text` is the newest update in the page's words, `link` where customers can read on, or empty. Times are UTC.

    `fetched_at` is when the page last said that it is open. `began_at` and `updated_at` are the page's own.
    """

    external_id: str
    name: str
    status: str
    impact: str
    components: tuple[str, ...]
    text: str
    began_at: datetime
    updated_at: datetime
    link: str
    fetched_at: datetime

    def is_current(self, now: datetime) -> bool:
        """Whether it may be told as what is so now."""
        return now - self.fetched_at <= CURRENT_FOR
