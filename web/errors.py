"""What went wrong, as a page: what happened, what it means for the mail, what to press."""

from dataclasses import dataclass

import structlog
from flask import Flask, Response, g, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from domain.errors import Collided, TryAgain
from web.sign_in import network

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """`press` is the label of the one link on the page and where it leads."""

    heading: str
    happened: str
    mail: str
    press: tuple[str, str] = ("Back to the queue", "/")


_UNCHANGED = "Nothing was sent and nothing was changed."

TOLD = {
    400: Told("This could not be understood", "The browser sent something that this page does not know.", _UNCHANGED),
    403: Told(
        "This is not yours to do",
        "Your role in this workspace does not allow it. An owner or an admin can do it, or give you the role.",
        _UNCHANGED,
    ),
    404: Told(
        "There is nothing here",
        "The address is wrong, or what stood here is gone.",
        "No mail is lost: every conversation is in the list.",
        ("All conversations", "/conversations"),
    ),
    405: Told("This page cannot be asked that way", "It was called with the wrong method.", _UNCHANGED),
    429: Told(
        "That was too often",
        "This was asked more often than an hour has room for. Within an hour it works again.",
        "Mail is fetched and answered as ever. " + _UNCHANGED,
    ),
    413: Told(
        "This is too large",
        "What was sent is larger than this page takes: 1 MB, 25 MB of a mail to be tried, 50 MB of documents at once.",
        _UNCHANGED,
    ),
    500: Told(
        "Something broke on our side",
        "The error is in the log of the web process, with its time.",
        "Mail keeps being fetched and answered by the workers. Look at the conversation before you press again.",
    ),
    503: Told(
        "The database is not reachable",
        "Until it answers again the desk cannot be shown. Then everything goes on by itself.",
        "No mail is lost: what has arrived stays at Gmail, and what is due to leave waits. If you had just pressed a "
        "button, look at the conversation before you press it again.",
        ("Try again", "/"),
    ),
}

# What nobody gets who uses the pages as they are.
_REFUSALS = frozenset({400, 403, 405, 413, 429})

# A form outlives the session it was made in when somebody signs out, or signs in again, in another tab.
TOO_OLD = Told(
    "This form is too old",
    "It belongs to a session that has ended, or came from another site.",
    "Nothing was sent and nothing was changed. Go back, reload the page, then press the button again.",
)


# Two who change the same may each wait for the other: one of them gives way, at once and without a trace.
COLLIDED = Told(
    "Somebody else was changing this",
    "In this very moment somebody else was changing the same, and what you wanted had to give way.",
    "No mail is lost. Look at the conversation before you press the button again.",
)


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(CSRFError, _of_forgery)
    app.register_error_handler(TryAgain, _away)


def _of_forgery(_: CSRFError) -> Response:
    _tell(400, "form token")
    return _page(400, TOO_OLD)


def _tell(code: int, why: str) -> None:
    """Who tried what they may not: the page by its name, and who it was where that is known. Never what was sent."""
    asked_by = g.get("asked_by")
    log.warning(
        "refused", status=code, why=why, method=request.method, endpoint=request.endpoint or "",
        tenant=asked_by.tenant if asked_by else None, member=asked_by.id if asked_by else None,
        network=network(request.remote_addr),
    )  # fmt: skip


def _of_http(error: HTTPException) -> Response:
    code = error.code or 500
    if error.response is not None or code < 400:
        return error.get_response()  # type: ignore[return-value]  # werkzeug's redirects are responses already
    if code in _REFUSALS:
        _tell(code, type(error).__name__)
    answer = _page(code, TOLD.get(code, TOLD[400 if code < 500 else 500]))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _away(error: TryAgain) -> Response:
    answer = _page(503, COLLIDED if isinstance(error, Collided) else TOLD[503])
    answer.headers["Retry-After"] = str(max(1, round(error.after.total_seconds())))
    return answer


def _page(code: int, told: Told) -> Response:
    """No form, no nonce, nothing of what was asked: byte by byte the same for every address."""
    # What stands around a page is read from the database, which may be what is away.
    g.member = None
    return Response(render_template("errors/page.html", code=code, told=told), code, mimetype="text/html")
