"""What a decision rests on: each cited span in its surroundings, and what a language model proposed on the way."""

from storage import decisions, documents
from storage.thread import Shown
from web.knowledge import passage_url
from web.session import member, services
from web.snippets import excerpt


def evidence(now: Shown | None) -> dict[str, object]:
    """The cited spans in their surroundings, each with the way to the whole text, and what a language model said."""
    if now is None or now.decision is None:
        return {"cited": (), "composed": ()}
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        bodies = [documents.body_of(db, tenant, one.source, one.version) or "" for one in now.citations]
        composed = decisions.composition(db, tenant, now.decision)
    cited = []
    for one, body in zip(now.citations, bodies, strict=True):
        around = excerpt(body, one.start, one.end) if body[one.start : one.end] == one.quote else None
        url = passage_url(one.source, one.version, one.start, one.end) if body else ""
        cited.append((one, around, url))
    return {"cited": cited, "composed": composed}
