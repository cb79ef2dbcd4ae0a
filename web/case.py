"""A person's act on a case: approve what is proposed, refuse it, or ask the customer once more."""

from collections.abc import Callable
from typing import assert_never
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for

from domain.errors import BadInput, TryAgain
from storage import approvals
from storage.approvals import Approved
from storage.decisions import new_reference
from web.case_view import told_of
from web.case_words import QUESTIONS, Prepared, question, refusal, refusal_of
from web.conversation import LONGEST_REPLY, conversation_of, shown
from web.fields import letter, line
from web.session import Page, allowed, member, services

pages = Blueprint("case", __name__)

_LATE = "Somebody has settled this already, or a new mail changed what is wanted. Nothing was done twice."


@pages.post("/decisions/<uuid:decision>/approve")
@allowed("answer")
def approve(decision: UUID) -> Page:
    """Approve the order action, and the reply as it stands in the form: it leaves once the action is done."""
    text, conversation = letter(request.form.get("text", "")), conversation_of(decision)
    problem = _unfit(text)
    if problem:
        flash(f"Nothing was done: {problem}", "warning")
        return shown(conversation, typed=text)
    if request.form.get("sure") != "yes":
        flash("Nothing was done yet. Look at the amount and at who gets the reply, then confirm.", "warning")
        return shown(conversation, typed=text, ask_again=True)
    tenant, reference = member().tenant, new_reference()
    try:
        with services().database.transaction(tenant) as db:
            became = approvals.approve(db, tenant, decision, member=member().id, text_to_send=text, reference=reference)
    except BadInput as error:
        flash(f"Nothing was done. {error.reason}", "warning")
        return shown(conversation, typed=text)
    except TryAgain:
        became = Approved.LATE
    match became:
        case Approved.DONE:
            flash("Approved. It is being done now, and the reply leaves as soon as it is.", "info")
        case Approved.SECOND:
            flash("You approved it. Another member has to approve it, too; until then nothing is done.", "info")
        case Approved.SAME:
            flash("You had approved it already: the second approval has to come from another member.", "warning")
        case Approved.LATE:
            flash(_LATE, "warning")
            return shown(conversation, unsent=text)
        case _:
            assert_never(became)
    return redirect(url_for("conversation.page", conversation=conversation))


@pages.post("/decisions/<uuid:decision>/refuse")
@allowed("answer")
def refuse(decision: UUID) -> Page:
    """Prepare the reply that refuses by a rule or in own words, or send it as it stands in the form."""
    what, why = line(request.form.get("what", "")), line(request.form.get("why", ""))
    conversation = conversation_of(decision)
    try:
        reason = refusal_of(what, why)
    except BadInput as error:
        flash(f"Nothing was sent. {error.reason}", "warning")
        return shown(conversation, prepared=Prepared("refuse", what, why, _text()))
    if request.form.get("act") != "send":
        text = refusal(what, why, told_of(conversation, decision))
        return shown(conversation, prepared=Prepared("refuse", what, why, text))

    def settle(text: str, reference: str) -> bool:
        tenant = member().tenant
        with services().database.transaction(tenant) as db:
            return approvals.refuse(
                db, tenant, decision, member=member().id, rule_or_reason=reason, text_to_send=text, reference=reference
            )

    return _settled(conversation, Prepared("refuse", what, why, _text()), settle, "Refused. The reply is leaving now.")


@pages.post("/decisions/<uuid:decision>/ask")
@allowed("answer")
def ask(decision: UUID) -> Page:
    """Prepare the reply that asks for what is missing, or send it as it stands in the form."""
    conversation = conversation_of(decision)
    name = request.form.get("what", "")
    what = next((one for one in QUESTIONS if one == name), None)
    if what is None:
        flash("Nothing was sent. Choose what to ask for.", "warning")
        return shown(conversation)
    if request.form.get("act") != "send":
        text = question(what, told_of(conversation, decision))
        return shown(conversation, prepared=Prepared("ask", what.value, "", text))

    def settle(text: str, reference: str) -> bool:
        tenant = member().tenant
        with services().database.transaction(tenant) as db:
            return approvals.ask(
                db, tenant, decision, member=member().id, what=what, text_to_send=text, reference=reference
            )

    said = "Asked. The question is leaving now, and the answer is taken up by the machine."
    return _settled(conversation, Prepared("ask", what.value, "", _text()), settle, said)


def _settled(conversation: UUID, typed: Prepared, settle: Callable[[str, str], bool], said: str) -> Page:
    """Do it with the text of the form; whatever keeps it from being done, the text stays on the page."""
    problem = _unfit(typed.text)
    if problem:
        flash(f"Nothing was sent: {problem}", "warning")
        return shown(conversation, prepared=typed)
    try:
        done = settle(typed.text, new_reference())
    except BadInput as error:
        flash(f"Nothing was sent. {error.reason}", "warning")
        return shown(conversation, prepared=typed)
    except TryAgain:
        done = False
    if not done:
        flash(_LATE, "warning")
        return shown(conversation, unsent=typed.text)
    flash(said, "info")
    return redirect(url_for("conversation.page", conversation=conversation))


def _text() -> str:
    return letter(request.form.get("text", ""))


def _unfit(text: str) -> str:
    return "" if 0 < len(text) <= LONGEST_REPLY else f"a reply needs between 1 and {LONGEST_REPLY:,} characters."
