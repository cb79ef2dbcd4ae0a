"""Whether a passage answers a mail: a member's word, from which answers earn to go out by themselves."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for

from storage import answer_verdicts, thread
from web.session import Page, allowed, member, services

pages = Blueprint("verdict", __name__)

ANSWERS = {"yes": True, "no": False}


@pages.post("/decisions/<uuid:decision>/verdict")
@allowed("answer")
def say(decision: UUID) -> Page:
    """Counts for what is learned and nothing else: no mail leaves, and none is decided anew."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        conversation = thread.of_decision(db, tenant, decision)
    if conversation is None:
        abort(404)
    is_right = ANSWERS.get(request.form.get("answers", ""))
    if is_right is None:
        flash("Say whether the passage answers the mail, or does not.", "warning")
    else:
        with services().database.transaction(tenant) as db:
            noted = answer_verdicts.said(db, tenant, decision, member=member().id, is_right=is_right)
        if noted:
            flash("Noted. Nothing was sent. What answers have earned is counted anew within seconds.", "info")
        else:
            flash("No passage was looked for in this mail.", "warning")
    return redirect(url_for("conversation.page", conversation=conversation))
