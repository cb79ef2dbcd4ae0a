"""Keep a reply that is not finished, begin it anew, say who is at it: by the page's script, or by a button."""

from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, request, url_for

from storage import kept_replies
from storage.kept_replies import Overtaken
from web.conversation import LONGEST_REPLY, conversation_of, shown
from web.fields import letter
from web.handling import known
from web.kept_view import keep as keep_typed
from web.kept_view import note_presence, seen_in_form, unsettled, whose
from web.session import Page, allowed, member, services

pages = Blueprint("kept", __name__)

SETTLED = "Somebody has settled this already, so nothing was kept. What you typed is still here: copy it."


@pages.post("/decisions/<uuid:decision>/keep")
@allowed("answer")
def keep(decision: UUID) -> Page:
    """Keep the reply as it stands in the form. The page's script asks for JSON:
    `version`, or `said` what is wrong and whether to `stop`, because somebody has to choose first.
    """
    conversation, text = conversation_of(decision), letter(request.form.get("text", ""))
    note_presence(conversation, writing=True)
    fits = 0 < len(text) <= LONGEST_REPLY
    try:
        version = keep_typed(decision, text, seen_in_form()) if fits else 0
    except Overtaken as told:
        if _is_script():
            said = f"{whose(told.theirs)} Yours is in this browser alone: keep it to see both."
            return jsonify(said=said, stop=True)
        flash(f"Nothing was kept. {whose(told.theirs)}", "warning")
        return shown(conversation, apart=unsettled(text, told.theirs))
    said = SETTLED if fits else f"Nothing was kept: a reply has between 1 and {LONGEST_REPLY:,} characters."
    if _is_script():
        return jsonify(version=version) if version else jsonify(said=said, stop=fits)
    if version:
        flash("Kept. Whoever opens this conversation finds it.", "info")
        return redirect(url_for("conversation.page", conversation=conversation))
    flash(said, "warning")
    return shown(conversation, unsent=text)


@pages.post("/conversations/<uuid:conversation>/present")
@allowed("answer")
def present(conversation: UUID) -> Page:
    """The page is open still, or somebody `writes` there what is not kept yet: asked by its script, without a text."""
    known(conversation)
    note_presence(conversation, writing=request.form.get("writes") == "yes")
    return Response(status=204)


@pages.post("/decisions/<uuid:decision>/anew")
@allowed("answer")
def anew(decision: UUID) -> Page:
    """Forget what is kept: the machine's draft stands again, or nothing where there was none."""
    tenant, conversation = member().tenant, conversation_of(decision)
    try:
        with services().database.transaction(tenant) as db:
            done = kept_replies.drop(db, tenant, decision, seen=seen_in_form())
    except Overtaken as told:
        flash(f"Nothing was changed. {whose(told.theirs)} Look at it first.", "warning")
        done = True
    if not done:
        flash("Nothing was kept here any more.", "info")
    return redirect(url_for("conversation.page", conversation=conversation))


def _is_script() -> bool:
    return request.accept_mimetypes.best == "application/json"
