"""A person's acts towards suppliers at a conversation: ask one, need no answer any more, let held words go or not."""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for

from domain.errors import BadInput
from domain.message import Address
from domain.order import normal_number
from domain.supplier import Directory, Purpose, Supplier
from domain.supplier_request import Channel, ToAsk, normal_purchase_order
from handlers.asking_words import asks_nothing, question
from storage import requests_shown, supplier_open, supplier_requests, suppliers, thread, ticket_release, walls
from storage.requests_shown import Ground
from storage.supplier_requests import Anchor
from storage.walls import Letter
from understanding.entities import purchase_order_numbers
from web.conversation import CROSSED, LONGEST_REPLY, shown
from web.fields import letter, line
from web.session import Page, allowed, member, services
from web.supplier_view import Asking

pages = Blueprint("ask_supplier", __name__)

LONGEST_NUMBER = 60
_LATE = "Somebody has settled this already; nothing was done twice."


@pages.route("/conversations/<uuid:conversation>/ask-supplier", methods=["GET", "POST"])
@allowed("answer")
def ask(conversation: UUID) -> Page:
    """Write the words for this supplier and purpose, or send them as they stand in the form.

    GET is the conversation: a page that a form led to looks there for what happened meanwhile.
    """
    if request.method != "POST":
        return shown(conversation)
    tenant, typed = member().tenant, _typed()
    with services().database.transaction(tenant) as db:
        ground = requests_shown.ground(db, tenant, conversation)
        found = thread.find(db, tenant, conversation)
        directory = suppliers.directory(db, tenant)
    if ground is None or found is None:
        abort(404)
    try:
        supplier = _checked(typed, directory)
        if request.form.get("act") != "send":
            words = question(supplier.language, typed.purpose, normal_purchase_order(typed.purchase_order))
            return shown(
                conversation, asking=replace(typed, subject=words.subject, text=words.text, prepared=typed.chosen)
            )
        # In a conversation with a supplier no customer stands behind the question.
        behind = None if directory.knows(found.customer_address) else conversation
        return _send(conversation, typed, supplier, ground, behind=behind)
    except BadInput as error:
        return shown(conversation, asking=replace(typed, problem=error.reason, field=error.field))


