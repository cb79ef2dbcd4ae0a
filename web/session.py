"""Who is asking: the member behind the browser's cookie, and what their role lets them do."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from uuid import UUID

from flask import Flask, abort, current_app, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from bootstrap import Services
from storage import members
from storage.members import Member

P = ParamSpec("P")
Page = Response | str

ROLES = ("owner", "admin", "agent", "viewer")

# Who may do what: the only place that says it. `look` is what every member may.
ACTS = {
    "look": frozenset(ROLES),
    "answer": frozenset({"owner", "admin", "agent"}),
    "write": frozenset({"owner", "admin", "agent"}),
    "manage": frozenset({"owner", "admin"}),
    "account": frozenset(ROLES),
    "audit": frozenset({"owner", "admin"}),
    "people": frozenset({"owner", "admin"}),
    "data": frozenset({"owner", "admin"}),
    "own": frozenset({"owner"}),
}

# Pages that everybody may ask for, signed in or not. Every other one names an act; one that names none answers nobody.
OPEN = frozenset({
    "bootstrap.static", "confirm.ask", "confirm.confirm", "google_sign_in.begin_sign_in", "google_sign_in.callback",
    "health.alive", "health.ready", "invitation.accept", "invitation.page", "metrics.page", "new_password.ask",
    "new_password.choose", "new_password.page", "new_password.save", "second_step.check", "second_step.page",
    "sign_in.page", "sign_in.sign_in", "sign_up.page", "sign_up.sign_up", "static", "workspace.density",
    "workspace.theme",
})  # fmt: skip

# Pages that are the same for everybody: nobody is looked up for them.
_NOBODYS = frozenset({None, "static", "bootstrap.static", "health.alive", "health.ready", "metrics.page"})


def services() -> Services:
    found: Services = current_app.extensions["mailwright"]
    return found


def member() -> Member:
    """The signed-in member; only in pages behind `signed_in`."""
    found: Member = g.member
    return found


def may(act: str) -> bool:
    return g.get("member") is not None and member().role in ACTS[act]


def find_member(app: Flask) -> None:
    """Look at the cookie before each page. It names the tenant, so that the look itself is fenced by that tenant."""

    @app.before_request
    def look() -> None:
        if "session_token" not in g:
            look_at_cookie()
        if request.endpoint is not None and act_of(app, request.endpoint) is None and request.endpoint not in OPEN:
            abort(403)


def act_of(app: Flask, endpoint: str) -> str | None:
    """The act that a page needs, as its guard declares it; None where it has no guard."""
    return getattr(app.view_functions[endpoint], "needs", None)


def look_at_cookie() -> None:
    """Find the member once for a request; pages that take large files ask for it before anything is read."""
    g.member, g.session_token = None, ""
    tenant, _, token = request.cookies.get(cookie_name(), "").partition(".")
    if request.endpoint in _NOBODYS or not token:
        return
    try:
        tenant_id = UUID(tenant)
    except ValueError:
        return
    with services().database.transaction(tenant_id) as db:
        g.member = g.asked_by = members.of_session(db, tenant_id, token)
    g.session_token = token


def signed_in(page: Callable[P, Page]) -> Callable[P, Page]:
    """The page needs a member; others are sent to sign in and come back."""

    @wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Page:
        if g.get("member") is None:
            come_back = request.full_path.rstrip("?") if request.method == "GET" else ""
            return redirect(url_for("sign_in.page", next=come_back or None))
        if member().lacks_second_factor and not _leads_to_one():
            return redirect(url_for("account.page"))
        return page(*args, **kwargs)

    return _needing("look", guarded)


def _leads_to_one() -> bool:
    """Whether this page is needed to get a second factor, or to leave; its workspace wants one of everybody."""
    needs = act_of(current_app, request.endpoint or "")
    return needs == "account" or request.endpoint == "sign_in.sign_out"


def allowed(act: str) -> Callable[[Callable[P, Page]], Callable[P, Page]]:
    """The page needs a member whose role may do this."""

    def decorate(page: Callable[P, Page]) -> Callable[P, Page]:
        @signed_in
        @wraps(page)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Page:
            if not may(act):
                abort(403)
            return page(*args, **kwargs)

        return _needing(act, guarded)

    return decorate


def signed_in_lately(page: Callable[P, Page]) -> Callable[P, Page]:
    """The page changes how one signs in, or hands out much: whoever finds a browser open may not.

    Stands below the guard that names an act. Who signed in some time ago does so once more, whatever way they have.
    """

    @wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Page:
        if not member().signed_in_lately:
            flash("This needs you to have signed in just now. Sign in once more, then press it again.", "warning")
            came_from = "data_rights.page" if (request.endpoint or "").startswith("data_rights.") else "account.page"
            return redirect(url_for("sign_in.page", again="yes", next=url_for(came_from)))
        return page(*args, **kwargs)

    return guarded


def _needing(act: str, page: Callable[P, Page]) -> Callable[P, Page]:
    page.needs = act  # type: ignore[attr-defined]  # read by `act_of`; functions carry attributes
    return page


def cookie_name(plain: str = "mailwright") -> str:
    """Behind HTTPS no neighbour and no plain connection can set a cookie of this name."""
    return f"__Host-{plain}" if current_app.config["SESSION_COOKIE_SECURE"] else plain


def give_cookie(response: Response, tenant: UUID, token: str) -> Response:
    response.set_cookie(
        cookie_name(),
        f"{tenant}.{token}",
        max_age=int(members.ABSOLUTE.total_seconds()),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def take_cookie(response: Response) -> Response:
    """A browser forgets a `__Host-` cookie only when it is told in the same way as it was given."""
    response.delete_cookie(
        cookie_name(), secure=current_app.config["SESSION_COOKIE_SECURE"], httponly=True, samesite="Lax"
    )
    # What was typed and not sent lies in the browser (static/keep.js): it ends with the session that it belongs to.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response
