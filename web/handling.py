"""Who has a conversation, until when it rests, whether it is done: acts of its page, and the bar that offers them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for

from domain.errors import BadInput
from domain.settlement import Settlement
from storage import assigning, closing, taking_over
from storage.assigning import Colleague, Handling
from storage.taking_over import TakenOver
from storage.thread import Conversation, Shown
from web.fields import one_of, own_page
from web.filters import ME, NOBODY
from web.resting import RESTS, until
from web.session import Page, allowed, member, services

pages = Blueprint("handling", __name__)


@dataclass(frozen=True, slots=True)
class Bar:
    """`waits`: something of it waits for a person; `reopens`: its newest mail may wait again."""

    now: Handling
    colleagues: tuple[Colleague, ...]
    taken_over: TakenOver | None
    waits: bool
    reopens: bool
    rests: bool


def handling_view(found: Conversation) -> dict[str, object]:
    """What the templates need to show who has a conversation, and what can be done about that."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        now = assigning.of(db, tenant, found.id)
        colleagues = tuple(assigning.colleagues(db, tenant))
        taken = taking_over.of(db, tenant, found.id)
    if now is None:
        abort(404)
    decided = [one for one in found.messages if one.decision is not None]
    waits = any(one.waits for one in decided)
    reopens = bool(decided) and _reopens(decided[-1])
    rests = waits and now.snoozed_until is not None and now.snoozed_until > datetime.now(UTC)
    lengths = [(word, told) for word, (told, _) in RESTS.items()]
    return {"bar": Bar(now, colleagues, taken, waits, reopens, rests), "rest_lengths": lengths}


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
    match done:
        case None | Settlement.SENT:
            told = "Its newest mail was neither dismissed nor left in Gmail as a draft: there is nothing to take back."
            return _back(conversation, told, "warning")
        case Settlement.DISMISSED:
            return _back(conversation, "Its newest mail waits again.")
        case Settlement.GMAIL_DRAFT:
            told = "Its newest mail waits again. The draft in Gmail stays there: delete it there once you answer here."
            return _back(conversation, told)
        case _:
            assert_never(done)


@pages.post("/conversations/<uuid:conversation>/take-over")
@allowed("answer")
def take_over(conversation: UUID) -> Page:
    """From now on nothing leaves there by itself, and the member has it."""
    tenant = known(conversation)
    with services().database.transaction(tenant) as db:
        done = taking_over.take_over(db, tenant, conversation, member=member().id)
    if not done:
        return _back(conversation, "Nothing changed: you had taken it over already.")
    return _back(conversation, "It is yours. The machine sends nothing here by itself until you give it back.")


@pages.post("/conversations/<uuid:conversation>/give-back")
@allowed("answer")
def give_back(conversation: UUID) -> Page:
    tenant = known(conversation)
    with services().database.transaction(tenant) as db:
        done = taking_over.give_back(db, tenant, conversation, member=member().id)
    if not done:
        return _back(conversation, "Nothing changed: nobody had taken it over.")
    return _back(conversation, "The machine may answer here again. What waits goes on waiting for you.")


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


def _reopens(newest: Shown) -> bool:
    """Whether the newest mail that was decided about may wait again."""
    match newest.settlement:
        case None | Settlement.SENT:
            return False
        case Settlement.DISMISSED:
            return True
        case Settlement.GMAIL_DRAFT:
            return newest.lies_in_gmail
        case _:
            assert_never(newest.settlement)


def _back(conversation: UUID, told: str, tone: str = "info") -> Page:
    flash(told, tone)
    back = request.form.get("next", "")
    return redirect(own_page(back) if back else url_for("conversation.page", conversation=conversation))
