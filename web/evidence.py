"""What a decision rests on: each cited span in its surroundings, and what a language model proposed on the way."""

from collections.abc import Sequence

from domain.decision import Citation
from storage import decisions, documents
from storage.documents import StoredDocument
from storage.thread import Shown
from web.knowledge import passage_url
from web.session import member, services
from web.snippets import Excerpt, excerpt

# A citation, its surroundings where the document still holds it, the way to it, and what has become of it since.
Cited = tuple[Citation, Excerpt | None, str, str]


def evidence(now: Shown | None) -> dict[str, object]:
    """The cited spans in their surroundings, each with the way to the whole text, and what a language model said."""
    if now is None or now.decision is None:
        return {"cited": (), "composed": ()}
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        composed = decisions.composition(db, tenant, now.decision)
    return {"cited": cited(now.citations), "composed": composed}


def cited(citations: Sequence[Citation]) -> list[Cited]:
    """Each cited span as the pages show it."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        bodies = [documents.body_of(db, tenant, one.source, one.version) or "" for one in citations]
        changes = [_changed(documents.of_path(db, tenant, one.source), one.quote) for one in citations]
    found = []
    for one, body, change in zip(citations, bodies, changes, strict=True):
        around = excerpt(body, one.start, one.end) if body[one.start : one.end] == one.quote else None
        url = passage_url(one.source, one.version, one.start, one.end) if body else ""
        found.append((one, around, url, change))
    return found


def _changed(current: StoredDocument | None, quote: str) -> str:
    """What has become of a quote since, in words for a member, or nothing where it still stands for customers."""
    if current is None:
        return "This document has been removed since."
    if current.visibility == "internal":
        return "This document has been made internal since."
    return "" if quote in (current.body or "") else "This document says something else by now."
