"""A document's versions: what differs, an earlier one made current again, and the document removed."""

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from storage import documents, events, indexing
from storage.documents import StoredDocument, Version
from web.differences import differences
from web.knowledge import storable
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("knowledge_versions", __name__, url_prefix="/knowledge")


@pages.get("/versions")
@signed_in
def page() -> Page:
    path, versions = _versions()
    current = next((one for one in versions if one.is_current), None)
    return render_template("knowledge/versions.html", path=path, versions=versions, current=current)


@pages.get("/differences")
@signed_in
def compare() -> Page:
    path, versions = _versions()
    old, new = _version(path, request.args.get("old", "")), _version(path, request.args.get("new", ""))
    known = {one.version: one for one in versions}
    return render_template(
        "knowledge/differences.html", path=path, old=known[old.version], new=known[new.version],
        lines_changed=differences(_text(old), _text(new)), said=_said(old, new),
    )  # fmt: skip


@pages.post("/restore")
@allowed("write")
def restore() -> Page:
    """An earlier version becomes the current one again; the one before it stays among the versions."""
    tenant, path = member().tenant, request.form.get("path", "")
    earlier = _version(path, request.form.get("version", ""))
    with services().database.transaction(tenant) as db:
        indexing.hold(db, tenant)
        current = documents.of_path(db, tenant, path)
        hidden = current is not None and current.visibility == "internal" and earlier.visibility == "public"
        if hidden and request.form.get("public") != "yes":
            return render_template("knowledge/restore.html", earlier=earlier)
        changed = documents.put(db, tenant, replace(earlier, maker="member", member=member().id))
        if changed:
            events.record(db, tenant, actor=str(member().id), kind="document_restored")
    flash("This version is current again." if changed else "This version is current already.", "info")
    return redirect(url_for("knowledge_versions.page", path=path))


@pages.get("/remove")
@allowed("manage")
def ask_to_remove() -> Page:
    path, versions = _versions()
    if not any(one.is_current for one in versions):
        return redirect(url_for("knowledge_versions.page", path=path))
    return render_template("knowledge/remove.html", path=path, versions=versions)


@pages.post("/remove")
@allowed("manage")
def remove() -> Page:
    tenant, path = member().tenant, request.form.get("path", "")
    if not storable(path):
        abort(404)
    with services().database.transaction(tenant) as db:
        if not documents.versions(db, tenant, path):
            abort(404)
        removed = documents.remove(db, tenant, path)
        if removed:
            events.record(db, tenant, actor=str(member().id), kind="document_removed")
    flash(
        "Removed: nothing is answered from it any more. Its versions stay readable here."
        if removed
        else "Somebody has removed it already.",
        "info",
    )
    return redirect(url_for("knowledge_versions.page", path=path))


def _versions() -> tuple[str, list[Version]]:
    tenant, path = member().tenant, request.args.get("path", "")
    if not storable(path):
        abort(404)
    with services().database.transaction(tenant) as db:
        found = documents.versions(db, tenant, path)
    if not found:
        abort(404)
    return path, found


def _version(path: str, version: str) -> StoredDocument:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = documents.of_version(db, tenant, path, version) if storable(path, version) else None
    if found is None:
        abort(404)
    return found


def _text(document: StoredDocument) -> str:
    """The file as it was written; of what is no text, what was read out of it."""
    return document.source if document.kind == "text" else document.body or ""


def _said(old: StoredDocument, new: StoredDocument) -> tuple[str, ...]:
    """What was said beside the file and differs."""
    names = {"visibility": "for whom", "language": "language"}
    pairs = ((names[name], str(getattr(old, name)), str(getattr(new, name))) for name in names)
    return tuple(f"{name}: {before} before, {after} now" for name, before, after in pairs if before != after)