@pages.post("/supplier-requests/<uuid:supplier_request>/close")
@allowed("answer")
def close(supplier_request: UUID) -> Page:
    """Nobody waits for the answer any more: no reminder leaves, and no alert comes."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        conversation = requests_shown.conversation_of(db, tenant, supplier_request)
        if conversation is None:
            abort(404)
        closed = supplier_open.close(db, tenant, supplier_request, member=member().id)
    flash("Noted: no answer is needed. Nobody is reminded." if closed else _LATE, "info" if closed else "warning")
    return redirect(url_for("conversation.page", conversation=conversation))


@pages.post("/ticket-words/<uuid:words>/release")
@allowed("answer")
def release(words: UUID) -> Page:
    """Let held words go onto their ticket; where the wall objects, only with a reason."""
    tenant, conversation = member().tenant, _conversation_of(words)
    why = line(request.form.get("wall_reason", ""), walls.LONGEST_REASON)
    with services().database.transaction(tenant) as db:
        wall = walls.objection_to_words(db, tenant, words)
        done = (bool(why) or not wall) and ticket_release.release(
            db, tenant, words, member=member().id, wall_reason=why
        )
    if wall and not why:
        flash(f"Nothing was sent: {CROSSED}", "warning")
    else:
        flash("It goes onto the ticket now." if done else _LATE, "info" if done else "warning")
    return redirect(url_for("conversation.page", conversation=conversation))


@pages.post("/ticket-words/<uuid:words>/drop")
@allowed("answer")
def drop(words: UUID) -> Page:
    tenant, conversation = member().tenant, _conversation_of(words)
    with services().database.transaction(tenant) as db:
        done = ticket_release.drop(db, tenant, words, member=member().id)
    flash("Dropped; it was not sent." if done else _LATE, "info" if done else "warning")
    return redirect(url_for("conversation.page", conversation=conversation))


def _send(conversation: UUID, typed: Asking, supplier: Supplier, ground: Ground, *, behind: UUID | None) -> Page:
    """Raises BadInput with one sentence where it cannot be asked like this. `behind` is the customer's conversation."""
    if typed.prepared != typed.chosen:
        raise BadInput("text", "Another supplier or purpose was chosen since the words were written: read them again.")
    if not 0 < len(typed.text) <= LONGEST_REPLY:
        raise BadInput("text", f"A letter needs between 1 and {LONGEST_REPLY:,} characters.")
    if asks_nothing(typed.text, supplier.language, typed.purpose, normal_purchase_order(typed.purchase_order)):
        raise BadInput("text", "The letter asks nothing yet: write your question into it.")
    named, number = purchase_order_numbers(typed.text, typed.subject), normal_purchase_order(typed.purchase_order)
    if named and number not in named:
        raise BadInput("text", f"The letter names {named[0]} and the form {number}: let them name the same.")
    if not typed.by_ticket and ground.mailbox_status == "disconnected":
        raise BadInput("channel", supplier_requests.DISCONNECTED)
    tenant, address = member().tenant, supplier.contact_for(typed.purpose)
    over = line(request.form.get("wall_reason", ""), walls.LONGEST_REASON)
    with services().database.transaction(tenant) as db:
        words = Letter(
            Address(address), typed.text, typed.subject, (conversation,), for_supplier=True,
            order_number=typed.order_number,
        )  # fmt: skip
        wall = walls.objection(db, tenant, words)
        if not wall or over:
            wish = ToAsk(
                supplier.id or UUID(int=0), typed.purchase_order, typed.purpose, address, typed.subject, typed.text,
                normal_number(typed.order_number), over if wall else "",
            )  # fmt: skip
            ticket = requests_shown.ticket_of(db, tenant, typed.order_number) if typed.by_ticket else None
            anchor = Anchor(ground.mailbox, ground.message, behind, ticket)
            channel = Channel.TICKET if typed.by_ticket else Channel.GMAIL
            asked = supplier_requests.ask(db, tenant, wish, anchor, channel=channel, member=member().id)
            requests_shown.check_asked_once(db, tenant, asked, typed.text)
    if wall and not over:
        flash(f"Nothing was sent: {CROSSED}", "warning")
        return shown(conversation, asking=replace(typed, wall=wall))
    flash(f"It is leaving for {address} now.", "info")
    return redirect(url_for("conversation.page", conversation=conversation))


def _checked(typed: Asking, directory: Directory) -> Supplier:
    """Whom it would go to. Raises BadInput."""
    supplier = next((one for one in directory.suppliers if one.id == typed.supplier), None)
    if supplier is None:
        raise BadInput("supplier", "Choose the supplier.")
    if not supplier.contact_for(typed.purpose):
        raise BadInput("purpose", f"{supplier.name} has no address for this: enter one under Suppliers.")
    if not typed.purchase_order:
        raise BadInput("purchase_order", "Enter the purchase order that it is about.")
    return supplier


def _typed() -> Asking:
    form = request.form
    try:
        supplier = UUID(form.get("supplier", ""))
    except ValueError:
        supplier = None
    purpose = form.get("purpose", "")
    return Asking(
        supplier=supplier,
        purpose=Purpose(purpose) if purpose in set(Purpose) else Purpose.GENERAL,
        purchase_order=line(form.get("purchase_order", ""))[:LONGEST_NUMBER],
        order_number=line(form.get("order_number", ""))[:LONGEST_NUMBER],
        subject=line(form.get("subject", "")),
        text=letter(form.get("text", "")),
        by_ticket=form.get("channel") == "ticket",
        prepared=line(form.get("prepared", "")),
    )


def _conversation_of(words: UUID) -> UUID:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = ticket_release.conversation_of(db, tenant, words)
    if found is None:
        abort(404)
    return found
