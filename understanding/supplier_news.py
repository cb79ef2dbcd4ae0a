"""What a supplier's mail says of an order, as facts: read with precision first, since a customer may be told of it."""

import re
from datetime import date, datetime
from urllib.parse import unquote, urlsplit

from domain.order import day_of
from domain.supplier_news import Status, SupplierNews
from understanding.days import days_in
from understanding.sentences import sentences
from understanding.supplier_words import words

LONGEST_LINK = 300
FURTHEST_DAYS = 366

_LINK = re.compile(r"https://[^\s<>\"'|]{4,400}", re.IGNORECASE)
# What no parcel service's link holds, and marks of layout make another link of.
_NO_LINK = re.compile(r"[\\`^{}()\[\]<>\"]|%(?![0-9a-f]{2})", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,24}")


def news_in(text: str, language: str, received_at: datetime, *, verified: bool) -> SupplierNews:
    """The status, days and tracking link of the new text; what is in doubt or contradicts itself is left out.

    `language` is ISO 639-1. Whoever is not `verified` as the sender gives no link that a customer might open.
    """
    today, statuses = day_of(received_at), set[Status]()
    doubted = unsure = False
    arrives, leaves = set[date](), set[date]()
    for one in sentences(text):
        sentence = one.casefold().replace("’", "'")
        rest, said, is_doubted = _status(sentence)
        statuses, doubted = statuses | said, doubted or is_doubted
        moves = words().departure.search(rest) or words().arrival.search(rest)
        # What is denied of one thing may be what the customer waits for.
        doubted = doubted or bool(moves and not said and words().doubts[Status.DISPATCHED].search(sentence))
        if words().doubts_day.search(rest):
            unsure = unsure or bool(moves and days_in(rest, language, today))
            continue
        # A day beside what was done may be the day on which it was.
        days = {day for day in days_in(rest, language, today) if day > today or (day == today and not said)}
        if words().departure.search(rest):
            leaves |= days
        elif words().arrival.search(rest):
            arrives |= days
    if _contradicts(statuses, arrives=bool(arrives), leaves=bool(leaves)):
        return SupplierNews()
    if doubted:
        # One thing was sent and another was not: what holds for the customer's, nobody here knows.
        statuses = set()
    if unsure:
        arrives = leaves = set()
    return SupplierNews(
        Status.DELIVERED if Status.DELIVERED in statuses else next(iter(statuses), None),
        _only(arrives, today), _only(leaves, today), _tracking(text) if verified else "",
    )  # fmt: skip


def _contradicts(statuses: set[Status], *, arrives: bool, leaves: bool) -> bool:
    """Several things are spoken of, and nobody knows which of them is the customer's."""
    out = Status.UNAVAILABLE in statuses and (len(statuses) > 1 or arrives or leaves)
    there = Status.DELIVERED in statuses and (arrives or leaves)
    return out or there or (Status.DISPATCHED in statuses and leaves)


def _status(sentence: str) -> tuple[str, set[Status], bool]:
    """The sentence without the words of a status, what they say, and whether something speaks against that."""
    rest, said, doubted = sentence, set[Status](), False
    for status, patterns in words().statuses.items():
        for pattern in patterns:
            if pattern.search(sentence):
                rest = pattern.sub(" ", rest)
                is_clear = words().doubts[status].search(sentence) is None
                said, doubted = said | ({status} if is_clear else set()), doubted or not is_clear
    return rest, said, doubted


def _only(days: set[date], today: date) -> date | None:
    near = {day for day in days if (day - today).days <= FURTHEST_DAYS}
    return next(iter(near)) if len(days) == len(near) == 1 else None


def _tracking(text: str) -> str:
    """The one link that is about following a parcel, or nothing where there are two."""
    lines, found = text[:20_000].splitlines(), set[str]()
    for place, line in enumerate(lines):
        about = " ".join(lines[max(0, place - 1) : place + 1]).casefold()
        for match in _LINK.finditer(line):
            link = match[0].rstrip(").,;:!?]}*_")
            if _is_plain(link) and words().tracking.search(about):
                found.add(link)
    return found.pop() if len(found) == 1 else ""


def _is_plain(link: str) -> bool:
    if not (link.isascii() and link.isprintable() and len(link) <= LONGEST_LINK and link.startswith("https://")):
        return False
    opened = unquote(unquote(link))
    if _NO_LINK.search(link) or "//" in opened.removeprefix("https://") or not opened.isprintable():
        return False  # It may lead on to another page, which is in no name here.
    try:
        # Whose page it is stands there for everybody to read: no name before an @, no port, no bare number, no
        # letters that only look like others.
        host = urlsplit(link).netloc.lower()
        return _HOST.fullmatch(host) is not None and "xn--" not in host
    except ValueError:
        return False
