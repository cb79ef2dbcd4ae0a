"""A person's act on a case: approve what is proposed, refuse it, or ask the customer once more."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import assert_never
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for

from domain.claims import Claim
from domain.errors import BadInput, TryAgain
from storage import approvals, case_shown, claims, found_out, kept_replies, leaving, walls
from storage.approvals import Approved
from storage.kept_replies import Overtaken
from storage.references import new_reference
from web.case_view import Typed, told_of
from web.case_words import QUESTIONS, Prepared, question, refusal, refusal_of
from web.conversation import CROSSED, FALSE, LONGEST_REPLY, conversation_of, shown
from web.fields import letter, line
from web.kept_view import seen_in_form, unsettled, whose
from web.leaving_words import leaves
from web.session import Page, allowed, member, services

pages = Blueprint("case", __name__)

_LATE = "Somebody has settled this already, or a new mail changed what is wanted. Nothing was done twice."


class _Stopped(Exception):  # no error: it takes a transaction back
    """The reply claims what nobody did, or crosses the wall, and its writer has not said why it leaves all the same."""

    def __init__(self, unproven: tuple[Claim, ...], wall: str) -> None:
        super().__init__()
        self.unproven, self.wall = unproven, wall


# What a member is told of what became of their act; of a refusal and a question, which are done or late, by its name.
_SAID = {
    Approved.DONE: ("Approved. It is being done now, and the reply leaves as soon as it is.", "info"),
    Approved.SECOND: ("You approved it. Another member has to approve it, too; until then nothing is done.", "info"),
    Approved.SAME: ("You had approved it already: the second approval has to come from another member.", "warning"),
    "refuse": ("Refused. The reply {leaves}.", "info"),
    "ask": ("Asked. The question {leaves}, and the answer is taken up by the machine.", "info"),
}


@pages.post("/decisions/<uuid:decision>/approve")
@allowed("answer")
def approve(decision: UUID) -> Page:
    """Approve the order action, and the reply as it stands in the form: it leaves once the action is done."""
    conversation, text = conversation_of(decision), _text()
    if not _unfit(text) and request.form.get("sure") != "yes":
        flash("Nothing was done yet. Look at the amount and at who gets the reply, then confirm.", "warning")
        return shown(conversation, typed=Typed(text, ask_again=True, version=seen_in_form().version))
    approved, typed = partial(approvals.approve, text_to_send=text), Typed(text, version=seen_in_form().version)
    return _settle(conversation, decision, typed, approved, claims.unproven_once_done)


@pages.post("/decisions/<uuid:decision>/refuse")
@allowed("answer")
def refuse(decision: UUID) -> Page:
    """Prepare the reply that refuses by a rule or in own words, or send it as it stands in the form."""
    conversation = conversation_of(decision)
    typed = Prepared("refuse", line(request.form.get("what", "")), line(request.form.get("why", "")), _text())
    try:
        reason = refusal_of(typed.what, typed.why)
        if request.form.get("act") != "send":
            text = refusal(typed.what, typed.why, told_of(conversation, decision))
            return shown(conversation, typed=Typed(prepared=replace(typed, text=text)))
    except BadInput as error:
        flash(f"Nothing was sent. {error.reason}", "warning")
        # What was not prepared yet is no reply that could be sent.
        return shown(conversation, typed=Typed(prepared=typed) if typed.text else None)
    if _chosen_anew(typed):
        flash(
            "Nothing was sent yet: another rule was chosen since the reply was prepared. Read it once more.", "warning"
        )
        return shown(conversation, typed=Typed(prepared=typed))
    refused = partial(approvals.refuse, rule_or_reason=reason, text_to_send=typed.text)
    return _settle(conversation, decision, Typed(prepared=typed), refused, claims.unproven_in)


@pages.post("/decisions/<uuid:decision>/ask")
@allowed("answer")
def ask(decision: UUID) -> Page:
    """Prepare the reply that asks for what is missing, or send it as it stands in the form."""
    conversation = conversation_of(decision)
    what = next((one for one in QUESTIONS if one == request.form.get("what")), None)
    if what is None:
        flash("Nothing was sent. Choose what to ask for.", "warning")
        return shown(conversation)
    typed = Prepared("ask", what.value, "", _text())
    if request.form.get("act") != "send":
        text = question(what, told_of(conversation, decision))
        return shown(conversation, typed=Typed(prepared=replace(typed, text=text)))
    if _chosen_anew(typed):
        flash("Nothing was sent yet: another question was chosen since it was prepared. Read it once more.", "warning")
        return shown(conversation, typed=Typed(prepared=typed))
    asked = partial(approvals.ask, what=what, text_to_send=typed.text)
    return _settle(conversation, decision, Typed(prepared=typed), asked, claims.unproven_in)


@pages.post("/acts/<uuid:act>/found")
@allowed("answer")
def found(act: UUID) -> Page:
    """Somebody looked at the shop and says whether it was done, of which it never told us."""
    tenant, done = member().tenant, {"yes": True, "no": False}.get(request.form.get("done", ""))
    reference = line(request.form.get("reference", ""))
    with services().database.transaction(tenant) as db:
        conversation = case_shown.conversation_of(db, tenant, act)
        if conversation is None:
            abort(404)
        noted = done is not None and found_out.settle(
            db, tenant, act, member=member().id, was_done=done, reference=reference
        )
    if noted:
        flash("Noted: it was done." if done else "Noted: it was not done. Its money is free again.", "info")
    else:
        flash("Nothing was changed: what became of it is known already, or you did not say it.", "warning")
    return redirect(url_for("conversation.page", conversation=conversation))


def _settle(
    conversation: UUID,
    decision: UUID,
    typed: Typed,
    act: Callable[..., Approved | bool],
    unproven_in: Callable[..., tuple[Claim, ...]],
) -> Page:
    """Do it with the reply as it was typed; whatever keeps it from being done, the words stay on the page."""
    text = typed.prepared.text if typed.prepared else typed.text
    if _unfit(text):
        flash(f"Nothing was done: {_unfit(text)}", "warning")
        return shown(conversation, typed=typed)
    tenant, me = member().tenant, member().id
    became: Approved | bool = False
    why = line(request.form.get("claim_reason", ""), claims.LONGEST_REASON)
    over = line(request.form.get("wall_reason", ""), walls.LONGEST_REASON)
    try:
        with services().database.transaction(tenant) as db:
            typed = replace(typed, version=kept_replies.check(db, tenant, decision, seen_in_form(), text))
            unproven = unproven_in(db, tenant, decision, text)
            wall = walls.objection_to_reply(db, tenant, decision, text)
            reasons = {"claim_reason": why if unproven else "", "wall_reason": over if wall else ""}
            way = leaving.of(db, tenant, decision)
            became = act(db, tenant, decision, member=me, reference=new_reference(), **reasons)
            if became not in {False, Approved.LATE} and ((unproven and not why) or (wall and not over)):
                raise _Stopped(unproven, wall)  # noqa: TRY301  # from here alone the transaction is taken back
            if became not in {False, Approved.LATE} and unproven:
                claims.note_override(db, tenant, decision, unproven, member=me, reason=why)
            if became not in {False, Approved.LATE} and wall:
                walls.note_override(db, tenant, decision, member=me, reason=over)
    except (BadInput, Overtaken, _Stopped) as told:
        return _not_done(conversation, typed, text, told)
    except TryAgain:
        became = False
    if became in {False, Approved.LATE}:
        flash(_LATE, "warning")
        return shown(conversation, unsent=text)
    said, kind = _SAID[typed.prepared.act if typed.prepared else str(became)]
    flash(said.replace("{leaves}", leaves(way)), kind)
    return redirect(url_for("conversation.page", conversation=conversation))


def _not_done(conversation: UUID, typed: Typed, text: str, told: BadInput | Overtaken | _Stopped) -> Page:
    """Say why nothing was done; the words stay on the page, beside those of a colleague where there are such."""
    match told:
        case BadInput():
            flash(f"Nothing was done. {told.reason}", "warning")
        case _Stopped():
            why = line(request.form.get("claim_reason", ""), claims.LONGEST_REASON)
            flash(f"Nothing was done: {FALSE if told.unproven and not why else CROSSED}", "warning")
            typed = replace(typed, unproven=told.unproven, wall=told.wall)
        case Overtaken():
            flash(f"Nothing was done. {whose(told.theirs)}", "warning")
            if typed.prepared is None:
                return shown(conversation, apart=unsettled(text, told.theirs))
            flash("It stands in the reply above. Press the button once more if yours leaves all the same.", "warning")
        case _:
            assert_never(told)
    return shown(conversation, typed=typed)


def _chosen_anew(typed: Prepared) -> bool:
    """Whether what is kept would be another thing than what the customer reads."""
    return request.form.get("prepared", typed.what) != typed.what


def _text() -> str:
    return letter(request.form.get("text", ""))


def _unfit(text: str) -> str:
    return "" if 0 < len(text) <= LONGEST_REPLY else f"a reply needs between 1 and {LONGEST_REPLY:,} characters."
