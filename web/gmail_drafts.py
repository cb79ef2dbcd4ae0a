"""Save as Gmail draft: a person takes the reply, as it stands in the form, to Gmail and finishes it there."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for

from domain.errors import BadInput
from storage import claims, edit_reasons, gmail_drafts, walls
from storage.references import new_reference
from web.conversation import CROSSED, FALSE, LONGEST_REPLY, conversation_of, shown
from web.edit_reasons import chosen
from web.fields import letter
from web.session import Page, allowed, member, services

pages = Blueprint("gmail_drafts", __name__)


@pages.post("/decisions/<uuid:decision>/gmail-draft")
@allowed("answer")
def save(decision: UUID) -> Page:
    """The workers lay it down. What it may not say it may not say there either, unless its writer gives a reason."""
    text, conversation = letter(request.form.get("text", "")), conversation_of(decision)
    if not text or len(text) > LONGEST_REPLY:
        flash(f"Nothing was saved in Gmail: a draft needs between 1 and {LONGEST_REPLY:,} characters.", "warning")
        return shown(conversation, unsent=text)
    tenant, me = member().tenant, member().id
    why = letter(request.form.get("claim_reason", ""))[: claims.LONGEST_REASON].strip()
    over = letter(request.form.get("wall_reason", ""))[: walls.LONGEST_REASON].strip()
    try:
        with services().database.transaction(tenant) as db:
            unproven = claims.unproven_in(db, tenant, decision, text)
            wall = walls.objection_to_reply(db, tenant, decision, text)
            stopped = bool(unproven and not why) or bool(wall and not over)
            reasons = {"claim_reason": why if unproven else "", "wall_reason": over if wall else ""}
            done = not stopped and gmail_drafts.save(
                db, tenant, decision, member=me, text_to_keep=text, reference=new_reference(), **reasons
            )
            if done:
                edit_reasons.note(db, tenant, decision, *chosen())
            if done and unproven:
                claims.note_override(db, tenant, decision, unproven, member=me, reason=why)
            if done and wall:
                walls.note_override(db, tenant, decision, member=me, reason=over)
    except BadInput as error:
        flash(f"Nothing was saved in Gmail. {error.reason}", "warning")
        return shown(conversation, unsent=text)
    if stopped:
        flash(f"Nothing was saved in Gmail: {FALSE if unproven and not why else CROSSED}", "warning")
        return shown(conversation, unsent=text, decision=decision, unproven=unproven, over_the_wall=wall)
    if not done:
        flash("Somebody has settled this already; nothing was saved in Gmail.", "warning")
        return shown(conversation, unsent=text)
    flash("It is being laid down in Gmail as a draft. Nothing is sent from here.", "info")
    return redirect(url_for("conversation.page", conversation=conversation))
