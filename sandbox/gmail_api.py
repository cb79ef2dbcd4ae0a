"""Let a Gmail call in or turn it away, play its fault, answer it and record it."""

from collections.abc import Callable
from datetime import UTC, datetime

from sandbox import gmail_changes as changes
from sandbox import gmail_drafts as drafts
from sandbox import gmail_messages as messages
from sandbox.gmail_call import (
    COMPOSE,
    LABELS,
    METADATA,
    READ,
    READONLY,
    SEND,
    WIDE,
    GmailCall,
    Route,
    multipart,
    read_page,
)  # fmt: skip
from sandbox.gmail_errors import GmailError, invalid
from sandbox.gmail_faults import Play, suffer
from sandbox.gmail_store import Mailbox
from sandbox.google_oauth import Grants
from sandbox.http_server import REASONS, Cut, Request, Response, parse_head
from sandbox.oauth_records import Access
from sandbox.quota import UNITS
from sandbox.world import World

PREFIX = "/gmail/v1/users/"
UPLOAD_PREFIX = "/upload/gmail/v1/users/"
BATCH_PATHS = ("/batch/gmail/v1", "/batch")
MOST_BATCH_PARTS = 100
_ANY_READ = READ | {METADATA}
_WRITE_DRAFT = WIDE | {COMPOSE}

# (method, path below the user with * for an id) -> route. The scopes are those of Google's discovery document.
ROUTES: dict[tuple[str, ...], Route] = {
    ("GET", "profile"): Route("getProfile", _ANY_READ | {COMPOSE}, messages.profile),
    ("GET", "messages"): Route("messages.list", _ANY_READ, messages.list_messages),
    ("GET", "messages", "*"): Route("messages.get", _ANY_READ, messages.get_message),
    ("GET", "messages", "*", "attachments", "*"): Route("messages.attachments.get", READ, messages.get_attachment),
    ("POST", "messages", "*", "modify"): Route("messages.modify", WIDE, messages.modify_message),
    ("POST", "messages", "*", "trash"): Route("messages.trash", WIDE, messages.trash),
    ("POST", "messages", "*", "untrash"): Route("messages.untrash", WIDE, messages.untrash),
    ("POST", "messages", "batchModify"): Route("messages.batchModify", WIDE, messages.batch_modify),
    ("POST", "messages", "send"): Route("messages.send", _WRITE_DRAFT | {SEND}, messages.send_message),
    ("GET", "threads"): Route("threads.list", _ANY_READ, messages.list_threads),
    ("GET", "threads", "*"): Route("threads.get", _ANY_READ, messages.get_thread),
    ("POST", "threads", "*", "modify"): Route("threads.modify", WIDE, messages.modify_thread),
    ("GET", "drafts"): Route("drafts.list", _WRITE_DRAFT | {READONLY}, drafts.list_drafts),
    ("POST", "drafts"): Route("drafts.create", _WRITE_DRAFT, drafts.create_draft),
    ("GET", "drafts", "*"): Route("drafts.get", _WRITE_DRAFT | {READONLY}, drafts.get_draft),
    ("PUT", "drafts", "*"): Route("drafts.update", _WRITE_DRAFT, drafts.update_draft),
    ("DELETE", "drafts", "*"): Route("drafts.delete", _WRITE_DRAFT, drafts.delete_draft),
    ("POST", "drafts", "send"): Route("drafts.send", _WRITE_DRAFT, drafts.send_draft),
    ("GET", "history"): Route("history.list", _ANY_READ, changes.list_history),
    ("GET", "labels"): Route("labels.list", _ANY_READ | {LABELS}, changes.list_labels),
    ("POST", "labels"): Route("labels.create", WIDE | {LABELS}, changes.create_label),
    ("GET", "labels", "*"): Route("labels.get", _ANY_READ | {LABELS}, changes.get_label),
    ("DELETE", "labels", "*"): Route("labels.delete", WIDE | {LABELS}, changes.delete_label),
    ("POST", "watch"): Route("watch", _ANY_READ, changes.watch),
    ("POST", "stop"): Route("stop", _ANY_READ, changes.stop),
}


