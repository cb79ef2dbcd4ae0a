"""The people of a workspace: who is in and in which role, whom to invite, whom to let go."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from domain.errors import BadInput
from storage import events, invitations, people, tenants
from storage.people import Person
from web.addresses import mail_address
from web.secret_links import written
from web.session import ROLES, Page, allowed, may, member, services

pages = Blueprint("people", __name__, url_prefix="/people")


@pages.get("")
@allowed("look")
def page() -> Page:
    return _page()


@pages.post("/invite")
@allowed("people")
def invite() -> Page:
    """The link is shown once, to whoever invites: the tables hold its hash alone."""
    tenant, role = member().tenant, request.form.get("role", "")
    _may_give(role)
    try:
        email = mail_address(request.form.get("email", ""))
        with services().database.transaction(tenant) as db:
            token = invitations.invite(db, tenant, email=email, role=role, by=member().id)
    except BadInput as error:
        return _page(problem=error.reason, email=request.form.get("email", ""), role=role)
    path = url_for("invitation.page", link=written(tenant, token))
    return _page(link=services().settings.public_url + path, invited=email)


@pages.post("/invitations/<uuid:invitation>/revoke")
@allowed("people")
def revoke(invitation: UUID) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        if not invitations.revoke(db, tenant, invitation, by=member().id):
            abort(404)
    flash("The invitation is revoked. Its link works no more.", "info")
    return redirect(url_for("people.page"))


@pages.post("/<uuid:person>/role")
@allowed("people")
def set_role(person: UUID) -> Page:
    tenant, role = member().tenant, request.form.get("role", "")
    _known(person)
    _may_give(role)
    try:
        with services().database.transaction(tenant) as db:
            changed = people.set_role(db, tenant, person, role, by=member().id)
    except BadInput as error:
        flash(error.reason, "warning")
        return redirect(url_for("people.page"))
    flash("The role is changed from now on." if changed else "Nothing was changed: that is the role already.", "info")
    return redirect(url_for("people.page"))


@pages.post("/<uuid:person>/deactivate")
@allowed("people")
def deactivate(person: UUID) -> Page:
    tenant = member().tenant
    _known(person)
    try:
        with services().database.transaction(tenant) as db:
            done = people.deactivate(db, tenant, person, by=member().id)
    except BadInput as error:
        flash(error.reason, "warning")
        return redirect(url_for("people.page"))
    flash("They are signed out everywhere and cannot sign in." if done else "They were let go before.", "info")
    return redirect(url_for("people.page"))


@pages.post("/<uuid:person>/reactivate")
@allowed("people")
def reactivate(person: UUID) -> Page:
    tenant = member().tenant
    _known(person)
    with services().database.transaction(tenant) as db:
        done = people.reactivate(db, tenant, person, by=member().id)
    flash("They can sign in again, with their old password." if done else "They can sign in already.", "info")
    return redirect(url_for("people.page"))


@pages.post("/second-factor")
@allowed("own")
def require_second_factor() -> Page:
    """Whether everybody has to have a second factor; who has none sees nothing else until they have one."""
    tenant, on = member().tenant, request.form.get("on") == "yes"
    with services().database.transaction(tenant) as db:
        if tenants.require_second_factor(db, tenant, required=on):
            kind = "second_factor_required" if on else "second_factor_not_required"
            events.record(db, tenant, actor=str(member().id), kind=kind)
    flash("Everybody needs a second factor now." if on else "A second factor is everybody’s own choice.", "info")
    return redirect(url_for("people.page"))


def _page(**more: str) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        rows, invited = people.every(db, tenant), invitations.every(db, tenant) if may("people") else []
        required = tenants.get(db, tenant).second_factor_required
    mine = [role for role in ROLES if role != "owner" or may("own")]
    shown = {"problem": "", "email": "", "role": "agent", "link": "", "invited": "", **more}
    return render_template("people/page.html", rows=rows, invitations=invited, roles=mine, required=required, **shown)


def _known(person: UUID) -> Person:
    """The member of this id, where the one who asks may touch them: only an owner touches an owner."""
    with services().database.transaction(member().tenant) as db:
        found = people.one(db, member().tenant, person)
    if found is None:
        abort(404)
    if found.role == "owner" and not may("own"):
        abort(403)
    return found


def _may_give(role: str) -> None:
    if role not in ROLES:
        abort(400)
    if role == "owner" and not may("own"):
        abort(403)
