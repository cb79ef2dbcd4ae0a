"""Open one mailbox through Google's own client, for one job and one thread."""

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import requests
from google.auth.transport.requests import AuthorizedSession
from googleapiclient.discovery import build
from googleapiclient.http import BatchHttpRequest

from adapters.gmail.errors import google_errors
from adapters.gmail.tokens import GoogleApp, MailboxCredentials, Tokens, UnderLock
from adapters.gmail.transport import BrokenAnswer, Limits, NotConnected, RefreshOnce, RequestsHttp, settled
from domain.errors import TryAgain

Clock = Callable[[], datetime]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Routes:
    """Google's request builders. They hold no mailbox and no connection, and building one request changes none."""

    users: Any
    messages: Any
    drafts: Any
    threads: Any
    history: Any
    labels: Any


@cache
def routes(api_endpoint: str) -> Routes:
    """Built once per process: Google's client makes every method anew, with its documentation, on each `users()`."""
    service = build(
        "gmail",
        "v1",
        http=NotConnected(),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": api_endpoint},
    )
    users = service.users()
    return Routes(users, users.messages(), users.drafts(), users.threads(), users.history(), users.labels())


class Connection:
    """The way to one mailbox: its token, its TCP connection, its clock."""

    def __init__(self, app: GoogleApp, tokens: Tokens, under_lock: UnderLock, limits: Limits, clock: Clock) -> None:
        self.routes = routes(app.api_endpoint)
        self.clock = clock
        self._batch_uri = app.batch_uri
        self._token_session = settled(requests.Session(), app.token_uri)
        refresh_request = RefreshOnce(self._token_session, limits)
        credentials = MailboxCredentials(app, tokens, under_lock, refresh_request, clock)
        session = AuthorizedSession(credentials, max_refresh_attempts=1, auth_request=refresh_request)
        self._http = RequestsHttp(settled(session, app.api_endpoint), limits)

    def execute(self, request: Any) -> Answer:
        """Send a request once; what Google's libraries raise comes out as it is, and BrokenAnswer."""
        return _object(request.execute(http=self._http))

    def ask(self, request: Any) -> Answer:
        """Send a request that may be repeated by whoever called us. Raises our errors only."""
        with google_errors(self.clock):
            return self.execute(request)

    def tell(self, request: Any) -> None:
        """As `ask`, for the methods that have no answer but their status."""
        with google_errors(self.clock):
            request.execute(http=self._http)

    def pages(self, request: Callable[[str | None], Any], token: str = "") -> Iterator[Answer]:
        """Every page that `request(page token)` leads to. An empty page need not be the last: the token decides."""
        while True:
            page = self.ask(request(token or None))
            yield page
            last_token, token = token, page.get("nextPageToken", "")
            if not token:
                return
            if token == last_token:
                raise TryAgain("Gmail gave the same page twice.")

    def batch(self, requests_by_id: dict[str, Any]) -> dict[str, Answer | Exception]:
        """Several requests in one. Trouble of the whole batch is raised untranslated, that of a part is its answer.

        The session refreshes a stale token before the batch leaves; a 401 inside is not refreshed by anybody.
        """
        answers: dict[str, Answer | Exception] = {}

        def collect(request_id: str, answer: Answer | None, error: Exception | None) -> None:
            answers[request_id] = error or (answer if isinstance(answer, dict) else BrokenAnswer())

        batch = BatchHttpRequest(callback=collect, batch_uri=self._batch_uri)
        for request_id, request in requests_by_id.items():
            batch.add(request, request_id=request_id)
        batch.execute(http=self._http)
        return answers

    def close(self) -> None:
        self._http.close()
        self._token_session.close()


def _object(answer: object) -> Answer:
    if not isinstance(answer, dict):
        raise BrokenAnswer
    return answer


def said(answer: Answer, name: str) -> Any:
    """A field that Gmail always gives; without it the answer is broken, and a later one may not be."""
    if name not in answer:
        raise TryAgain(f"Gmail's answer lacks {name}.")
    return answer[name]


def decoded(text: str) -> bytes:
    """base64url, which Gmail may give without its padding."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise TryAgain("Gmail's answer holds broken base64.") from None
