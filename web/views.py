"""Saved views: a filter of the queue kept under a name, for oneself or for all."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for

from domain.errors import BadInput
from storage import views
from web.fields import line
from web.filters import asked_by
from web.session import Page, may, member, services, signed_in

pages = Blueprint("views", __name__)


@pages.post("/views")
@signed_in
def save() -> Page:
    """Keep the filter whose address is `view`. Owners and admins may share it with all."""
    wanted, shared = asked_by(request.form.get("view", "")), request.form.get("shared") == "yes"
    if shared and not may("manage"):
        abort(403)
    tenant, name = member().tenant, line(request.form.get("name", ""))
    try:
        with services().database.transaction(tenant) as db:
            views.save(db, tenant, member=member().id, name=name, filter_=wanted.address, shared=shared)
    except BadInput as error:
        flash(f"Not saved. {error.reason}", "warning")
    else:
        flash(f"Saved as “{name}”{', for everybody' if shared else ''}.", "info")
    return redirect(url_for("queue.page", **wanted.without()))


@pages.post("/views/<uuid:view>/remove")
@signed_in
def remove(view: UUID) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        done = views.remove(db, tenant, view, member=member().id, manages=may("manage"))
    if not done:
        abort(404)
    flash("The view is removed. No mail was touched.", "info")
    return redirect(url_for("queue.page"))
