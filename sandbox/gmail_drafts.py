"""Play the Gmail methods on drafts: an id that stays while the message inside changes, and that its send consumes."""

import secrets
from itertools import islice
from typing import Any

from sandbox import gmail_view as view
from sandbox.gmail_call import GmailCall
from sandbox.gmail_errors import invalid, not_found
from sandbox.gmail_records import Mail
from sandbox.gmail_store import Mailbox
from sandbox.letter import Letter


def draft_mail(mailbox: Mailbox, draft_id: str) -> Mail:
    """The message inside a draft; raises GmailError 404."""
    if draft_id not in mailbox.drafts:
        raise not_found()
    return mailbox.message(mailbox.drafts[draft_id])


def discard(mailbox: Mailbox, draft_id: str) -> None:
    """Delete a draft and the message inside, as its owner or drafts.delete does."""
    mail = draft_mail(mailbox, draft_id)
    mailbox.drop_draft(draft_id)
    if "SENT" not in mail.labels:
        mailbox.remove(mail.id)


def _store(call: GmailCall) -> Mail:
    raw, thread_id = call.mail(inside="message")
    if thread_id:
        call.mailbox.thread(thread_id)
    letter = Letter(raw)
    joined = call.mailbox.thread_of(letter, only=thread_id) if thread_id else ""
    return call.mailbox.add(letter, {"DRAFT"}, thread_id=joined)


def create_draft(call: GmailCall) -> dict[str, Any]:
    mail = _store(call)
    draft_id = f"r-{secrets.randbelow(9 * 10**18) + 10**17}"
    call.mailbox.add_draft(draft_id, mail)
    return {"id": draft_id, "message": view.labelled(mail)}


def update_draft(call: GmailCall) -> dict[str, Any]:
    """The draft keeps its id; the message inside is another one afterwards, in the thread that it names."""
    old = draft_mail(call.mailbox, call.ids[0])
    mail = _store(call)
    call.mailbox.add_draft(call.ids[0], mail)
    call.mailbox.remove(old.id)
    return {"id": call.ids[0], "message": view.labelled(mail)}


def get_draft(call: GmailCall) -> dict[str, Any]:
    mail = draft_mail(call.mailbox, call.ids[0])
    shape = call.param("format", "full").lower()
    return {"id": call.ids[0], "message": view.message(mail, shape, padded=call.world.settings.raw_padding)}


def list_drafts(call: GmailCall) -> dict[str, Any]:
    """Newest first; `q` is not played for drafts."""
    if call.param("q"):
        raise invalid("The sandbox does not play q for drafts")
    box = call.mailbox
    rows = sorted(((box.messages[mail_id].order, draft_id) for draft_id, mail_id in box.drafts.items()), reverse=True)
    below = call.cursor
    page = list(islice((row for row in rows if below is None or row[0] < below), call.page_size + 1))
    shown = page[: call.page_size]
    answer: dict[str, Any] = {"resultSizeEstimate": len(rows)}
    if shown:
        answer["drafts"] = [
            {"id": draft_id, "message": view.reference(box.messages[box.drafts[draft_id]])} for _, draft_id in shown
        ]
    if len(page) > len(shown):
        answer["nextPageToken"] = call.next_page(shown[-1][0])
    return answer


def delete_draft(call: GmailCall) -> dict[str, Any]:
    discard(call.mailbox, call.ids[0])
    return {}


def send_draft(call: GmailCall) -> dict[str, Any]:
    """Consume the draft and send what is inside: the SENT message has another id. A second send finds no draft."""
    draft_id = call.json().get("id", "") if not call.upload else ""
    if not isinstance(draft_id, str) or not draft_id:
        raise invalid("Invalid draft: an id is required")
    box = call.mailbox
    old = draft_mail(box, draft_id)
    if "message" in call.json():
        raise invalid("The sandbox does not play drafts.send with another message inside")
    sent = call.world.post.send(box, old.letter.raw, old.thread_id, from_draft=True)
    if call.world.settings.draft_wrapper_stays:
        box.add_draft(draft_id, sent)
    else:
        box.drop_draft(draft_id)
    if "SENT" not in old.labels:
        box.remove(old.id)
    return view.labelled(sent)
