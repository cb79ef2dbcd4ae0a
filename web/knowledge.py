"""The knowledge base: its documents with their states, a search by words, and a text with the span that was cited."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, render_template, request, url_for

from storage import document_list, documents, gaps, indexing, knowledge_search
from storage.document_list import Listed
from storage.indexing import Progress
from web.document_paths import sentence
from web.fields import PAGE, line
from web.limits import limited, searches
from web.session import Page, member, services, signed_in
from web.snippets import snippet

pages = Blueprint("knowledge", __name__, url_prefix="/knowledge")

MOST_HITS = 20


@dataclass(frozen=True, slots=True)
class Shelf:
    """The documents of one page of the list, and what is left of all that fit the filter."""

    rows: tuple[Listed, ...]
    fitting: int
    more: bool


@pages.get("")
@signed_in
def page() -> Page:
    tenant, words, language = member().tenant, line(request.args.get("q", "")), line(request.args.get("language", ""))
    with services().database.transaction(tenant) as db:
        every = document_list.listed(db, tenant)
        progress, open_gaps = indexing.progress(db, tenant), gaps.count_open(db, tenant)
    after = line(request.args.get("after", ""))
    return render_template(
        "knowledge/page.html",
        shelf=_shelf(every, words, language, after),
        all=len(every),
        failed=sum(one.state == "failed" for one in every),
        languages=sorted({one.language for one in every}),
        progress=progress,
        working=is_working(progress),
        open_gaps=open_gaps,
        words=words,
        language=language,
        after=after,
        sentence=sentence,
    )


@pages.get("/search")
@signed_in
@limited("search", when=searches)
def search() -> Page:
    tenant, words = member().tenant, line(request.args.get("q", ""))
    with services().database.transaction(tenant) as db:
        hits = knowledge_search.search(db, tenant, words, limit=MOST_HITS) if words else []
        progress, open_gaps = indexing.progress(db, tenant), gaps.count_open(db, tenant)
    tokens = knowledge_search.exact_tokens(words)
    found = [
        (hit, snippet(hit.marked, tokens), passage_url(hit.path, hit.version, hit.begins, hit.ends)) for hit in hits
    ]
    return render_template(
        "knowledge/search.html", words=words, hits=found, total=hits[0].total if hits else 0, progress=progress,
        working=is_working(progress), open_gaps=open_gaps, tokens=tokens,
    )  # fmt: skip


@pages.get("/passage")
@signed_in
def passage() -> Page:
    """A version as it stands in the table, with a span marked where the address names one."""
    tenant, path, version = member().tenant, request.args.get("path", ""), request.args.get("version", "")
    with services().database.transaction(tenant) as db:
        found = documents.of_version(db, tenant, path, version) if storable(path, version) else None
        versions = documents.versions(db, tenant, path) if found else []
    if found is None:
        abort(404)
    start, end = request.args.get("start", 0, type=int), request.args.get("end", 0, type=int)
    body = found.body or ""
    marked = 0 <= start < end <= len(body)
    return render_template(
        "knowledge/passage.html",
        document=found,
        this=next(one for one in versions if one.version == version),
        current=next((one for one in versions if one.is_current), None),
        parts=(body[:start], body[start:end], body[end:]) if marked else (body, "", ""),
        asked_for_span="start" in request.args,
    )


def is_working(progress: Progress | None) -> bool:
    return progress is not None and progress.waiting


def passage_url(path: str, version: str, start: int, end: int) -> str:
    place = urlencode({"path": path, "version": version, "start": start, "end": end})
    return f"{url_for('knowledge.passage')}?{place}#cited"


def storable(*values: str) -> bool:
    """Whether Postgres can be asked for these: it stores no NUL and no half of a character."""
    return all(value and "\0" not in value and value.isprintable() for value in values)


def _shelf(every: list[Listed], words: str, language: str, after: str) -> Shelf:
    """Those left out first, with their reasons; then in the order of their paths, from the one after `after`."""
    wanted = words.casefold().split()
    fitting = [
        one
        for one in sorted(every, key=_order)
        if (not language or one.language == language)
        and all(word in f"{one.title} {one.path} {one.problem}".casefold() for word in wanted)
    ]
    last = next((_order(one) for one in every if one.path == after), (False, after) if after else None)
    rest = [one for one in fitting if last is None or _order(one) > last]
    return Shelf(tuple(rest[:PAGE]), len(fitting), len(rest) > PAGE)


def _order(one: Listed) -> tuple[bool, str]:
    return one.state != "failed", one.path
