"""Questions that nothing answered, in groups, and the way from a person's reply to an article."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from rag.articles import MOST_QUESTIONS, draft, question
from storage import gaps, indexing, replies
from storage.gaps import Gap
from web.knowledge import is_working
from web.knowledge_edit import editor
from web.knowledge_form import Form
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("gaps", __name__)


@pages.get("/gaps")
@signed_in
def page() -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = gaps.every(db, tenant)
        open_gaps, progress = gaps.count_open(db, tenant), indexing.progress(db, tenant)
    return render_template(
        "gaps/page.html",
        gaps=[(gap, _typical(gap)) for gap in found],
        open_gaps=open_gaps,
        working=is_working(progress),
    )


@pages.post("/gaps/<uuid:gap>/dismiss")
@allowed("write")
def dismiss(gap: UUID) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        if gaps.one(db, tenant, gap, examples=1) is None:
            abort(404)
        done = gaps.settle(db, tenant, gap, member=member().id, state="dismissed")
    flash(
        "Dismissed: these questions need no article." if done else "Somebody has settled these already.",
        "info" if done else "warning",
    )
    return redirect(url_for("gaps.page"))


@pages.get("/gaps/<uuid:gap>/article")
@allowed("write")
def write(gap: UUID) -> Page:
    """The editor with what the group asks, and with the latest reply of a person where there is one."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = gaps.one(db, tenant, gap)
    if found is None:
        abort(404)
    return editor(_form_of(found))


@pages.get("/replies/<uuid:reply>/article")
@allowed("write")
def from_reply(reply: UUID) -> Page:
    """The editor with a reply that a person sent."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = replies.by_a_person(db, tenant, reply)
    if found is None:
        abort(404)
    asked = [(found.question, found.subject)]
    return editor(_form(found.reply, asked, found.language, found.names, found.gap))


def _typical(gap: Gap) -> str:
    """What the most typical mail of a group asks."""
    return next((question(one.text, one.subject, gap.language) for one in gap.examples), "")


def _form_of(gap: Gap) -> Form:
    answered = [one for one in gap.examples if one.reply]
    latest = max(answered, key=lambda one: one.received_at).reply if answered else ""
    names = tuple({name for one in gap.examples for name in one.names} | set(member().name.split()))
    asked = [(one.text, one.subject) for one in gap.examples[:MOST_QUESTIONS]]
    return _form(latest, asked, gap.language, names, gap.id)


def _form(reply: str, asked: list[tuple[str, str]], language: str, names: tuple[str, ...], gap: UUID | None) -> Form:
    # It brings lists of telephone numbers, which other pages need not wait for.
    from adapters.llm.placeholders import replace_personal

    made = draft(reply, asked, language, names=names, replace=lambda text, known: replace_personal(text, known).text)
    return Form(
        title=made.title, body=made.body, questions="\n".join(made.questions), gap=gap, from_reply=True,
        language="" if language == "und" else language,
    )  # fmt: skip