class GmailApi:
    """The Gmail routes over a world. `deliver(address, n)` lets n mails arrive, `pause(s)` waits for a slow answer."""

    def __init__(
        self, world: World, grants: Grants, deliver: Callable[[str, int], None], pause: Callable[[float], None]
    ) -> None:
        self._world = world
        self._grants = grants
        self._deliver = deliver
        self._pause = pause

    def answer(self, request: Request, *, in_batch: bool = False) -> Response:
        """Answer one call under PREFIX or UPLOAD_PREFIX and record it."""
        world = self._world
        name, user, fault = "", "", ""
        units = 0
        try:
            route, owner, ids, upload = _find(request)
            name = route.name
            access = self._admit(request)
            user = access.email
            params = request.params()
            page, cursor = read_page(params)
            mailbox = self._mailbox(owner, access, route)
            units = self._charge(user, name)
            call = GmailCall(world, mailbox, access, request, ids, params, upload, page, cursor)
            order = world.faults.take(name, user, page)
            if order is None:
                response = route.answer(call)
            else:
                fault = order.fault
                response = suffer(Play(order, route, call, self._deliver, self._pause))
        except GmailError as error:
            response = error.response()
        world.log.record(
            time=world.clock(), user=user, route=name, method=request.method, path=_shown_path(request),
            status=0 if response.cut is not Cut.NO else response.status, units=units, fault=fault, batch=in_batch,
        )  # fmt: skip
        return response

    def answer_batch(self, request: Request) -> Response:
        """Up to 100 calls in one multipart body, each admitted, counted and answered by itself, in order."""
        try:
            parts = list(multipart(request))
        except GmailError as error:
            return error.response()
        if len(parts) > MOST_BATCH_PARTS:
            return invalid("The batch request contains too many calls; 100 is the maximum.").response()
        chunks: list[bytes] = []
        for headers, content in parts:
            response = self.answer(_inner_request(content, request), in_batch=True)
            if response.cut is not Cut.NO:
                return response  # one connection carries them all
            content_id = headers.get("content-id", "").lstrip("<")
            extra = "".join(f"{key}: {value}\r\n" for key, value in response.headers)
            head = (
                f"--batch_sandbox\r\nContent-Type: application/http\r\nContent-ID: <response-{content_id}\r\n\r\n"
                f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Unknown')}\r\n"
                f"Content-Type: {response.content_type}\r\n"
                f"Content-Length: {len(response.body)}\r\n{extra}\r\n"
            )
            chunks.append(head.encode("latin-1") + response.body + b"\r\n")
        chunks.append(b"--batch_sandbox--\r\n")
        return Response(200, b"".join(chunks), "multipart/mixed; boundary=batch_sandbox")

    def _admit(self, request: Request) -> Access:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            raise GmailError(401, "required", "Login Required.")
        access = self._grants.access(token.strip()) if scheme.lower() == "bearer" else None
        if access is None:
            raise GmailError(401, "authError", "Request had invalid authentication credentials.")
        return access

    def _mailbox(self, owner: str, access: Access, route: Route) -> Mailbox:
        if owner not in ("me", access.email):
            raise GmailError(403, "forbidden", f"Delegation denied for {access.email}")
        if not access.scopes & route.scopes:
            raise GmailError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        mailbox = self._world.mailboxes.get(access.email)
        if mailbox is None:
            raise GmailError(400, "failedPrecondition", "Mail service not enabled", "FAILED_PRECONDITION")
        return mailbox

    def _charge(self, user: str, route: str) -> int:
        world = self._world
        now = world.clock()
        with world.lock:
            if (
                world.settings.enforce_quota
                and world.quota.last_minute(user, now) + UNITS.get(route, 0) > world.settings.units_per_minute
            ):
                until = datetime.fromtimestamp(world.quota.free_at(user, now), UTC)
                text = until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                raise GmailError(429, "rateLimitExceeded", f"User-rate limit exceeded.  Retry after {text}")
            return world.quota.spend(user, route, now)


def _find(request: Request) -> tuple[Route, str, tuple[str, ...], bool]:
    """Route, user id, path ids and whether it is an upload; raises GmailError 404."""
    upload = request.path.startswith(UPLOAD_PREFIX)
    owner, *path = request.path.removeprefix(UPLOAD_PREFIX if upload else PREFIX).replace("%40", "@").split("/")
    route = ROUTES.get((request.method, *path))
    if route is not None:
        return route, owner, (), upload
    route = ROUTES.get((request.method, *("*" if place % 2 else word for place, word in enumerate(path))))
    if route is None:
        raise GmailError(404, "notFound", "Method not found.")
    return route, owner, tuple(path[1::2]), upload


def _inner_request(content: bytes, outer: Request) -> Request:
    head, _, body = content.partition(b"\n\n")
    request = parse_head(head.strip().split(b"\n"))
    request.body = body.removesuffix(b"\n")
    if "authorization" in outer.headers:
        request.headers.setdefault("authorization", outer.headers["authorization"])
    return request


def _shown_path(request: Request) -> str:
    return f"{request.path}?{request.query}" if request.query else request.path
