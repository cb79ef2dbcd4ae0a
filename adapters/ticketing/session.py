"""Signed-in calls to the ticketing system: login, one renewal, timeouts, and what each bad answer means."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from domain.errors import MailwrightError, NeedsPerson, NotDone, TryAgain, Unclear

LOGIN_SECONDS = 10.0
CALL_SECONDS = 30.0
# The token lives 1,500 seconds and is renewed at 80 % of its life.
TOKEN_SECONDS = 1500 * 0.8
LIMIT_WAIT = timedelta(seconds=30)
LOGIN_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=1)
LARGEST_ANSWER = 10 * 1024 * 1024
CHUNK = 64 * 1024

# A part of a form: its value, or (file name, content, content type).
Part = str | tuple[str, bytes, str]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a tenant's ticketing system stands. `zone` is the merchant's, for times that name none."""

    base_url: str
    username: str
    password: str
    path_prefix: str = "/tickets/tickets"
    zone: str = "Europe/Berlin"

    def __repr__(self) -> str:
        return f"Connection({self.base_url!r}, ...)"


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer. `body` is its JSON, or None where it has none."""

    status: int
    body: Any
    retry_after: timedelta | None = None


class Session:
    """One login, shared by the calls of one job. Safe between threads: a login happens once at a time."""

    def __init__(
        self, connection: Connection, *, clock: Callable[[], float] = time.monotonic, seconds: float = CALL_SECONDS
    ) -> None:
        self._at = connection
        self._seconds = seconds
        self._http = requests.Session()
        # Neither a proxy nor a .netrc of this machine has a say in whom we talk to.
        self._http.trust_env = False
        self._clock = clock
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def close(self) -> None:
        self._http.close()

    def sign_in(self) -> None:
        self._login_once(refused="")

    def read(self, path: str, query: Mapping[str, str]) -> Any:
        """The JSON of a read, None where nothing is found. Raises TryAgain, NeedsPerson: an error is never "none"."""
        try:
            answer = self._with_login(lambda token: self._send("GET", path, token, params=query))
        except requests.RequestException as error:
            raise TryAgain(f"The ticketing system could not be reached ({type(error).__name__}).") from error
        if answer.status == 404:
            return None
        if answer.status == 200 and answer.body is not None:
            return answer.body
        raise self._trouble(answer)

    def act(self, path: str, parts: Sequence[tuple[str, Part]]) -> Mapping[str, Any]:
        """Ask for something to be done; the JSON of an answer that says so. Never repeated after it was accepted.

        Raises NotDone (proven refused), Unclear (perhaps done: look first), TryAgain (never asked), NeedsPerson.
        """
        token = self._login_once(refused="")
        try:
            answer = self._send("POST", path, token, parts=parts)
            if answer.status == 401:
                # A 401 is no accepted work, so that one more try with a fresh token doubles nothing.
                token = self._login_once(refused=token)
                answer = self._send("POST", path, token, parts=parts)
        except requests.RequestException as error:
            if _never_asked(error):
                raise TryAgain("The ticketing system could not be reached.") from error
            raise Unclear(f"The ticketing system did not confirm ({type(error).__name__}).") from error
        return self._done(answer)

    def _done(self, answer: Answered) -> Mapping[str, Any]:
        if answer.status in {400, 404, 409, 413, 415, 422}:
            words = _words(answer.body)
            raise NotDone(f"The ticketing system refused it ({answer.status}){words}.").quoting(words)
        if answer.status == 429:
            raise NotDone("The ticketing system asks us to wait.", answer.retry_after or LIMIT_WAIT)
        if answer.status in {401, 403}:
            raise NeedsPerson("The ticketing system no longer accepts our login: check its user and password.")
        body = answer.body
        if answer.status != 200 or not isinstance(body, dict) or not isinstance(body.get("succeeded"), bool):
            raise Unclear(
                f"The ticketing system gave an answer that does not say whether it was done ({answer.status})."
            )
        if not body["succeeded"]:
            words = _words(body)
            raise Refused(_codes(body), f"The ticketing system refused it{words}.").quoting(words)
        return body

    def _with_login(self, call: Callable[[str], Answered]) -> Answered:
        token = self._login_once(refused="")
        answer = call(token)
        if answer.status == 401:
            answer = call(self._login_once(refused=token))
        return answer

    def _login_once(self, *, refused: str) -> str:
        """A token that is no older than it may be, and is not the one that was just refused."""
        with self._lock:
            if not self._token or self._token == refused or self._clock() >= self._until:
                self._token, self._until = self._login(), self._clock() + TOKEN_SECONDS
            return self._token

    def _login(self) -> str:
        try:
            answer = self._http.post(
                f"{self._at.base_url}/Account/login",
                json={"username": self._at.username, "password": self._at.password},
                timeout=LOGIN_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise TryAgain(f"The ticketing system could not be reached ({type(error).__name__}).") from error
        if answer.status_code in {400, 401, 403}:
            raise NeedsPerson("The ticketing system does not accept our login: check its user and password.")
        body = _json(answer.content)
        token = body.get("access_token") if isinstance(body, dict) else None
        if answer.status_code != 200 or not isinstance(token, str) or not token:
            raise TryAgain(
                f"The ticketing system's login is out of order ({answer.status_code}).", _wait(answer) or LOGIN_WAIT
            )
        return token

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        *,
        params: Mapping[str, str] | None = None,
        parts: Sequence[tuple[str, Part]] = (),
    ) -> Answered:
        # The library makes the multipart boundary: a Content-Type set by hand would lack it.
        files = [(name, (None, part) if isinstance(part, str) else part) for name, part in parts]
        with self._http.request(
            method,
            f"{self._at.base_url}{path}",
            params=params,
            files=files or None,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=self._seconds,
            allow_redirects=False,
            stream=True,
        ) as answer:
            content = bytearray()
            for chunk in answer.iter_content(CHUNK):
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise requests.exceptions.ContentDecodingError("the answer is too large")
            return Answered(answer.status_code, _json(bytes(content)), _wait(answer))

    @staticmethod
    def _trouble(answer: Answered) -> MailwrightError:
        if answer.status in {401, 403}:
            return NeedsPerson("The ticketing system no longer accepts our login: check its user and password.")
        wait = answer.retry_after or (LIMIT_WAIT if answer.status == 429 else timedelta(seconds=5))
        return TryAgain(f"The ticketing system is out of order ({answer.status}).", wait)


class Refused(NotDone):
    """`succeeded: false`: with the codes of its messages, in upper and lower case as they came."""

    def __init__(self, codes: tuple[str, ...], reason: str) -> None:
        super().__init__(reason)
        self.codes = codes


def _never_asked(error: requests.RequestException) -> bool:
    """Whether no connection was made, so that nothing can have been accepted."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    # The library below names it; it is not ours to import.
    return isinstance(error, requests.ConnectTimeout) or type(reason).__name__ == "NewConnectionError"


def _json(content: bytes) -> Any:
    """None where it is no JSON, as an HTML error page is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _messages(body: Any) -> list[Mapping[str, Any]]:
    found = body.get("messages") if isinstance(body, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _codes(body: Any) -> tuple[str, ...]:
    return tuple(str(one.get("messageCode") or "") for one in _messages(body))


def _words(body: Any) -> str:
    """What it says about the refusal, for a member: short, and nothing where it says nothing."""
    said = "; ".join(str(one.get("messageDescription") or one.get("messageCode") or "") for one in _messages(body))
    return f": {said[:200]}" if said.strip("; ") else ", and gave no reason"


def _wait(answer: requests.Response) -> timedelta | None:
    """`Retry-After` in seconds or as a date, bounded."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return min(timedelta(seconds=min(int(told), 100_000)), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    wait = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)
