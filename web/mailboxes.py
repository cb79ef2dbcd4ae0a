"""The mailboxes: connect, reconnect, pause, disconnect, and what Google answered in words."""

import hashlib
from uuid import UUID

from authlib.integrations.flask_client import FlaskOAuth2App
from flask import Blueprint, Flask, abort, current_app, flash, g, redirect, render_template, url_for

from adapters.gmail.tokens import Tokens
from adapters.google_sign_in import STATE_LIVES_S, Denied, Grant, begin, finish, register
from domain.errors import BadInput, MailwrightError, ScopeMissing, TryAgain
from settings import Settings
from storage import demonstration, disconnecting, events, mailboxes, oauth_states
from storage.mailboxes import Mailbox
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
        made_up = demonstration.find(db, tenant)
        rows = [one for one in mailboxes.every(db, tenant) if made_up is None or one.id != made_up.mailbox]
    return render_template("mailboxes/page.html", rows=rows, made_up=made_up)


@pages.post("/connect")
@allowed("manage")
def connect() -> Page:
    return _to_google(None)


@pages.post("/<uuid:mailbox>/reconnect")
@allowed("manage")
def reconnect(mailbox: UUID) -> Page:
    with services().database.transaction(member().tenant) as db:
        known = mailboxes.get(db, member().tenant, mailbox)
    if known is None:
        abort(404)
    return _to_google(known)


@pages.get("/callback")
@allowed("manage")
def callback() -> Page:
    """Google sends the browser back here. Everything that can have happened ends on a page that says so."""
    try:
        grant = finish(_google())
    except MailwrightError as error:
        return _not_connected(error)
    try:
        said = _keep(grant)
    except BadInput as error:
        return _not_connected(error)
    flash(said, "info")
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
        if disconnecting.disconnect(db, tenant, mailbox):
            events.record(db, tenant, actor=str(member().id), kind="mailbox_disconnected", subject=mailbox)
    flash("Disconnected. The tokens are erased here, and Google is told to end the access.", "info")
    return redirect(url_for("mailboxes.page"))


def _to_google(meant: Mailbox | None) -> Page:
    """Off to Google's consent page; `meant` is the mailbox to be reconnected, if it was a certain one."""
    tenant = member().tenant
    try:
        with services().database.transaction(tenant) as db:
            demonstration.refuse(db, tenant)
    except BadInput as error:
        return _not_connected(error)
    with services().database.transaction(tenant) as db:
        # The last press counts.
        oauth_states.put(db, tenant, _meant_key(), str(meant.id) if meant else "", STATE_LIVES_S)
    # From the settings, never from the Host header, which a stranger can choose.
    callback_url = services().settings.public_url + url_for("mailboxes.callback")
    try:
        return begin(_google(), callback_url, meant.address if meant else "")
    except MailwrightError as error:
        return _not_connected(error)


def _meant_key() -> str:
    """A hash, so that who reads the table has no session."""
    return "meant:" + hashlib.sha256(f"{member().id}/{g.session_token}".encode()).hexdigest()


def _keep(grant: Grant) -> str:
    """Mailbox and sealed tokens in one transaction: a worker never sees one without the other. Returns what to say."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        demonstration.refuse(db, tenant)
        meant = oauth_states.get(db, tenant, _meant_key())
        oauth_states.delete(db, tenant, _meant_key())
        mailbox, new = mailboxes.connect(
            db,
            tenant,
            member=member().id,
            google_sub=grant.sub,
            address=grant.email,
            scopes=grant.scopes,
            meant=UUID(meant) if meant else None,
        )
        tokens = Tokens(grant.refresh_token, grant.access_token, grant.expires_at)
        mailboxes.save_tokens(db, tenant, mailbox, services().sealed(tenant, mailbox, tokens))
        events.record(db, tenant, actor=str(member().id), kind="mailbox_connected", subject=mailbox)
        known = mailboxes.get(db, tenant, mailbox)
    if new:
        return f"{grant.email} is connected. New mail is being handled."
    if known is not None and known.status == "paused":
        return f"{grant.email} is connected again, and still paused: resume it when it may work."
    return f"{grant.email} works again."


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
