"""The queue of what waits for a person, and the list of all conversations."""

from flask import Blueprint, render_template

from domain.category import Category
from storage import conversations, desk
from web.fields import PAGE, listing
from web.session import Page, member, services, signed_in

pages = Blueprint("queue", __name__)


@pages.get("/")
@signed_in
def page() -> Page:
    tenant, asked = member().tenant, listing()
    with services().database.transaction(tenant) as db:
        rows = desk.queue(db, tenant, category=asked.category, words=asked.words, after=asked.after, limit=PAGE + 1)
        today, people = desk.today(db, tenant), desk.handled_by(db, tenant)
    return render_template(
        "queue/page.html", today=today, people=people, categories=list(Category), **asked.shown(rows)
    )


@pages.get("/conversations")
@signed_in
def every() -> Page:
    tenant, asked = member().tenant, listing()
    with services().database.transaction(tenant) as db:
        rows = conversations.recent(db, tenant, words=asked.words, after=asked.after, limit=PAGE + 1)
    return render_template("queue/conversations.html", **asked.shown(rows))
