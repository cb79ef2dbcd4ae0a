"""Carry the requests of Google's client over `requests`: nothing is re-sent unseen, nothing waits or grows without end.

httplib2, which the client would take by itself, repeats a request on a broken connection, so that a mail could leave
twice. `requests` with its default adapter never repeats one.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Never, TypeVar

import httplib2
import requests
from google.auth import transport
from google.auth.exceptions import TransportError
from google.auth.transport.requests import AuthorizedSession
from google.auth.transport.requests import Request as RefreshRequest

from domain.errors import NeedsPerson

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, between two reads, and for a whole answer; and the bytes of the largest answer to take in.

    Gmail takes mails of 25 MB and hands them out in base64 inside JSON.
    """

    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 60.0
    answer_bytes: int = 25 * 1024 * 1024 * 4 // 3 + 256 * 1024


class AnswerTooLarge(NeedsPerson):
    """The answer is longer than we are willing to hold in memory."""

    def __init__(self) -> None:
        super().__init__("Gmail's answer is larger than we take in.")


class BrokenAnswer(Exception):
    """The answer is no JSON object. Google's client hands broken JSON out as text instead of saying so."""


class RequestsHttp:
    """What Google's client takes for an `httplib2.Http`: one session of one mailbox, for one job and one thread.

    The session keeps its TCP connection between calls. A 401 refreshes the token and is asked once more by the
    session, which is safe: a 401 is not accepted work.
    """

    redirect_codes: frozenset[int] = frozenset()

    def __init__(self, session: AuthorizedSession, limits: Limits) -> None:
        self._session = session
        self._limits = limits

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_httplib2_only: object,
    ) -> tuple[httplib2.Response, bytes]:
        """Send one request once. Raises requests.RequestException, google.auth errors, AnswerTooLarge."""
        limits = self._limits
        ends = time.monotonic() + limits.total_s
        with self._session.request(
            method,
            uri,
            data=body,
            headers=dict(headers or {}),
            timeout=(limits.connect_s, limits.read_s),
            allow_redirects=False,
            stream=True,
        ) as answer:
            content = _content(answer, limits.answer_bytes, ends)
            response = httplib2.Response({name.lower(): value for name, value in answer.headers.items()})
            response.status, response.reason = answer.status_code, answer.reason
            return response, content

    def close(self) -> None:
        self._session.close()


def _content(answer: requests.Response, limit: int, ends: float) -> bytes:
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) > limit:
        raise AnswerTooLarge
    chunks, size = [], 0
    for chunk in answer.iter_content(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise AnswerTooLarge
        if time.monotonic() > ends:
            raise requests.ReadTimeout("the answer took too long as a whole")
    return b"".join(chunks)


class NotConnected:
    """Stands in the cached routes where Google's client wants a transport: each call brings that of its mailbox."""

    def request(self, *_: object, **__: object) -> Never:
        raise RuntimeError("this request was not given its mailbox's transport")


class RefreshOnce:
    """google.auth's way to the token endpoint, without its own repeats: they sleep, and our workers must not."""

    def __init__(self, session: requests.Session, limits: Limits) -> None:
        self._request = RefreshRequest(session)
        self._timeout = (limits.connect_s, limits.read_s)

    def __call__(self, url: str, method: str = "GET", **options: Any) -> Any:
        options["timeout"] = self._timeout
        answer = self._request(url, method=method, **options)
        if answer.status >= 500 or answer.status in transport.DEFAULT_RETRYABLE_STATUS_CODES:
            raise TransportError(f"the token endpoint answered {answer.status}")
        if answer.status == 200 and not _is_object(answer.data):
            raise TransportError("the token endpoint gave a broken answer")  # google.auth would fail with a TypeError
        return answer


def _is_object(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


Session = TypeVar("Session", bound=requests.Session)


def settled(session: Session, endpoint: str) -> Session:
    """Give it the proxy and certificate settings of the environment, read once instead of with every call."""
    found = session.merge_environment_settings(endpoint, {}, None, None, None)
    session.proxies, session.verify = found["proxies"], found["verify"]
    session.trust_env = False  # nor may a .netrc put its own Authorization in place of the mailbox's
    return session
