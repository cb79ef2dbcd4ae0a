"""One conversation: the thread, what was understood and why, and a person's act on the draft."""

from io import BytesIO
from typing import assert_never
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for

from adapters.mime.attachment import extract
from adapters.mime.pictures import with_pictures
from domain.claims import Claim
from domain.errors import BadInput, Unreadable
from storage import demonstration, kept_replies, phases, reclassify, thread, walls
from storage.reclassify import Outcome
from storage.thread import Conversation, Shown
from web.case_view import Typed, case_view
from web.edit_reasons import WORDS
from web.evidence import evidence
from web.fields import row_id
from web.handling import handling_view
from web.kept_view import Unsettled, beside_draft, kept_view, note_presence
from web.notes_view import notes_view
from web.security import SAVED_POLICY
from web.session import Page, allowed, member, services, signed_in
from web.steps import steps_view
from web.suggested import suggested_view
from web.supplier_links import linked_view
from web.supplier_view import Asking, asking_view
from web.topics import TOPICS, topic

pages = Blueprint("conversation", __name__)

LONGEST_REPLY = 20_000

# A frame of its own, without script or the way back to us: what a stranger wrote stays in there. Pictures of the web
# are let in for the one answer that was asked for with them.
_FRAME_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src {}; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
# Mail is written for white paper; links lead nowhere from in here.
_FRAME = (
    '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light">'
    "<style>img {{ max-width: 100%; }}</style><title>Mail</title>{}"
)

FALSE = "the reply says that something was done of which we know nothing."
CROSSED = "customers and suppliers are not to learn of each other."
SETTLED = "Somebody has settled this already"


@pages.get("/conversations/<uuid:conversation>")
@signed_in
def page(conversation: UUID) -> Page:
    note_presence(conversation)
    return shown(conversation, about=row_id("mail"))


def shown(
    conversation: UUID,
    *,
    about: UUID | None = None,
    unsent: str = "",
    decision: UUID | None = None,
    unproven: tuple[Claim, ...] = (),
    over_the_wall: str = "",
    typed: Typed | None = None,
    asking: Asking | None = None,
    note: str = "",
    apart: Unsettled | None = None,
    version: int = 0,
) -> Page:
    """The page about the mail of the decision `about` where that waits.

    `unsent` is what a person wrote and what did not leave, so that it is not lost.

    `unproven` is what it claims in answer to `decision` and what nobody did, `over_the_wall` what of a supplier's a
    customer would learn, or the other way round: the writer may say why it leaves all the same. `typed` is what they
    wrote into the forms about the case, `asking` into the one that asks a supplier, `note` into the one for a note.
    `apart` are two texts for one reply, `version` is that of what is kept of `unsent`.
    """
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = thread.find(db, tenant, conversation)
        if found is None:
            abort(404)
        open_mail = [one for one in reversed(found.messages) if one.waits]
        kept = kept_replies.of(db, tenant, [one.decision for one in open_mail if one.decision is not None])
        suggested = suggested_view(open_mail, phases.of(db, tenant))
        taken = suggested["taken"]
        objections = {
            one.decision: walls.objection_to_reply(
                db,
                tenant,
                one.decision,
                kept[one.decision].text if one.decision in kept and one.decision != taken else _drafted(one),
            )
            for one in open_mail
            if one.decision is not None
        }
        made_up = demonstration.find(db, tenant) is not None
    draft = next((_drafted(one) for one in open_mail if one.decision == taken), "")
    apart = apart or (beside_draft(draft, kept.get(taken)) if taken and draft else None)
    now = _at_hand(found, open_mail, about or decision)
    return render_template(
        "conversation/page.html",
        conversation=found,
        now=now,
        made_up=made_up,
        live_at=url_for("conversation.page", conversation=conversation, mail=about),
        **evidence(now),
        **case_view(conversation, now, typed),
        **asking_view(found, now, asking),
        **linked_view(conversation, now),
        **handling_view(found),
        **notes_view(found, note),
        **steps_view(now),
        **suggested,
        **kept_view(conversation),
        kept=kept,
        apart=apart,
        version=version,
        open_mail=open_mail,
        objections=objections,
        unsent=unsent,
        unsent_to=decision,
        unproven=unproven,
        over_the_wall=over_the_wall,
        topics=TOPICS,
        edit_reasons=WORDS,
    )


