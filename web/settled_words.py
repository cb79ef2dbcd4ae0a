"""How people settled mail, in words: the state of one mail, a sentence about it, what somebody did in a day."""

from collections.abc import Mapping
from typing import assert_never

from domain.settlement import Settlement
from web.fields import one_of


def state(settlement: Settlement) -> str:
    match settlement:
        case Settlement.SENT:
            return "sent"
        case Settlement.DISMISSED:
            return "dismissed"
        case Settlement.GMAIL_DRAFT:
            return "in Gmail"
        case _:
            assert_never(settlement)


def told(settlement: Settlement) -> str:
    match settlement:
        case Settlement.SENT:
            return "The reply was approved."
        case Settlement.DISMISSED:
            return "It was dismissed; nothing is sent."
        case Settlement.GMAIL_DRAFT:
            return "The reply was taken to Gmail as a draft; nothing was sent from here."
        case _:
            assert_never(settlement)


def did(counts: Mapping[Settlement, int]) -> str:
    """What one person did, as the end of a sentence: "sent 1 reply, dismissed 3 and took 2 to Gmail"."""
    *first, last = [_did(one, counts[one]) for one in Settlement if counts.get(one)] or ["settled nothing"]
    return f"{', '.join(first)} and {last}" if first else last


def _did(settlement: Settlement, n: int) -> str:
    match settlement:
        case Settlement.SENT:
            return f"sent {one_of(n, 'reply', 'replies')}"
        case Settlement.DISMISSED:
            return f"dismissed {n}"
        case Settlement.GMAIL_DRAFT:
            return f"took {n} to Gmail"
        case _:
            assert_never(settlement)
