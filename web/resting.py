"""For how long a mail can rest, as a form offers it."""

from datetime import UTC, datetime, timedelta

from domain.errors import BadInput

RESTS = {
    "3h": ("3 hours", timedelta(hours=3)),
    "1d": ("a day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("a week", timedelta(days=7)),
}


def until(word: str, now: datetime | None = None) -> datetime:
    """When a rest of that length ends, beginning now. Raises BadInput."""
    if word not in RESTS:
        raise BadInput("for", "Choose for how long it rests.")
    return (now or datetime.now(UTC)) + RESTS[word][1]
