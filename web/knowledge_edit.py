"""The editor: a document's text with a preview, kept as a new version, and never over somebody else's."""

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup

from adapters.markdown import to_safe_html
from domain.errors import BadInput
from storage import documents, events, gaps, indexing
from storage.documents import StoredDocument
from web.differences import Line, differences
from web.document_paths import sentence
from web.knowledge import storable
from web.knowledge_form import LONGEST_BODY, Form, languages_of, opened, sent
from web.session import Page, allowed, look_at_cookie, may, member, services

pages = Blueprint("knowledge_edit", __name__, url_prefix="/knowledge/edit")

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Somebody else's version that became current while this form was open, None where it was removed."""

    theirs: StoredDocument | None
    changed: tuple[Line, ...]


@pages.url_value_preprocessor
def _take_more(*_: Any) -> None:
    """A long text, as a form writes it, is larger than other forms."""
    look_at_cookie()
    if g.member is not None and may("write"):
        request.max_content_length = request.max_form_memory_size = 4 * MB


@pages.get("")
@allowed("write")
def page() -> Page:
    """The current version of a path, or nothing yet."""
    tenant, path = member().tenant, request.args.get("path", "")
    if not path:
        return editor(Form())
    with services().database.transaction(tenant) as db:
        document = documents.of_path(db, tenant, path) if storable(path) else None
    if document is None:
        abort(404)
    if document.kind != "text" or len(document.source) > LONGEST_BODY:
        return render_template("knowledge/not_editable.html", document=document)
    return editor(opened(document))


@pages.post("")
@allowed("write")
def change() -> Page:
    form = sent()
    if request.form.get("act") != "save":
        return editor(form, preview=True)
    try:
        form.check()
        return _save(form.placed())
    except BadInput as error:
        return editor(form, problem=sentence(error.reason), field=error.field)


def editor(
    form: Form, *, preview: bool = False, problem: str = "", field: str = "", meanwhile: Meanwhile | None = None
) -> Page:
    return render_template(
        "knowledge/edit.html", form=form, problem=problem, field=field, meanwhile=meanwhile,
        languages=languages_of(form), longest=LONGEST_BODY,
        preview=Markup(to_safe_html(form.body[:LONGEST_BODY])) if preview else None,  # noqa: S704  # cleaned by the adapter
    )  # fmt: skip


def _save(form: Form) -> Page:
    """Raises BadInput. The document, its gap and the record of both are one transaction."""
    tenant, me = member().tenant, member().id
    with services().database.transaction(tenant) as db:
        before = documents.of_version(db, tenant, form.path, form.base) if storable(form.path, form.base) else None
    source = form.source(before.source if before else "")
    document = services().read_document(form.path, source.encode(), maker="member", member=me)
    settled = False
    with services().database.transaction(tenant) as db:
        indexing.hold(db, tenant)
        current = documents.of_path(db, tenant, form.path)
        if form.is_new and current is not None:
            raise BadInput("path", f"At {form.path} stands a document already: choose another place.")
        if (current.version if current else "") not in {form.base, document.version}:
            return _meanwhile(form, current, source)
        changed = documents.put(db, tenant, document)
        if form.gap:
            settled = gaps.settle(db, tenant, form.gap, member=me, state="written", path=form.path)
        if changed:
            events.record(db, tenant, actor=str(me), kind="document_saved")
    flash(_said(form, changed=changed, settled=settled), "info")
    return redirect(url_for("knowledge_versions.page", path=form.path))


def _meanwhile(form: Form, current: StoredDocument | None, source: str) -> Page:
    """Both are shown, and what was typed stays in the editor: saving once more puts it on top of theirs."""
    base = current.version if current else ""
    # As this page would write it: what differs is then what somebody changed, and not how a file was laid out.
    theirs = opened(current).source(current.source) if current else ""
    return editor(replace(form, base=base, is_checked=False), meanwhile=Meanwhile(current, differences(theirs, source)))


def _said(form: Form, *, changed: bool, settled: bool) -> str:
    if not changed:
        return "Nothing has changed: this is the version that stands already."
    gap = " The questions that asked for it are settled." if settled else ""
    if form.visibility == "internal":
        return f"Saved. It is for members alone: no customer is ever answered from it.{gap}"
    return f"Saved. Answers come from it as soon as it has been read in, within a minute as a rule.{gap}"
