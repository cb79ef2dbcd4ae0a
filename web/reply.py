"""A person's reply as it stands in the form: it leaves for the customer, goes to Gmail as a draft, or is not needed."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for

from domain.errors import BadInput
from storage import claims, desk, edit_reasons, gmail_drafts, kept_replies, leaving, walls
from storage.kept_replies import Overtaken
from storage.references import new_reference
from web.conversation import CROSSED, FALSE, LONGEST_REPLY, SETTLED, conversation_of, shown
from web.edit_reasons import chosen
from web.fields import letter, line
from web.kept_view import seen_if_said, seen_in_form, unsettled, whose
from web.leaving_words import leaves, waits_for
from web.session import Page, allowed, member, services

pages = Blueprint("reply", __name__)


@dataclass(frozen=True, slots=True)
class Way:
    """Where a reply can go, and what a person is told where that was refused, or was late.

    `release` is `desk.send`, or what takes the same: False where somebody else settled the decision before.
    """

    release: Callable[..., bool]
    refused: str
    late: str


_SEND = Way(desk.send, "Nothing was sent", "nothing was sent twice")
_TO_GMAIL = Way(gmail_drafts.save, "Nothing was saved in Gmail", "nothing was saved in Gmail")


@pages.post("/decisions/<uuid:decision>/send")
@allowed("answer")
def send(decision: UUID) -> Page:
    """Approve the draft as it stands in the form, edited or not. The workers send it."""
    return _release(decision, _SEND, f"It {leaves(_leaving(decision))}.")


@pages.post("/decisions/<uuid:decision>/gmail-draft")
@allowed("answer")
def save_in_gmail(decision: UUID) -> Page:
    """The workers lay it down there, and a person finishes it. What it may not say here it may not say there."""
    way = _leaving(decision)
    wait = waits_for(way.status, way.mailbox) if way else ""
    told = f"It is laid down in Gmail as a draft {wait}." if wait else "It is being laid down in Gmail as a draft."
    return _release(decision, _TO_GMAIL, f"{told} Nothing is sent from here.")


@pages.post("/decisions/<uuid:decision>/dismiss")
@allowed("answer")
def dismiss(decision: UUID) -> Page:
    """Nothing is answered. What somebody else kept here since the page was made is looked at first."""
    tenant, conversation = member().tenant, conversation_of(decision)
    seen, text = seen_if_said(), letter(request.form.get("text", ""))
    try:
        with services().database.transaction(tenant) as db:
            if seen is not None:
                kept_replies.check(db, tenant, decision, seen, "")
            done = desk.dismiss(db, tenant, decision, member=member().id)
            if done:
                edit_reasons.note(db, tenant, decision, *chosen())
    except Overtaken as told:
        again = "Dismiss it once more if it needs no answer; that text stays here."
        flash(f"Nothing was dismissed. {whose(told.theirs)} {again}", "warning")
        return shown(conversation, apart=unsettled(text, told.theirs) if text else None)
    flash("Dismissed; nothing is sent." if done else f"{SETTLED}.", "info" if done else "warning")
    return redirect(url_for("conversation.page", conversation=conversation))


def _leaving(decision: UUID) -> leaving.Leaving | None:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        return leaving.of(db, tenant, decision)


def _release(decision: UUID, way: Way, told: str) -> Page:
    """Look at the text in the form once more and let it go, or come back with it and the reason.

    All of it is one transaction: what is checked is what goes, and what does not go is kept.
    """
    text, conversation = letter(request.form.get("text", "")), conversation_of(decision)
    if not text or len(text) > LONGEST_REPLY:
        flash(f"{way.refused}: a reply needs between 1 and {LONGEST_REPLY:,} characters.", "warning")
        return shown(conversation, unsent=text)
    seen, version = seen_in_form(), 0
    tenant, me = member().tenant, member().id
    why = line(request.form.get("claim_reason", ""), claims.LONGEST_REASON)
    over = line(request.form.get("wall_reason", ""), walls.LONGEST_REASON)
    try:
        with services().database.transaction(tenant) as db:
            kept_replies.check(db, tenant, decision, seen, text)
            unproven = claims.unproven_in(db, tenant, decision, text)
            wall = walls.objection_to_reply(db, tenant, decision, text)
            stopped = bool(unproven and not why) or bool(wall and not over)
            reasons = {"claim_reason": why if unproven else "", "wall_reason": over if wall else ""}
            done = not stopped and way.release(
                db, tenant, decision, member=me, text_to_send=text, reference=new_reference(), **reasons
            )
            if stopped:
                version = kept_replies.keep(db, tenant, decision, text, member=me, seen=seen)
            if done:
                edit_reasons.note(db, tenant, decision, *chosen())
            if done and unproven:
                claims.note_override(db, tenant, decision, unproven, member=me, reason=why)
            if done and wall:
                walls.note_override(db, tenant, decision, member=me, reason=over)
    except BadInput as error:
        flash(f"{way.refused}. {error.reason}", "warning")
        return shown(conversation, unsent=text)
    except Overtaken as overtaken:
        flash(f"{way.refused}. {whose(overtaken.theirs)}", "warning")
        return shown(conversation, apart=unsettled(text, overtaken.theirs))
    if stopped:
        flash(f"{way.refused}: {FALSE if unproven and not why else CROSSED}", "warning")
        return shown(
            conversation, unsent=text, decision=decision, unproven=unproven, over_the_wall=wall, version=version
        )
    if not done:
        flash(f"{SETTLED}; {way.late}.", "warning")
        return shown(conversation, unsent=text)
    flash(told, "info")
    return redirect(url_for("conversation.page", conversation=conversation))
