"""Demonstration data for an empty workspace, and taking it away again."""

from flask import Blueprint, flash, redirect, url_for

from parts import demonstration as shop
from storage import demonstration
from web.session import Page, allowed, member, services

pages = Blueprint("demonstration", __name__, url_prefix="/demonstration")


@pages.post("/fill")
@allowed("manage")
def fill() -> Page:
    if shop.fill(services(), member().tenant, member=member().id):
        flash("A made-up shop with its mail is here. Mail is read now, one after the other: watch it arrive.", "info")
    else:
        flash("Nothing was changed: this workspace has mail, orders or a connection already.", "warning")
    return redirect(url_for("queue.page"))


@pages.post("/remove")
@allowed("manage")
def remove() -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        removed = demonstration.remove(db, tenant, actor=str(member().id))
    if removed:
        flash("The demonstration data is gone. What you brought in yourselves is still here.", "info")
    else:
        flash("Nothing was changed: there is no demonstration data here.", "warning")
    return redirect(url_for("queue.page"))
