"""Taking a released reply back before it leaves."""

from uuid import UUID

from flask import Blueprint, flash, redirect, url_for

from storage import undo
from web.conversation import conversation_of
from web.session import Page, allowed, member, services

pages = Blueprint("undo", __name__)


@pages.post("/decisions/<uuid:decision>/undo")
@allowed("answer")
def take_back(decision: UUID) -> Page:
    """Also somebody else's reply: whoever sees that it is wrong stops it."""
    tenant, conversation = member().tenant, conversation_of(decision)
    with services().database.transaction(tenant) as db:
        done = undo.take_back(db, tenant, decision, member=member().id)
    if done:
        flash("Taken back. Nothing was sent; your words are the draft below.", "info")
    else:
        flash("It is too late to undo it: the reply has left, is just leaving, or was taken back before.", "warning")
    return redirect(url_for("conversation.page", conversation=conversation))
