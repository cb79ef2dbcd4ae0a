"""Read one mailbox: the side of Gmail that `domain.mailbox.MailSource` asks for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from googleapiclient.errors import HttpError

from adapters.gmail.client import Answer, Connection, decoded, said
from adapters.gmail.errors import google_errors, translated
from adapters.gmail.transport import AnswerTooLarge
from domain.errors import AuthLost, Gone, HistoryExpired, MailwrightError, ScopeMissing, TryAgain
from domain.mailbox import Added, Box, Changes, Page, Profile, RawMail
from domain.triage import MAX_BYTES

# Google recommends at most 50 parts; more than 20 at once count as too many concurrent requests for one user.
BATCH = 20
_RAW_FIELDS = "id,threadId,labelIds,internalDate,sizeEstimate,raw"
_SIZE_FIELDS = "id,threadId,labelIds,internalDate,sizeEstimate"
_HISTORY_FIELDS = "history(messagesAdded(message(id,threadId,labelIds))),historyId,nextPageToken"

_SEARCHES = {
    Box.INBOX: "in:inbox",
    Box.RECEIVED: "-in:sent -in:drafts -in:spam -in:trash -in:chats",
    Box.SENT: "in:sent -in:drafts -in:spam -in:trash -in:chats",
}

# What became of one message of several: itself, or the error that a call for it alone would have raised.
Fate = RawMail | MailwrightError


class GmailSource:
    """Implements `MailSource`. Every call may be repeated."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._routes = connection.routes

    def profile(self) -> Profile:
        """1 unit."""
        answer = self._connection.ask(self._routes.users.getProfile(userId="me", fields="emailAddress,historyId"))
        return Profile(said(answer, "emailAddress").lower(), int(said(answer, "historyId")))

    def changes(self, since: int, page: str = "", most: int | None = None) -> Changes:
        """2 units a page. Raises HistoryExpired, on whichever page Gmail says so."""
        added: dict[str, Added] = {}
        first_history_id, following = 0, ""

        def request(token: str | None) -> Any:
            return self._routes.history.list(
                userId="me",
                startHistoryId=str(since),  # the same on every page
                historyTypes=["messageAdded"],
                maxResults=500,
                pageToken=token,
                fields=_HISTORY_FIELDS,
            )

        try:
            for number, answer in enumerate(self._connection.pages(request, page), start=1):
                first_history_id = first_history_id or int(said(answer, "historyId"))
                for entry in answer.get("history", ()):
                    for message in _added(change["message"] for change in entry.get("messagesAdded", ())):
                        added.setdefault(message.gmail_id, message)
                following = answer.get("nextPageToken", "")
                if number == most:
                    break
        except Gone as gone:
            raise HistoryExpired(f"Gmail no longer knows the history since {since}.") from gone
        return Changes(tuple(added.values()), first_history_id, following)

    def list_since(self, since: datetime, page: str = "", box: Box = Box.INBOX) -> Page:
        """5 units."""
        answer = self._connection.ask(
            self._routes.messages.list(
                userId="me",
                q=f"{_SEARCHES[box]} after:{int(since.timestamp())}",
                maxResults=500,
                pageToken=page or None,
                fields="messages(id,threadId),nextPageToken",
            )
        )
        # A listing tells no labels; what it was asked for tells the one that matters.
        labels = ("SENT",) if box is Box.SENT else ()
        added = tuple(replace(one, labels=labels) for one in _added(answer.get("messages", ())))
        return Page(added, answer.get("nextPageToken", ""))

    def fetch(self, gmail_id: str) -> RawMail:
        """20 units; 40 for a mail that is too large for us, which comes without its bytes. Raises Gone."""
        ask, get = self._connection.ask, self._routes.messages.get
        try:
            return _mail(ask(get(userId="me", id=gmail_id, format="raw", fields=_RAW_FIELDS)))
        except AnswerTooLarge:
            return _mail(ask(get(userId="me", id=gmail_id, format="minimal", fields=_SIZE_FIELDS)))

    def fetch_many(self, gmail_ids: Sequence[str]) -> list[Fate]:
        """20 units each; every message has its own fate, in the order of the ids. Raises what befalls a whole batch."""
        fates: list[Fate] = []
        for start in range(0, len(gmail_ids), BATCH):
            fates += self._batch(gmail_ids[start : start + BATCH])
        return fates

    def _batch(self, gmail_ids: Sequence[str]) -> list[Fate]:
        get = self._routes.messages.get
        wanted = {gmail_id: get(userId="me", id=gmail_id, format="raw", fields=_RAW_FIELDS) for gmail_id in gmail_ids}
        try:
            with google_errors(self._connection.clock):
                answers = self._connection.batch(wanted)
        except AnswerTooLarge:
            return [self._fate_alone(gmail_id) for gmail_id in gmail_ids]
        return [self._fate(gmail_id, answers.get(gmail_id)) for gmail_id in gmail_ids]

    def _fate(self, gmail_id: str, answer: Answer | Exception | None) -> Fate:
        match answer:
            case None:
                return TryAgain("Gmail left this message out of its answer.")
            case HttpError() if answer.resp.status == 401:
                # Inside a batch nobody refreshes the token; alone, the message is asked for once more.
                return self._fate_alone(gmail_id)
            case Exception():
                return translated(answer, self._connection.clock())
            case _:
                return _fate_of(lambda: _mail(answer))

    def _fate_alone(self, gmail_id: str) -> Fate:
        """A dead grant is everyone's fate and is raised."""
        return _fate_of(lambda: self.fetch(gmail_id))


def _fate_of(fetch: Callable[[], RawMail]) -> Fate:
    try:
        return fetch()
    except (AuthLost, ScopeMissing):
        raise
    except MailwrightError as error:
        return error


def _added(messages: Iterable[Answer]) -> Iterator[Added]:
    for message in messages:
        yield Added(said(message, "id"), said(message, "threadId"), tuple(message.get("labelIds", ())))


def _mail(answer: Answer) -> RawMail:
    size = int(answer.get("sizeEstimate", 0))
    raw = b"" if size > MAX_BYTES else decoded(answer.get("raw", ""))
    return RawMail(
        gmail_id=said(answer, "id"),
        thread_id=said(answer, "threadId"),
        labels=tuple(answer.get("labelIds", ())),
        received_at=datetime.fromtimestamp(int(said(answer, "internalDate")) / 1000, UTC),
        raw=b"" if len(raw) > MAX_BYTES else raw,
        size=max(size, len(raw)),
    )
