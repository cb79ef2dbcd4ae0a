"""The mailboxes: connect, reconnect, pause, disconnect, and what Google answered in words."""

from uuid import UUID

from authlib.integrations.flask_client import FlaskOAuth2App
from flask import Blueprint, Flask, abort, current_app, flash, g, redirect, render_template, url_for

from adapters.gmail.tokens import Tokens
from adapters.google_sign_in import Denied, Grant, begin, finish, register
from domain.errors import BadInput, MailwrightError, ScopeMissing, TryAgain
from settings import Settings
from storage import events, mailboxes, oauth_states
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("mailboxes", __name__, url_prefix="/mailboxes")

# What Google's answer means for the person: a heading, and whether trying again at once makes sense.
_HEADINGS: dict[type[MailwrightError], str] = {
    Denied: "Nothing was connected",
    ScopeMissing: "One permission is missing",
    BadInput: "This could not be connected",
    TryAgain: "Google did not answer",
}


class States:
    """Authlib's memory between two requests, in the table of the tenant that is connecting."""

    def get(self, key: str) -> str | None:
        with services().database.transaction(member().tenant) as db:
            return oauth_states.get(db, member().tenant, key)

    def set(self, key: str, value: str, seconds: int) -> None:
        with services().database.transaction(member().tenant) as db:
            oauth_states.put(db, member().tenant, key, value, seconds)

    def delete(self, key: str) -> None:
        with services().database.transaction(member().tenant) as db:
            oauth_states.delete(db, member().tenant, key)


def register_google(app: Flask, settings: Settings) -> None:
    app.extensions["mailwright_google"] = register(
        app,
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret,
        metadata_url=settings.google_metadata_url,
        store=States(),
        # Bound to the browser's session: an answer from Google that somebody else began is worth nothing here.
        owner=lambda: f"{member().tenant}/{member().id}/{g.session_token}",
    )


@pages.get("/")
@signed_in
def page() -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        rows = mailboxes.every(db, tenant)
    return render_template("mailboxes/page.html", rows=rows)


@pages.post("/connect")
@allowed("manage")
def connect() -> Page:
    return _to_google("")


@pages.post("/<uuid:mailbox>/reconnect")
@allowed("manage")
def reconnect(mailbox: UUID) -> Page:
    with services().database.transaction(member().tenant) as db:
        known = mailboxes.get(db, member().tenant, mailbox)
    if known is None:
        abort(404)
    return _to_google(known.address)


@pages.get("/callback")
@allowed("manage")
def callback() -> Page:
    """Google sends the browser back here. Everything that can have happened ends on a page that says so."""
    try:
        grant = finish(_google())
    except MailwrightError as error:
        return _not_connected(error)
    try:
        new = _keep(grant)
    except BadInput as error:
        return _not_connected(error)
    flash(f"{grant.email} is connected. New mail is being handled." if new else f"{grant.email} works again.", "info")
    return redirect(url_for("mailboxes.page"))


@pages.post("/<uuid:mailbox>/pause")
@allowed("manage")
def pause(mailbox: UUID) -> Page:
    return _switch(mailbox, "paused", only_from=("active",), said="Paused: no mail is fetched and none leaves.")


@pages.post("/<uuid:mailbox>/resume")
@allowed("manage")
def resume(mailbox: UUID) -> Page:
    return _switch(mailbox, "active", only_from=("paused",), said="It works again; what came meanwhile is fetched now.")


@pages.post("/<uuid:mailbox>/disconnect")
@allowed("manage")
def disconnect(mailbox: UUID) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        if mailboxes.get(db, tenant, mailbox) is None:
            abort(404)
        if mailboxes.disconnect(db, tenant, mailbox):
            events.record(db, tenant, actor=str(member().id), kind="mailbox_disconnected", subject=mailbox)
    flash("Disconnected. The tokens are erased here, and Google is told to end the access.", "info")
    return redirect(url_for("mailboxes.page"))


def _to_google(login_hint: str) -> Page:
    # From the settings, never from the Host header, which a stranger can choose.
    callback_url = services().settings.public_url + url_for("mailboxes.callback")
    try:
        return begin(_google(), callback_url, login_hint)
    except MailwrightError as error:
        return _not_connected(error)


def _keep(grant: Grant) -> bool:
    """Mailbox and sealed tokens in one transaction: a worker never sees one without the other."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        mailbox, new = mailboxes.connect(
            db, tenant, member=member().id, google_sub=grant.sub, address=grant.email, scopes=grant.scopes
        )
        tokens = Tokens(grant.refresh_token, grant.access_token, grant.expires_at)
        mailboxes.save_tokens(db, tenant, mailbox, services().sealed(tenant, mailbox, tokens))
        events.record(db, tenant, actor=str(member().id), kind="mailbox_connected", subject=mailbox)
    return new


def _switch(mailbox: UUID, status: str, *, only_from: tuple[str, ...], said: str) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        if mailboxes.get(db, tenant, mailbox) is None:
            abort(404)
        if mailboxes.set_status(db, tenant, mailbox, status, only_from=only_from):
            events.record(db, tenant, actor=str(member().id), kind=f"mailbox_{status}", subject=mailbox)
            flash(said, "info")
        else:
            flash("Nothing was changed: its state is another one by now.", "warning")
    return redirect(url_for("mailboxes.page"))


def _not_connected(error: MailwrightError) -> Page:
    reason = getattr(error, "reason", str(error))
    kinds = (heading for kind, heading in _HEADINGS.items() if isinstance(error, kind))
    return render_template(
        "mailboxes/not_connected.html", heading=next(kinds, "This could not be connected"), reason=reason
    )


def _google() -> FlaskOAuth2App:
    google: FlaskOAuth2App = current_app.extensions["mailwright_google"]
    return google
