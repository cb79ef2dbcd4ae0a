"""Read one call of the Gmail API: its ids, parameters, page and mail."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.gmail_errors import GmailError, invalid
from sandbox.gmail_store import Mailbox
from sandbox.http_server import Request, Response, json_response
from sandbox.letter import from_base64url, to_base64url
from sandbox.oauth_records import AUTH, FULL, MODIFY, Access
from sandbox.partial import only, read_fields
from sandbox.world import World

READONLY, COMPOSE, SEND, LABELS, METADATA = (
    f"{AUTH}gmail.{name}" for name in ("readonly", "compose", "send", "labels", "metadata")
)
WIDE = frozenset({FULL, MODIFY})
READ = WIDE | {READONLY}
LARGEST_PAGE = 500
LARGEST_MAIL = 35 * 1024 * 1024


@dataclass(slots=True)
class GmailCall:
    """One call that was let in. `ids` are the path's ids in order, `page` is 1 for the first."""

    world: World
    mailbox: Mailbox
    access: Access
    request: Request
    ids: tuple[str, ...]
    params: dict[str, list[str]]
    upload: bool = False
    page: int = 1
    cursor: tuple[int, int] | None = None

    def param(self, name: str, default: str = "") -> str:
        values = self.params.get(name)
        return values[-1] if values else default

    def flag(self, name: str) -> bool:
        return self.param(name).lower() == "true"

    @property
    def page_size(self) -> int:
        return min(self.number("maxResults", 100) or 100, LARGEST_PAGE, int(self.world.settings.page_cap))

    def number(self, name: str, default: int) -> int:
        text = self.param(name)
        if text and not text.isdigit():
            raise invalid(f"Invalid value at '{name}': \"{text}\"")
        return int(text) if text else default

    def json(self) -> dict[str, Any]:
        """The JSON body; empty when there is none. Raises GmailError 400."""
        try:
            value = json.loads(self.request.body) if self.request.body else {}
        except ValueError:
            raise invalid("Invalid JSON payload received.") from None
        if not isinstance(value, dict):
            raise invalid("Invalid JSON payload received.")
        return value

    def words(self, name: str) -> list[str]:
        """A list of texts in the JSON body."""
        value = self.json().get(name, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise invalid(f"Invalid value at '{name}'")
        return value

    def mail(self, *, inside: str = "") -> tuple[bytes, str]:
        """The mail's bytes and its threadId, from JSON (`inside` names the wrapping key) or from a media upload."""
        if self.upload:
            about, raw = self._uploaded()
        else:
            about, raw = self.json(), b""
        message = about.get(inside, {}) if inside else about
        if not isinstance(message, dict):
            raise invalid(f"Invalid value at '{inside}'")
        thread_id = message.get("threadId") or ""
        text = message.get("raw") or ""
        if not isinstance(thread_id, str) or not isinstance(text, str):
            raise invalid("Invalid value at 'message'")
        if text:
            try:
                raw = from_base64url(text)
            except ValueError:
                raise invalid("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed") from None
        if not raw:
            raise invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
        if len(raw) > LARGEST_MAIL:
            raise GmailError(413, "uploadTooLarge", "The mail is too large.")
        return raw, thread_id

    def next_page(self, cursor: tuple[int, int]) -> str:
        return to_base64url(f"{self.page + 1}.{cursor[0]}.{cursor[1]}".encode(), padded=False)

    def _uploaded(self) -> tuple[dict[str, Any], bytes]:
        kind = self.param("uploadType")
        if kind == "media":
            return {}, self.request.body
        if kind != "multipart":
            raise invalid(f"The sandbox does not play uploadType={kind}")
        about: dict[str, Any] = {}
        raw = b""
        for headers, content in multipart(self.request):
            if headers.get("content-type", "").startswith("application/json"):
                about = json.loads(content or b"{}")
            else:
                raw = content
        return about, raw


def read_page(params: dict[str, list[str]]) -> tuple[int, tuple[int, int] | None]:
    """Page number and place from `pageToken`; raises GmailError 400 for a token that was not given out here."""
    token = params.get("pageToken", [""])[-1]
    if not token:
        return 1, None
    try:
        page, first, second = from_base64url(token).split(b".")
        return int(page), (int(first), int(second))
    except ValueError:
        raise invalid("Invalid pageToken") from None


def multipart(request: Request) -> Iterator[tuple[dict[str, str], bytes]]:
    """The parts of a multipart body: headers (lower case) and content; raises GmailError 400."""
    boundary = ""
    for field_ in request.headers.get("content-type", "").split(";")[1:]:
        name, _, value = field_.strip().partition("=")
        if name.lower() == "boundary":
            boundary = value.strip('"')
    if not boundary:
        raise invalid("The multipart body has no boundary.")
    body = b"\n" + request.body.replace(b"\r\n", b"\n")
    for chunk in body.split(b"\n--" + boundary.encode())[1:]:
        if chunk.startswith(b"--"):
            return
        head, _, content = chunk.lstrip(b" \t").removeprefix(b"\n").partition(b"\n\n")
        headers = {}
        for line in head.decode("latin-1").split("\n"):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        yield headers, content


@dataclass(frozen=True, slots=True)
class Route:
    """One method of the API: its name (as in the quota table), the scopes of which one is needed, and what it does."""

    name: str
    scopes: frozenset[str]
    act: Callable[[GmailCall], dict[str, Any]] = field(repr=False)

    def answer(self, call: GmailCall) -> Response:
        """Do it, under the sandbox's lock, and write down what the caller wants to see of the result."""
        fields = call.param("fields")
        wanted = read_fields(fields) if fields else {}
        with call.world.lock:
            if call.mailbox.coming:
                call.mailbox.settle()
            value = self.act(call)
        return json_response(only(value, wanted))
