"""Documents as files from a person's own machine: each is stored, or named with the reason why not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, render_template, request
from werkzeug.datastructures import FileStorage

from domain.errors import BadInput
from rag.formats.kinds import MAX_BYTES
from storage import documents, events
from storage.documents import StoredDocument
from web.document_paths import document_path, sentence
from web.fields import line
from web.limits import limited
from web.session import Page, allowed, look_at_cookie, may, member, services
from web.words import LANGUAGES

pages = Blueprint("knowledge_upload", __name__, url_prefix="/knowledge/upload")

MB = 1024 * 1024
MOST_BYTES, MOST_FILES = 50 * MB, 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. `did` is new, changed, same, or empty where `problem` says why it was left out."""

    name: str
    did: str = ""
    problem: str = ""
    internal: bool = False


@pages.url_value_preprocessor
def _take_more(*_: Any) -> None:
    """Files are larger than forms: from those who may bring them, and said before anything is read."""
    look_at_cookie()
    if g.member is not None and may("write"):
        request.max_content_length = MOST_BYTES


@pages.get("")
@allowed("write")
def page() -> Page:
    return _form()


@pages.post("")
@allowed("write")
@limited("reading")
def upload() -> Page:
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        return _form("Choose at least one file.")
    if len(files) > MOST_FILES:
        return _form(f"These are {len(files)} files: at most {MOST_FILES} can be brought at once. Nothing was stored.")
    tenant, read, outcomes = member().tenant, {}, []
    for name, found in _read(files):
        if isinstance(found, BadInput):
            outcomes.append(Outcome(name, problem=sentence(found.reason)))
        elif found.path in read:
            outcomes.append(Outcome(name, problem=f"Another file here has the same place, {found.path}."))
        else:
            read[found.path] = found
    with services().database.transaction(tenant) as db:
        before = {path: documents.of_path(db, tenant, path) for path in sorted(read)}
        documents.put_all(db, tenant, [read[path] for path in sorted(read)])
        events.record(db, tenant, actor=str(member().id), kind="documents_uploaded", n=len(read))
    for path, document in read.items():
        outcomes.append(Outcome(path, _did(before[path], document), internal=document.visibility == "internal"))
    return render_template(
        "knowledge/uploaded.html", outcomes=sorted(outcomes, key=lambda one: (not one.problem, one.name))
    )


def _read(files: list[FileStorage]) -> Iterator[tuple[str, StoredDocument | BadInput]]:
    language, visibility = request.form.get("language", ""), request.form.get("visibility", "")
    for file in files:
        name = line(file.filename or "")
        try:
            path = document_path(request.form.get("folder", ""), name)
            content = file.stream.read(max(MAX_BYTES.values()) + 1)
            yield name, services().read_document(
                path, content, maker="upload", member=member().id,
                language=language if language in LANGUAGES and language != "und" else "",
                visibility=visibility if visibility == "internal" else "",
            )  # fmt: skip
        except BadInput as error:
            yield name, error


def _did(before: StoredDocument | None, document: StoredDocument) -> str:
    if before is None:
        return "new"
    return "same" if before.version == document.version else "changed"


def _form(problem: str = "") -> Page:
    return render_template(
        "knowledge/upload.html", problem=problem, languages=LANGUAGES, most_files=MOST_FILES,
        most_mb=MOST_BYTES // MB, text_mb=MAX_BYTES["text"] // MB, pdf_mb=MAX_BYTES["pdf"] // MB,
        folder=line((request.form if request.method == "POST" else request.args).get("folder", "")),
    )  # fmt: skip
