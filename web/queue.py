"""The queue of what waits for a person, and the list of all conversations."""

from typing import Any

from flask import Blueprint, g, render_template, request

from domain.category import Category
from storage import assigning, bulk, conversations, demonstration, desk, mailboxes, queue, queue_counts, views
from web.fields import PAGE, listing, picks, row_id
from web.filters import Asked, asked
from web.limits import limited, searches
from web.resting import RESTS
from web.session import Page, member, services, signed_in
from web.words import KINDS, LANGUAGES

pages = Blueprint("queue", __name__)


# A list is asked for by its address. Without a script, ticks are carried from page to page by sending the form to it.
@pages.route("/", methods=["GET", "POST"])
@signed_in
def page() -> Page:
    return shown(asked(request.args), picks() if request.method == "POST" else [])


def shown(wanted: Asked, picked: list[str]) -> Page:
    """The queue as `wanted`, with these mails ticked."""
    tenant, me, after = member().tenant, member().id, row_id("after")
    narrowed = wanted.filter(me)
    with services().database.transaction(tenant) as db:
        rows = queue.page(db, tenant, narrowed, after=after, limit=PAGE + 1)
        counts = queue_counts.counts(db, tenant, narrowed)
        around: dict[str, Any] = {
            "counts": counts,
            "done": queue_counts.done(db, tenant),
            "today": desk.today(db, tenant, held=counts.waiting),
            "colleagues": assigning.colleagues(db, tenant),
            "mailboxes": mailboxes.every(db, tenant),
            "views": views.every(db, tenant, me),
            "made_up": demonstration.find(db, tenant),
            "is_empty": not rows and demonstration.is_empty(db, tenant),
            "begins": not rows and not mailboxes.every(db, tenant),
            "people": () if rows else desk.handled_by(db, tenant),
        }
    g.waiting = around["today"].held
    on_page = {str(row.decision) for row in rows[:PAGE]}
    return render_template(
        "queue/page.html",
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        after=after,
        asked=wanted,
        picked=picked,
        picked_elsewhere=[one for one in picked if one not in on_page],
        categories=list(Category),
        kinds=KINDS,
        languages=LANGUAGES,
        rests=RESTS,
        most=bulk.MOST,
        most_done=queue_counts.MOST_DONE,
        **around,
    )


@pages.get("/conversations")
@signed_in
@limited("search", when=searches)
def every() -> Page:
    tenant, wanted = member().tenant, listing()
    with services().database.transaction(tenant) as db:
        rows = conversations.recent(db, tenant, words=wanted.words, after=wanted.after, limit=PAGE + 1)
    return render_template("queue/conversations.html", **wanted.shown(rows))
