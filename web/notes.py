"""Writing a note on a conversation, and taking one's own back. Nothing of it is ever sent."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for

from domain.errors import BadInput
from storage import notes
from web.conversation import shown
from web.fields import letter
from web.handling import known
from web.session import Page, allowed, member, services

pages = Blueprint("notes", __name__)


@pages.post("/conversations/<uuid:conversation>/notes")
@allowed("answer")
def write(conversation: UUID) -> Page:
    tenant, words = known(conversation), letter(request.form.get("note", ""))
    try:
        with services().database.transaction(tenant) as db:
            written = notes.write(db, tenant, conversation, member=member().id, words=words)
    except BadInput as error:
        flash(f"The note was not kept. {error.reason}", "warning")
        return shown(conversation, note=words)
    if written is None:
        abort(404)
    return redirect(url_for("conversation.page", conversation=conversation, _anchor=f"note-{written}"))


@pages.post("/notes/<uuid:note>/take-back")
@allowed("answer")
def take_back(note: UUID) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        conversation = notes.conversation_of(db, tenant, note)
        if conversation is None:
            abort(404)
        done = notes.take_back(db, tenant, note, member=member().id)
    if done:
        flash("The note is gone.", "info")
    else:
        flash("It stays: a note is taken back by whoever wrote it, within an hour.", "warning")
    return redirect(url_for("conversation.page", conversation=conversation))
