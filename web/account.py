"""One's own account: password, second factor, and where one is signed in."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from adapters.one_time_codes import address, fresh_secret, picture, step_of
from domain.errors import BadInput
from storage import account, events, members, second_factor, sessions
from web import passwords
from web.browsers import browser_words
from web.fields import line
from web.second_step import few, is_proven
from web.session import Page, allowed, member, services, signed_in_lately

pages = Blueprint("account", __name__, url_prefix="/account")

ATTEMPTS = 10


@pages.get("")
@allowed("account")
def page() -> Page:
    me = member()
    with services().database.transaction(me.tenant) as db:
        factor, mine = second_factor.find(db, me.tenant, me.id), account.of(db, me.tenant, me.id)
        open_now = sessions.live(db, me.tenant, me.id)
    return render_template(
        "account/page.html", factor=factor, mine=mine, sessions=open_now, current=me.session, browser=browser_words
    )


@pages.post("/name")
@allowed("account")
def rename() -> Page:
    with services().database.transaction(member().tenant) as db:
        account.rename(db, member().tenant, member().id, line(request.form.get("name", "")))
    flash("Your name is changed.", "info")
    return redirect(url_for("account.page"))


@pages.post("/password")
@allowed("account")
def change_password() -> Page:
    """Who changes it must know the old one; whoever else is signed in as them is signed out."""
    me = member()
    with services().database.without_tenant() as db:
        if not members.count_attempt(db, f"password of {me.tenant}/{me.id}", ATTEMPTS):
            return _refused("Too many attempts. Wait an hour, then try again.")
    with services().database.transaction(me.tenant) as db:
        stored = account.password_hash(db, me.tenant, me.id)
    if stored and not passwords.matches(stored, request.form.get("old", "")):
        return _refused("This is not your password so far. Nothing was changed.")
    if not stored and not me.signed_in_lately:
        return _refused("You have no password so far: sign out, sign in with Google, then choose one.")
    try:
        hashed = passwords.hashed(request.form.get("password", ""), about=(me.email, me.name))
    except BadInput as error:
        return _refused(error.reason)
    with services().database.transaction(me.tenant) as db:
        members.set_password_hash(db, me.tenant, me.id, hashed)
        sessions.end_others(db, me.tenant, me.id, kept=me.session)
        events.record(db, me.tenant, actor=str(me.id), kind="password_changed", subject=me.id)
    flash("Your password is changed. Every other session has ended.", "info")
    return redirect(url_for("account.page"))


@pages.post("/sessions/<uuid:session>/end")
@allowed("account")
@signed_in_lately
def end_session(session: UUID) -> Page:
    with services().database.transaction(member().tenant) as db:
        if not sessions.end(db, member().tenant, member().id, session):
            abort(404)
    flash("That session has ended.", "info")
    return redirect(url_for("account.page"))


@pages.post("/sessions/end-others")
@allowed("account")
@signed_in_lately
def end_others() -> Page:
    with services().database.transaction(member().tenant) as db:
        ended = sessions.end_others(db, member().tenant, member().id, kept=member().session)
    flash(f"Ended: {ended}. Only this browser is signed in." if ended else "Only this browser is signed in.", "info")
    return redirect(url_for("account.page"))


@pages.post("/second-factor")
@allowed("account")
@signed_in_lately
def begin_factor() -> Page:
    """Make a secret and show it; it counts once a code of it was brought."""
    me = member()
    secret = fresh_secret()
    sealed = services().vault.seal(secret.encode(), tenant=me.tenant, mailbox=me.id, field="second_factor")
    with services().database.transaction(me.tenant) as db:
        begun = second_factor.begin(db, me.tenant, me.id, sealed)
    if not begun:
        return _refused("You have a second factor already. Remove it first.")
    return _show(secret)


@pages.post("/second-factor/confirm")
@allowed("account")
def confirm_factor() -> Page:
    me = member()
    with services().database.transaction(me.tenant) as db:
        known = second_factor.find(db, me.tenant, me.id)
    if known is None or known.confirmed:
        return redirect(url_for("account.page"))
    secret = services().vault.open(known.secret, tenant=me.tenant, mailbox=me.id, field="second_factor").decode()
    step = step_of(secret, line(request.form.get("code", "")), datetime.now(UTC)) if few(me.tenant, me.id) else None
    if step is None:
        return _show(secret, problem="This is no code of now. Wait for the next one and try again.")
    with services().database.transaction(me.tenant) as db:
        codes = second_factor.confirm(db, me.tenant, me.id, step)
        sessions.end_others(db, me.tenant, me.id, kept=me.session)
    return render_template("account/codes.html", codes=codes)


@pages.post("/second-factor/codes")
@allowed("account")
@signed_in_lately
def renew_codes() -> Page:
    me = member()
    if not _proven():
        return _refused("This is no code of now. Nothing was changed.")
    with services().database.transaction(me.tenant) as db:
        codes = second_factor.renew_codes(db, me.tenant, me.id)
    return render_template("account/codes.html", codes=codes)


@pages.post("/second-factor/remove")
@allowed("account")
@signed_in_lately
def remove_factor() -> Page:
    me = member()
    if not _proven():
        return _refused("This is no code of now. Nothing was changed.")
    with services().database.transaction(me.tenant) as db:
        second_factor.remove(db, me.tenant, me.id, actor=str(me.id))
        sessions.end_others(db, me.tenant, me.id, kept=me.session)
    flash("No code is asked for any more when you sign in.", "info")
    return redirect(url_for("account.page"))


def _proven() -> bool:
    me = member()
    return few(me.tenant, me.id) and is_proven(me.tenant, me.id, line(request.form.get("code", "")))


def _show(secret: str, problem: str = "") -> Page:
    where = address(secret, member().email)
    spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render_template("account/factor.html", picture=picture(where), secret=spaced, problem=problem)


def _refused(why: str) -> Page:
    flash(why, "warning")
    return redirect(url_for("account.page"))
