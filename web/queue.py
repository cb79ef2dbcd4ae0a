"""The queue of what waits for a person, and the list of all conversations."""

from flask import Blueprint, render_template, request

from domain.category import Category
from storage import conversations, desk
from web.fields import line, row_id
from web.session import Page, member, services, signed_in

pages = Blueprint("queue", __name__)

PAGE = 50


@pages.get("/")
@signed_in
def page() -> Page:
    category = request.args.get("category", "")
    category = category if category in set(Category) else ""
    words = line(request.args.get("q", ""))
    tenant, after = member().tenant, row_id("after")
    with services().database.transaction(tenant) as db:
        rows = desk.queue(db, tenant, category=category, words=words, after=after, limit=PAGE + 1)
        today, people = desk.today(db, tenant), desk.handled_by(db, tenant)
    return render_template(
        "queue/page.html", rows=rows[:PAGE], more=len(rows) > PAGE, today=today, people=people, category=category,
        words=words, categories=list(Category), after=after,
    )  # fmt: skip


@pages.get("/conversations")
@signed_in
def every() -> Page:
    words = line(request.args.get("q", ""))
    tenant, after = member().tenant, row_id("after")
    with services().database.transaction(tenant) as db:
        rows = conversations.recent(db, tenant, words=words, after=after, limit=PAGE + 1)
    return render_template(
        "queue/conversations.html", rows=rows[:PAGE], more=len(rows) > PAGE, words=words, after=after
    )
