"""Who has a conversation, until when it rests, and whether it is done: acts of the conversation's page."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for

from domain.errors import BadInput
from storage import assigning, closing
from web.fields import one_of, own_page
from web.filters import ME, NOBODY
from web.resting import RESTS, until
from web.session import Page, allowed, member, services

pages = Blueprint("handling", __name__)


@pages.post("/conversations/<uuid:conversation>/assign")
@allowed("answer")
def assign(conversation: UUID) -> Page:
    """`assignee` is a member's id, "me" or "nobody"."""
    tenant = known(conversation)
    try:
        to = assignee(request.form.get("assignee", ""))
        with services().database.transaction(tenant) as db:
            changed = assigning.assign(db, tenant, [conversation], assignee=to, member=member().id)
            now = assigning.of(db, tenant, conversation)
    except BadInput as error:
        return _back(conversation, error.reason, "warning")
    if not changed:
        return _back(conversation, "Nothing changed: it was so already.")
    return _back(conversation, f"{now.assignee_name} has it now." if now and now.assignee else "Nobody has it now.")


@pages.post("/conversations/<uuid:conversation>/snooze")
@allowed("answer")
def snooze(conversation: UUID) -> Page:
    """`for` is one of the offered lengths, or "now" to end the rest."""
    tenant, word = known(conversation), request.form.get("for", "")
    try:
        end = None if word == "now" else until(word)
    except BadInput as error:
        return _back(conversation, error.reason, "warning")
    with services().database.transaction(tenant) as db:
        changed = assigning.snooze(db, tenant, [conversation], until=end, member=member().id)
    if not changed:
        return _back(conversation, "Nothing of it waits, so there is nothing that could rest.", "warning")
    if end is None:
        return _back(conversation, "It waits in the queue again.")
    told = f"It rests for {RESTS[word][0]}, and is back at once when the customer writes again."
    return _back(conversation, told)


@pages.post("/conversations/<uuid:conversation>/close")
@allowed("answer")
def close(conversation: UUID) -> Page:
    tenant = known(conversation)
    with services().database.transaction(tenant) as db:
        dismissed = closing.close(db, tenant, conversation, member=member().id)
    if not dismissed:
        return _back(conversation, "Nothing of it waits any more.", "warning")
    return _back(conversation, f"Closed: {one_of(dismissed, 'mail', 'mails')} dismissed, nothing was sent.")


@pages.post("/conversations/<uuid:conversation>/reopen")
@allowed("answer")
def reopen(conversation: UUID) -> Page:
    tenant = known(conversation)
    with services().database.transaction(tenant) as db:
        done = closing.reopen(db, tenant, conversation, member=member().id)
    if not done:
        return _back(conversation, "Its newest mail was not dismissed, so there is nothing to take back.", "warning")
    return _back(conversation, "Its newest mail waits again.")


def known(conversation: UUID) -> UUID:
    """The tenant of a conversation that exists there, else a 404."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        if assigning.of(db, tenant, conversation) is None:
            abort(404)
    return tenant


def assignee(word: str) -> UUID | None:
    """Whom a form names: a member's id, "me", or "nobody". Raises BadInput."""
    if word == NOBODY:
        return None
    try:
        return member().id if word == ME else UUID(word)
    except ValueError as error:
        raise BadInput("assignee", "Choose who shall have it.") from error


def _back(conversation: UUID, told: str, tone: str = "info") -> Page:
    flash(told, tone)
    back = request.form.get("next", "")
    return redirect(own_page(back) if back else url_for("conversation.page", conversation=conversation))
