"""Read an error answer of Google's API: its status, its word, its sentence, and when to come back."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from googleapiclient.errors import HttpError

LONGEST_WAIT = timedelta(hours=24)  # nobody may send us to sleep for longer


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer of Google's API. `reason` is its short word, `message` its sentence, both perhaps empty."""

    status: int
    reason: str = ""
    message: str = ""
    retry_after: str = ""

    @property
    def said(self) -> str:
        """What stands in `words` as Google wrote it: it may name an address."""
        return self.message[:200]

    @property
    def words(self) -> str:
        said = ": ".join(part for part in (self.reason, self.said) if part)
        return f"Gmail answered {self.status}" + (f" ({said})." if said else ".")


# Google's newer error form names the same things in other words.
_SAME_REASON = {
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "insufficientPermissions",
    "insufficientScopes": "insufficientPermissions",
    "RATE_LIMIT_EXCEEDED": "rateLimitExceeded",
    "SERVICE_DISABLED": "accessNotConfigured",
    "FAILED_PRECONDITION": "failedPrecondition",
}


def refusal_of(error: HttpError) -> Refusal:
    """Read both forms of Google's error answers; anything else still gives the status."""
    try:
        told = json.loads(error.content)["error"]
        entries = [entry for entry in (*told.get("details", ()), *told.get("errors", ())) if entry.get("reason")]
        reason = entries[0]["reason"] if entries else str(told.get("status", ""))
        message = str(told.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        reason, message = "", ""
    return Refusal(
        status=int(error.resp.status),
        reason=_SAME_REASON.get(reason, reason),
        message=message,
        retry_after=error.resp.get("retry-after", ""),
    )


_RETRY_TIME = re.compile(r"[Rr]etry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))")


def until(refusal: Refusal, now: datetime, otherwise: timedelta) -> datetime:
    """When Google lets us come back: the later of its header and of the time in its sentence, else `otherwise`."""
    named = [moment for moment in (_header_time(refusal.retry_after, now), _time_in(refusal.message)) if moment]
    moment = max(named, default=now + otherwise)
    return min(max(moment, now + timedelta(seconds=1)), now + LONGEST_WAIT)


def _header_time(value: str, now: datetime) -> datetime | None:
    """RFC 9110 10.2.3: seconds, or an HTTP date."""
    if value.isdigit():
        return now + min(timedelta(seconds=int(value[:9])), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _time_in(message: str) -> datetime | None:
    found = _RETRY_TIME.search(message)
    try:
        return datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
