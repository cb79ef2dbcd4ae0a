"""Which request to a supplier a mail answers: shown beside a conversation, and corrected by a person."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for

from domain.category import Category
from storage import supplier_links, supplier_shown
from storage.thread import Shown
from web.session import Page, allowed, member, services

pages = Blueprint("supplier_links", __name__)


def linked_view(conversation: UUID, now: Shown | None) -> dict[str, object]:
    """What `conversation/supplier.html` needs. The requests to choose from come with a mail that may answer one."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        linked = supplier_shown.linked(db, tenant, conversation)
        choices = supplier_shown.choices(db, tenant) if now is not None and (linked or _may_answer(now)) else []
    here = {one.request for one in linked if one.answers and now is not None and one.message == now.id}
    return {"linked": linked, "choices": [one for one in choices if one.request not in here]}


@pages.post("/messages/<uuid:message>/answers")
@allowed("answer")
def answers(message: UUID) -> Page:
    """A person says which request this mail answers: nothing more is due on it."""
    back, wanted = _back(message), _wanted()
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        done = wanted is not None and supplier_links.by_person(db, tenant, message, wanted, member=member().id)
    flash("Noted: nobody is reminded of it any more." if done else "Choose a purchase order.", _tone(done=done))
    return back


@pages.post("/messages/<uuid:message>/no-answer")
@allowed("answer")
def no_answer(message: UUID) -> Page:
    """A person says that this mail does not answer a request: it waits for its answer again."""
    back, wanted = _back(message), _wanted()
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        done = wanted is not None and supplier_links.take_back(db, tenant, message, wanted, member=member().id)
    said = "Taken back: an answer is waited for again." if done else "Somebody has taken it back already."
    flash(said, _tone(done=done))
    return back


def _may_answer(now: Shown) -> bool:
    read = now.understanding
    return read is not None and (read.category is Category.SUPPLIER or bool(read.purchase_orders))


def _wanted() -> UUID | None:
    try:
        return UUID(request.form.get("request", ""))
    except ValueError:
        return None


def _back(message: UUID) -> Page:
    """To the conversation of the mail; another tenant's mail does not exist here."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = supplier_shown.conversation_of(db, tenant, message)
    if found is None:
        abort(404)
    return redirect(url_for("conversation.page", conversation=found))


def _tone(*, done: bool) -> str:
    return "info" if done else "warning"
