"""Signing in with Google: as a member who is there, or by an invitation; and linking an account to oneself."""

from typing import Any
from uuid import UUID

from authlib.integrations.flask_client import FlaskOAuth2App
from flask import Blueprint, Flask, current_app, flash, g, redirect, request, session, url_for

from adapters.google_sign_in import Identity, begin, register_identity, who
from domain.errors import MailwrightError
from settings import Settings
from storage import invitations, members
from web.fields import line, own_page
from web.secret_links import read
from web.session import Page, allowed, member, services, signed_in_lately
from web.sign_in import let_in, network, proceed

pages = Blueprint("google_sign_in", __name__)

ATTEMPTS_PER_NETWORK = 100
# What this browser went to Google for, in its own signed session.
WISH = "google_wish"
NOBODY = (
    "No workspace knows this Google account. Sign in with your password and link it under Account, or ask for an "
    "invitation to exactly its address."
)


def register(app: Flask, settings: Settings) -> None:
    app.extensions["mailwright_google_identity"] = register_identity(
        app,
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret,
        metadata_url=settings.google_metadata_url,
    )


@pages.post("/sign-in/google")
def begin_sign_in() -> Page:
    """Off to Google, to sign in, or to accept the invitation whose link the form carries."""
    form = request.form
    with services().database.without_tenant() as db:
        if not members.count_attempt(db, f"google from {network(request.remote_addr)}", ATTEMPTS_PER_NETWORK):
            flash("Too many attempts. Wait an hour, then try again.", "warning")
            return redirect(url_for("sign_in.page"))
    return _to_google({"link": line(form.get("link", "")), "next": own_page(line(form.get("next", "")))})


@pages.post("/account/google")
@allowed("account")
@signed_in_lately
def link() -> Page:
    return _to_google({"member": str(member().id), "session": str(member().session)})


@pages.post("/account/google/unlink")
@allowed("account")
@signed_in_lately
def unlink() -> Page:
    with services().database.transaction(member().tenant) as db:
        done = members.unlink_google(db, member().tenant, member().id)
    flash("No Google account signs you in any more." if done else "Nothing was changed.", "info")
    return redirect(url_for("account.page"))


@pages.get("/sign-in/google/callback")
def callback() -> Page:
    """Google sends the browser back here; what it went for is in its own session, for this once."""
    wish: dict[str, Any] | None = session.pop(WISH, None)
    try:
        if wish is None:
            return _sorry("This answer from Google belongs to another browser, or was used before: start again.")
        found = who(_google())
    except MailwrightError as error:
        return _sorry(getattr(error, "reason", str(error)))
    if "member" in wish:
        return _link(found, wish)
    if wish["link"]:
        return _accept(found, wish["link"])
    return _sign_in(found, wish["next"])


def _sign_in(found: Identity, come_back: str) -> Page:
    with services().database.without_tenant() as db:
        known = members.of_google(db, found.sub, found.email)
    for tenant, one in known:
        with services().database.transaction(tenant) as db:
            linked = members.link_google(db, tenant, one, found.sub)
        # After the commit: who goes on opens a session, which waits for whoever changes the member's row.
        if linked:
            return proceed(tenant, one, come_back)
    return _sorry(NOBODY)


def _accept(found: Identity, link: str) -> Page:
    """The address of the account must be the one that was invited."""
    tenant, token = read(link)
    with services().database.transaction(tenant) as db:
        invited = invitations.look(db, tenant, token)
        if invited is None:
            return _sorry("This invitation works no more. Ask whoever invited you for a new one.")
        if invited.email != found.email:
            return _sorry(f"The invitation is for {invited.email}, and this Google account is another one.")
        joined = invitations.accept(db, tenant, token, name="", password_hash="", google_sub=found.sub)
    if joined is None:
        return _sorry("This invitation works no more. Ask whoever invited you for a new one.")
    return let_in(tenant, joined, redirect(url_for("queue.page")))


def _link(found: Identity, wish: dict[str, Any]) -> Page:
    me = g.get("member")
    if me is None or (me.id, me.session) != (UUID(wish["member"]), UUID(wish["session"])):
        return _sorry("You signed out meanwhile. Nothing was linked.")
    with services().database.transaction(me.tenant) as db:
        linked = members.link_google(db, me.tenant, me.id, found.sub)
    if linked:
        flash(f"The Google account {found.email} signs you in from now on.", "info")
    else:
        flash("This Google account signs in somebody else of this workspace. Nothing was linked.", "warning")
    return redirect(url_for("account.page"))


def _to_google(wish: dict[str, str]) -> Page:
    # What was begun before and broken off is forgotten: the last press counts, and a cookie has little room.
    for name in [one for one in session if one.startswith("_state_google_identity_")]:
        session.pop(name)
    session[WISH] = wish
    # From the settings, never from the Host header, which a stranger can choose.
    callback_url = services().settings.public_url + url_for("google_sign_in.callback")
    try:
        return begin(_google(), callback_url)
    except MailwrightError as error:
        return _sorry(getattr(error, "reason", str(error)))


def _sorry(why: str) -> Page:
    flash(why, "warning")
    return redirect(url_for("account.page" if g.get("member") is not None else "sign_in.page"))


def _google() -> FlaskOAuth2App:
    google: FlaskOAuth2App = current_app.extensions["mailwright_google_identity"]
    return google
