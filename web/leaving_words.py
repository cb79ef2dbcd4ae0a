"""When a reply that a person released leaves, in words: the same on its page and as it is released."""

import math
from datetime import UTC, datetime

from storage.leaving import Leaving

# What has to happen to a mailbox from which nothing leaves, by its status.
_UNTIL = {"paused": "resumed", "needs_reauth": "reconnected", "disconnected": "connected again"}


def leaves(found: Leaving | None) -> str:
    """When a reply leaves that was just released, as the end of a sentence."""
    if found is None:
        return "is leaving now"
    wait = waits_for(found.status, found.mailbox)
    if not found.seconds:
        return f"leaves {wait}" if wait else "is leaving now"
    return f"leaves {wait or f'in {found.seconds} seconds'}; until then you can undo it"


def waits_for(status: str, mailbox: str) -> str:
    """What a reply of this mailbox waits for, as "when support@lumen.example is resumed"; nothing while it works."""
    return f"when {mailbox} is {_UNTIL[status]}" if status in _UNTIL else ""


def seconds_left(moment: datetime | None, now: datetime | None = None) -> int:
    """Whole seconds from now, none where it is past."""
    return max(0, math.ceil((moment - (now or datetime.now(UTC))).total_seconds())) if moment else 0
