"""The page behind an invitation: become a member of the workspace that it names."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for

from domain.errors import BadInput
from storage import invitations, members, tenants
from web import passwords
from web.fields import line
from web.secret_links import read
from web.session import Page, services
from web.sign_in import let_in, network

pages = Blueprint("invitation", __name__)

ATTEMPTS_PER_NETWORK = 100


@pages.get("/invitation/<link>")
def page(link: str) -> Page:
    """Changes nothing: programs that look through mail open its links."""
    return _page(link)


@pages.post("/invitation/<link>")
def accept(link: str) -> Page:
    tenant, token = read(link)
    name, password = line(request.form.get("name", "")), request.form.get("password", "")
    if not _few():
        return make_response(render_template("invitation/dead.html", many=True), 429)
    try:
        hashed = passwords.hashed(password, about=(name,))
    except BadInput as error:
        return _page(link, problem=error.reason, name=name)
    with services().database.transaction(tenant) as db:
        member = invitations.accept(db, tenant, token, name=name, password_hash=hashed)
    if member is None:
        return _page(link)
    return let_in(tenant, member, redirect(url_for("queue.page")))


def _page(link: str, problem: str = "", name: str = "") -> Page:
    tenant, token = read(link)
    with services().database.transaction(tenant) as db:
        found = invitations.look(db, tenant, token)
        workspace = tenants.get(db, tenant) if found is not None else None
    if found is None:
        return make_response(render_template("invitation/dead.html", many=False), 404)
    shown = {"found": found, "workspace": workspace, "link": link, "problem": problem, "name": name}
    return render_template("invitation/page.html", **shown)


def _few() -> bool:
    with services().database.without_tenant() as db:
        here = network(request.remote_addr)
        return members.count_attempt(db, f"invitation from {here}", ATTEMPTS_PER_NETWORK)
