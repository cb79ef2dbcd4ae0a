"""Look what became of a mail of ours. An error while looking is raised, never read as an answer."""

from collections.abc import Iterator
from typing import Any

from adapters.gmail.client import Answer, Connection, said
from adapters.gmail.signs import is_ours, says_the_same
from domain.delivery import DraftRef, DraftState, SentRef, Signs
from domain.errors import Gone, NeedsPerson

_WHOLE = "id,threadId,labelIds,payload"
# How many of the newest sent mails are looked through where the history is over: 2,000 units.
_NEWEST = 100


def draft_ref(answer: Answer) -> DraftRef:
    message = said(answer, "message")
    return DraftRef(said(answer, "id"), said(message, "id"), said(message, "threadId"))


def sent_ref(answer: Answer) -> SentRef:
    return SentRef(said(answer, "id"), said(answer, "threadId"))


def find_draft(connection: Connection, signs: Signs, thread_id: str) -> DraftRef | None:
    """5 units a page of 500 drafts, and 20 for each draft in the thread (in no thread: for each draft)."""

    def request(token: str | None) -> Any:
        fields = "drafts(id,message(id,threadId)),nextPageToken"
        return connection.routes.drafts.list(userId="me", maxResults=500, pageToken=token, fields=fields)

    for page in connection.pages(request):
        for listed in map(draft_ref, page.get("drafts", ())):
            if thread_id in ("", listed.thread_id) and _is_our_draft(connection, listed.draft_id, signs):
                return listed
    return None


def _is_our_draft(connection: Connection, draft_id: str, signs: Signs) -> bool:
    get = connection.routes.drafts.get
    try:
        answer = connection.ask(get(userId="me", id=draft_id, format="full", fields=f"id,message({_WHOLE})"))
    except Gone:
        return False
    message = said(answer, "message")
    return _is_waiting(message) and is_ours(message.get("payload", {}), signs)


def draft_state(connection: Connection, draft_id: str) -> DraftState:
    """20 units."""
    get = connection.routes.drafts.get
    try:
        answer = connection.ask(get(userId="me", id=draft_id, format="minimal", fields="id,message(id,labelIds)"))
    except Gone:
        return DraftState.GONE
    return DraftState.DRAFT if _is_waiting(said(answer, "message")) else DraftState.SENT


def compare_draft(connection: Connection, draft_id: str, mime: bytes) -> DraftState:
    """20 units."""
    get = connection.routes.drafts.get
    try:
        answer = connection.ask(get(userId="me", id=draft_id, format="full", fields=f"id,message({_WHOLE})"))
    except Gone:
        return DraftState.GONE
    message = said(answer, "message")
    if not _is_waiting(message):
        return DraftState.SENT
    return DraftState.DRAFT if says_the_same(message.get("payload", {}), mime) else DraftState.CHANGED


def _is_waiting(message: Answer) -> bool:
    """Gmail can keep a draft around a message that was sent: what does not read DRAFT, or reads SENT, was sent."""
    labels = message.get("labelIds", ())
    return "DRAFT" in labels and "SENT" not in labels


def find_sent(connection: Connection, thread_id: str, signs: Signs, since_history: int) -> SentRef | None:
    """40 units for the thread; then, should the mail have left it, 2 a page and 20 for each other mail sent since.

    Where Gmail no longer tells what was sent since, the newest sent mails may still show it: raises NeedsPerson only
    when they do not.
    """
    seen: set[str] = set()
    for message in _sent_in_thread(connection, thread_id):
        if is_ours(message.get("payload", {}), signs):
            return sent_ref(message)
        seen.add(message["id"])
    try:
        return _ours_among(connection, _sent_since(connection, since_history), signs, seen)
    except Gone as gone:
        found = _ours_among(connection, _newest_sent(connection), signs, seen)
        if found is None:
            reason = "Gmail no longer tells what was sent since then: please look in the mailbox."
            raise NeedsPerson(reason) from gone
        return found


def _ours_among(connection: Connection, gmail_ids: Iterator[str], signs: Signs, seen: set[str]) -> SentRef | None:
    for gmail_id in gmail_ids:
        if gmail_id in seen:
            continue
        seen.add(gmail_id)
        elsewhere = _message(connection, gmail_id)
        if elsewhere and is_ours(elsewhere.get("payload", {}), signs):
            return sent_ref(elsewhere)
    return None


def _sent_in_thread(connection: Connection, thread_id: str) -> list[Answer]:
    if not thread_id:
        return []
    get = connection.routes.threads.get
    try:
        answer = connection.ask(get(userId="me", id=thread_id, format="full", fields=f"id,messages({_WHOLE})"))
    except Gone:
        return []
    return [message for message in answer.get("messages", ()) if "SENT" in message.get("labelIds", ())]


def _sent_since(connection: Connection, since_history: int) -> Iterator[str]:
    def request(token: str | None) -> Any:
        return connection.routes.history.list(
            userId="me",
            startHistoryId=str(since_history),
            historyTypes=["messageAdded"],
            maxResults=500,
            pageToken=token,
            fields="history(messagesAdded(message(id,labelIds))),nextPageToken",
        )

    for page in connection.pages(request):
        for entry in page.get("history", ()):
            for change in entry.get("messagesAdded", ()):
                if "SENT" in change["message"].get("labelIds", ()):
                    yield change["message"]["id"]


def _newest_sent(connection: Connection) -> Iterator[str]:
    """By label, which is no search: what was sent a moment ago is in it."""
    listing = connection.routes.messages.list
    answer = connection.ask(listing(userId="me", labelIds=["SENT"], maxResults=_NEWEST, fields="messages(id)"))
    yield from (message["id"] for message in answer.get("messages", ()))


def _message(connection: Connection, gmail_id: str) -> Answer:
    """Empty when it was deleted meanwhile."""
    get = connection.routes.messages.get
    try:
        return connection.ask(get(userId="me", id=gmail_id, format="full", fields=_WHOLE))
    except Gone:
        return {}


def message_id_of(connection: Connection, gmail_id: str) -> str:
    """20 units. Gmail replaces the Message-ID that a mail was given by a program: only the copy that left tells it."""
    get = connection.routes.messages.get
    request = get(
        userId="me", id=gmail_id, format="metadata", metadataHeaders=["Message-ID"], fields="id,payload(headers)"
    )
    try:
        headers = connection.ask(request).get("payload", {}).get("headers", ())
    except Gone:
        return ""
    return next((entry["value"].strip() for entry in headers if entry["name"].lower() == "message-id"), "")
