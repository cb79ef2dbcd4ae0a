"""Play the Gmail methods on messages and threads."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sandbox import gmail_view as view
from sandbox.gmail_call import METADATA, READ, GmailCall
from sandbox.gmail_errors import GmailError, invalid
from sandbox.gmail_records import Mail
from sandbox.gmail_search import Search, parse_search

MOST_IN_A_BATCH = 1000


def may_see_bodies(call: GmailCall) -> bool:
    return bool(call.access.scopes & READ)


def profile(call: GmailCall) -> dict[str, Any]:
    box = call.mailbox
    return {
        "emailAddress": box.address,
        "messagesTotal": len(box.messages),
        "threadsTotal": len(box.threads),
        "historyId": str(box.history_id),
    }


def _search(call: GmailCall) -> Search:
    """What a list call asks for by q, labelIds and includeSpamTrash."""
    q = call.param("q")
    if q and not may_see_bodies(call) and METADATA in call.access.scopes:
        raise GmailError(403, "forbidden", "Metadata scope does not support 'q' parameter")
    labels = tuple(call.params.get("labelIds", ()))
    call.mailbox.check_labels(labels, may_be_fixed=True)
    return parse_search(
        q,
        call.mailbox,
        labels=labels,
        spam_and_trash=call.flag("includeSpamTrash"),
        now=call.world.clock(),
        lag_s=call.world.settings.search_lag_s if q else 0,
    )


def list_messages(call: GmailCall) -> dict[str, Any]:
    search = _search(call)
    return _page(call, "messages", search.run(call.mailbox, call.cursor), search, view.reference)


def list_threads(call: GmailCall) -> dict[str, Any]:
    search = _search(call)
    return _page(call, "threads", _each_thread_once(call, search), search, _thread_summary)


def _each_thread_once(call: GmailCall, search: Search) -> Iterator[Mail]:
    """The newest mail found of each thread, without the threads that an earlier page has shown."""
    seen: set[str] = set()
    for mail in search.run(call.mailbox, call.cursor):
        if mail.thread_id in seen:
            continue
        seen.add(mail.thread_id)
        shown_before = call.cursor is not None and any(
            other.order >= call.cursor and search.matches(other) for other in call.mailbox.thread(mail.thread_id)
        )
        if not shown_before:
            yield mail


def _thread_summary(mail: Mail) -> dict[str, Any]:
    return {"id": mail.thread_id, "snippet": mail.letter.snippet, "historyId": str(mail.history_id)}


def _page(call: GmailCall, key: str, mails: Iterator[Mail], search: Search, show: Any) -> dict[str, Any]:
    page = list(islice(mails, call.page_size + 1))
    answer: dict[str, Any] = {"resultSizeEstimate": search.estimate(call.mailbox)}
    shown = page[: call.page_size]
    if shown:
        answer[key] = [show(mail) for mail in shown]
    if len(page) > len(shown):
        answer["nextPageToken"] = call.next_page(shown[-1].order)
    return answer


def _shape(call: GmailCall) -> str:
    shape = call.param("format", "full").lower()
    if shape in ("full", "raw") and not may_see_bodies(call):
        raise GmailError(403, "forbidden", f"Metadata scope doesn't allow format {shape.upper()}")
    return shape


def _show(call: GmailCall, mail: Mail, shape: str) -> dict[str, Any]:
    return view.message(mail, shape, call.params.get("metadataHeaders", ()), padded=call.world.settings.raw_padding)


def get_message(call: GmailCall) -> dict[str, Any]:
    return _show(call, call.mailbox.message(call.ids[0]), _shape(call))


def get_thread(call: GmailCall) -> dict[str, Any]:
    shape = _shape(call)
    if shape == "raw":
        raise invalid("Invalid value at 'format': raw")
    mails = call.mailbox.thread(call.ids[0])
    history_id = max(mail.history_id for mail in mails)
    return {
        "id": call.ids[0],
        "historyId": str(history_id),
        "messages": [_show(call, mail, shape) for mail in mails],
    }


def get_attachment(call: GmailCall) -> dict[str, Any]:
    return view.attachment(call.mailbox.message(call.ids[0]), call.ids[1])


def _label_changes(call: GmailCall) -> tuple[list[str], list[str]]:
    add, remove = call.words("addLabelIds"), call.words("removeLabelIds")
    if not add and not remove:
        raise invalid("No label add or removes specified")
    call.mailbox.check_labels([*add, *remove])
    return add, remove


def modify_message(call: GmailCall) -> dict[str, Any]:
    mail = call.mailbox.message(call.ids[0])
    call.mailbox.relabel(mail, *_label_changes(call))
    return view.labelled(mail)


def modify_thread(call: GmailCall) -> dict[str, Any]:
    mails = call.mailbox.thread(call.ids[0])
    changes = _label_changes(call)
    for mail in mails:
        call.mailbox.relabel(mail, *changes)
    return {"id": call.ids[0], "messages": [view.labelled(mail) for mail in mails]}


def batch_modify(call: GmailCall) -> dict[str, Any]:
    """No result per id; ids that are unknown are passed over, as at Google."""
    ids = call.words("ids")
    if len(ids) > MOST_IN_A_BATCH:
        raise invalid(f"Too many message IDs, {MOST_IN_A_BATCH} is the maximum")
    changes = _label_changes(call)
    for mail_id in ids:
        if mail_id in call.mailbox.messages:
            call.mailbox.relabel(call.mailbox.messages[mail_id], *changes)
    return {}


def trash(call: GmailCall) -> dict[str, Any]:
    mail = call.mailbox.message(call.ids[0])
    call.mailbox.relabel(mail, ["TRASH"], ["INBOX"])
    return view.labelled(mail)


def untrash(call: GmailCall) -> dict[str, Any]:
    mail = call.mailbox.message(call.ids[0])
    call.mailbox.relabel(mail, [], ["TRASH"])
    return view.labelled(mail)


def send_message(call: GmailCall) -> dict[str, Any]:
    raw, thread_id = call.mail()
    return view.labelled(call.world.post.send(call.mailbox, raw, thread_id))
