"""A public status page, read in the JSON form that Statuspage made common: what is wrong there now.

https://<page>/api/v2/summary.json names what is not resolved yet, with its updates; every part of it may be missing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.pinned_http import Document, PinnedHttp, checked_url
from domain.errors import BadInput, NeedsPerson, TryAgain
from domain.incident import OVER, Incident

SUMMARY = "/api/v2/summary.json"
MOST_INCIDENTS, MOST_COMPONENTS = 50, 20
LONGEST_NAME, LONGEST_TEXT, LONGEST_LINK = 200, 2000, 500
LONGEST_WAIT = timedelta(hours=1)

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")


@dataclass(frozen=True, slots=True)
class Summary:
    """What the page said. `etag` is what it calls this copy, `updated_at` when it says that it changed last."""

    incidents: tuple[Incident, ...]
    etag: str
    updated_at: datetime | None


def page_address(url: str, *, private_allowed: bool = False) -> str:
    """The page's address in the form in which it is kept. Raises BadInput, which says what is wrong with it."""
    plain = url.strip().rstrip("/").removesuffix(SUMMARY)
    checked_url(plain, private_allowed=private_allowed)
    return plain


def read_page(http: PinnedHttp, url: str, *, etag: str, now: datetime) -> Summary | None:
    """What is wrong now; None where it is what it was with `etag`.

    Raises TryAgain (slow, away, 5xx, broken JSON), NeedsPerson (redirect, 4xx, too large) and BadInput (an address
    that may not be asked).
    """
    headers = {"Accept": "application/json", **({"If-None-Match": etag} if etag else {})}
    document = http.get(page_address(url, private_allowed=http.private_allowed) + SUMMARY, headers)
    if document.status == 304 and etag:
        return None
    if document.status != 200:
        raise _refusal(document)
    try:
        found = json.loads(document.body)
    except (ValueError, RecursionError):
        raise TryAgain("The status page's answer is broken.") from None
    if not isinstance(found, dict) or not isinstance(found.get("incidents", []), list):
        raise NeedsPerson("The address holds no summary of a status page.")
    own = _mapping(found.get("page"))
    home = _link(own.get("url")) or url
    given = document.headers.get("etag", "")
    return Summary(
        tuple(_incidents(found, home, now))[:MOST_INCIDENTS],
        given if len(given) <= LONGEST_NAME and given.isprintable() else "",
        _moment(own.get("updated_at")),
    )


def _refusal(document: Document) -> TryAgain | NeedsPerson:
    status = document.status
    if status == 429 or status >= 500:
        wait = document.headers.get("retry-after", "")
        after = timedelta(seconds=int(wait)) if wait.isascii() and wait.isdigit() and len(wait) < 6 else timedelta()
        return TryAgain(f"The status page answers {status}.", min(max(after, timedelta(seconds=5)), LONGEST_WAIT))
    if 300 <= status < 400:
        return NeedsPerson("The status page has moved: give the address that it is at now.")
    return NeedsPerson(f"The status page answers {status}.")


def _incidents(found: Mapping[str, Any], home: str, now: datetime) -> Iterator[Incident]:
    maintenances = found.get("scheduled_maintenances")
    seen: set[str] = set()
    for row in (*found.get("incidents", []), *(maintenances if isinstance(maintenances, list) else [])):
        one = _incident(_mapping(row), home, now)
        if one is not None and one.external_id not in seen:
            seen.add(one.external_id)
            yield one


def _incident(row: Mapping[str, Any], home: str, now: datetime) -> Incident | None:
    """One incident, or None where it lacks what nobody could do without, or is over."""
    name, key, status = _text(row.get("name"), LONGEST_NAME), _text(row.get("id"), 100), _text(row.get("status"), 50)
    if not name or not key or status in OVER or _moment(row.get("resolved_at")):
        return None
    updates = [_mapping(one) for one in row.get("incident_updates") or [] if isinstance(one, dict)]
    newest = max(
        updates, key=lambda one: _moment(one.get("created_at")) or datetime.min.replace(tzinfo=UTC), default={}
    )
    began = _moment(row.get("started_at")) or _moment(row.get("created_at")) or now
    components = row.get("components") or newest.get("affected_components")
    return Incident(
        external_id=key,
        name=name,
        status=status,
        impact=_text(row.get("impact"), 50),
        components=tuple(_components(components)),
        text=_text(newest.get("body"), LONGEST_TEXT),
        # A page whose clock is ahead of ours tells no future.
        began_at=min(began, now),
        updated_at=min(_moment(row.get("updated_at")) or _moment(newest.get("created_at")) or began, now),
        link=_link(row.get("shortlink")) or home,
        fetched_at=now,
    )


def _components(rows: object) -> Iterator[str]:
    for row in rows[:MOST_COMPONENTS] if isinstance(rows, list) else []:
        name = _text(_mapping(row).get("name"), LONGEST_NAME)
        if name:
            yield name


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object, longest: int) -> str:
    """One line of a stranger's text, without what nobody sees."""
    return " ".join(_UNSEEN.sub(" ", value).split())[:longest] if isinstance(value, str) else ""


def _link(value: object) -> str:
    """A link that may stand in a mail, or an empty string."""
    if not isinstance(value, str) or len(value) > LONGEST_LINK or any(sign in value for sign in "<>\"'"):
        return ""
    try:
        checked_url(value)
    except BadInput:
        return ""
    return value


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
