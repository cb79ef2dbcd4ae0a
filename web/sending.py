"""For how many seconds a reply that a person released can be taken back: the workspace's setting."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from storage import events, undo
from web.fields import line
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("sending", __name__)


@pages.get("/sending")
@signed_in
def page() -> Page:
    with services().database.transaction(member().tenant) as db:
        seconds = undo.seconds(db, member().tenant)
    return _page(str(seconds))


@pages.post("/sending")
@allowed("manage")
def change() -> Page:
    typed = line(request.form.get("seconds", ""))
    if not (typed.isascii() and typed.isdecimal() and int(typed[:9]) <= undo.MOST):
        return _page(typed, problem=f"The seconds are a whole number from 0 to {undo.MOST}.")
    tenant, wanted = member().tenant, int(typed)
    with services().database.transaction(tenant) as db:
        undo.set_seconds(db, tenant, wanted)
        events.record(db, tenant, actor=str(member().id), kind="undo_seconds_changed", seconds=wanted)
    flash("Saved. It counts for replies that are released from now on.", "info")
    return redirect(url_for("sending.page"))


def _page(typed: str, *, problem: str = "") -> Page:
    return render_template("sending/page.html", typed=typed, problem=problem, most=undo.MOST)
