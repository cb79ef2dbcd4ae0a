"""What was learned from the members: how far categories and answers have come, and the examples, to end and delete."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from domain.category import Category
from domain.phase import Phase
from storage import answer_standings, corrections, learning, phases
from storage import standings as standing_rows
from web.curve import draw
from web.fields import PAGE, listing
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("learning", __name__)


@pages.get("/learning")
@signed_in
def page() -> Page:
    tenant, asked = member().tenant, listing()
    with services().database.transaction(tenant) as db:
        standings = {row.category: row for row in standing_rows.every(db, tenant)}
        answers = [(row, draw(row)) for row in answer_standings.every(db, tenant)]
        rows = corrections.page(
            db, tenant, category=asked.category, words=asked.words, after=asked.after, limit=PAGE + 1
        )
        settled = learning.is_settled(db, tenant)
        automatic = {category for category, phase in phases.of(db, tenant).items() if phase is Phase.AUTOMATIC}
    return render_template(
        "learning/page.html", categories=list(Category), settled=settled, automatic=automatic, answers=answers,
        standings=[standings[one] for one in Category if one in standings], **asked.shown(rows),
    )  # fmt: skip


@pages.post("/corrections/<uuid:correction>/extend")
@allowed("answer")
def extend(correction: UUID) -> Page:
    return _change(correction, corrections.extend, "It is learned from for another year.")


@pages.post("/corrections/<uuid:correction>/end")
@allowed("manage")
def end(correction: UUID) -> Page:
    return _change(correction, corrections.end, "Ended: within seconds nothing is learned from it any more.")


@pages.post("/corrections/<uuid:correction>/delete")
@allowed("manage")
def delete(correction: UUID) -> Page:
    return _change(correction, corrections.delete, "Deleted: its words are erased, and what was learned from it goes.")


def _change(correction: UUID, change: Callable[..., bool], said: str) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        if not corrections.exists(db, tenant, correction):
            abort(404)
        done = change(db, tenant, correction, member=member().id)
    flash(said if done else "Somebody has deleted this already.", "info" if done else "warning")
    return redirect(url_for("learning.page"))