@pages.get("/decisions/<uuid:decision>")
@signed_in
def of_decision(decision: UUID) -> Page:
    """A way to the conversation for who knows the decision alone."""
    return redirect(url_for("conversation.page", conversation=conversation_of(decision)))


@pages.get("/messages/<uuid:message>/formatted")
@signed_in
def formatted(message: UUID) -> Page:
    """The mail's own layout, cleaned when it was read, and fenced once more here; with `pictures=yes` in the address
    the one time also with what it shows of the web.
    """
    pictures = request.args.get("pictures") == "yes"
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        html = thread.html_of(db, tenant, message)
    if not html:
        abort(404)
    answer = Response(_FRAME.format(with_pictures(html) if pictures else html), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _FRAME_POLICY.format("https: data:" if pictures else "data:")
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@pages.get("/messages/<uuid:message>/original")
@signed_in
def original(message: UUID) -> Page:
    """The mail's bytes as they came: what cannot be read here can be read elsewhere."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        raw = thread.raw_of(db, tenant, message)
    if raw is None:
        abort(404)
    return _download(raw, "mail.eml")


@pages.get("/messages/<uuid:message>/attachment")
@signed_in
def attachment(message: UUID) -> Page:
    """One attachment, taken from the mail only now; `number` in the address counts from 0."""
    tenant, number = member().tenant, request.args.get("number", 0, type=int)
    with services().database.transaction(tenant) as db:
        name = thread.attachment_name(db, tenant, message, number) if 0 <= number < 1000 else None
        raw = thread.raw_of(db, tenant, message) if name is not None else None
    if name is None or raw is None:
        abort(404)
    try:
        return _download(extract(raw, number), name or "attachment")
    except Unreadable:
        abort(404)


def _download(content: bytes, name: str) -> Response:
    """To be saved, never to be shown: a stranger chose both the content and the name."""
    answer = send_file(BytesIO(content), "application/octet-stream", as_attachment=True, download_name=name, max_age=0)
    answer.headers["Content-Security-Policy"] = SAVED_POLICY
    return answer


@pages.post("/decisions/<uuid:decision>/reclassify")
@allowed("answer")
def say_what_it_is(decision: UUID) -> Page:
    """A member says what the mail is about: it is learned from, and decided anew where it waits for a person."""
    tenant, conversation = member().tenant, conversation_of(decision)
    back = redirect(url_for("conversation.page", conversation=conversation))
    try:
        category, sub_intent = topic(request.form.get("topic", ""))
    except BadInput as error:
        flash(error.reason, "warning")
        return back
    with services().database.transaction(tenant) as db:
        learn = request.form.get("learn") == "yes"
        outcome = reclassify.correct(
            db, tenant, decision, member=member().id, category=category, sub_intent=sub_intent, learn=learn
        )
    match outcome:
        case Outcome.AGAIN:
            flash("It is read again as what you said; a new draft is here within seconds. Nothing was sent.", "info")
        case Outcome.NOTED:
            flash("Noted. Nothing was sent.", "info")
        case Outcome.LATE:
            flash("Somebody has said something else about it meanwhile: look at it once more.", "warning")
        case _:
            assert_never(outcome)
    return back


def conversation_of(decision: UUID) -> UUID:
    """Where the act leads back to; a decision of another tenant does not exist here."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = thread.of_decision(db, tenant, decision)
    if found is None:
        abort(404)
    return found


def _at_hand(found: Conversation, waiting: list[Shown], about: UUID | None) -> Shown | None:
    """The mail that the page is about: the one that was chosen, the newest that waits, else the newest that came in."""
    came_in = [one for one in found.messages if one.direction == "in"]
    chosen = [one for one in waiting if one.decision == about]
    return next(iter(chosen or waiting), came_in[-1] if came_in else None)


def _drafted(mail: Shown) -> str:
    return mail.draft.text if mail.draft else ""
