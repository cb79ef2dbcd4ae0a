"""One line in the log for each request: what was asked by its name, how it ended, how long it took, who asked."""

import re
import time
from traceback import extract_tb
from types import TracebackType
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

log = structlog.get_logger()

HEADER = "X-Request-Id"

# What a proxy in front of us makes; everything else that a stranger may write there is not taken over into the log.
_PLAIN = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)

# Asked often, and about nothing of anybody.
_QUIET = frozenset({"static", "bootstrap.static", "health.alive", "health.ready", "metrics.page"})


def register(app: Flask) -> None:
    """Before everything else that stands around a request, so that its time is counted and every line has its id."""
    app.before_request(_begin)
    app.after_request(_tell)
    # Flask would log the path, in which the secret of a mailed link may stand.
    app.log_exception = _broke  # type: ignore[method-assign]  # Flask's documented place for it


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _PLAIN.fullmatch(given) else uuid4().hex
    g.began = time.monotonic()
    # A thread serves many requests: what the one before left is no part of this one.
    clear_contextvars()
    bind_contextvars(request=g.request_id)


def _tell(response: Response) -> Response:
    """Never the path or the query: a mailed link's secret, an address or words may stand in them."""
    response.headers[HEADER] = g.get("request_id", "")
    member = g.get("asked_by")
    told = log.debug if request.endpoint in _QUIET else log.info
    told(
        "request", method=request.method, endpoint=request.endpoint or "", status=response.status_code,
        milliseconds=round((time.monotonic() - g.get("began", time.monotonic())) * 1000, 1),
        tenant=member.tenant if member else None, member=member.id if member else None,
    )  # fmt: skip
    return response


def _broke(
    exc_info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
) -> None:
    """An error's own words may hold a customer's text: its kind and the places it came through are enough."""
    kind, _, trace = exc_info
    places = [f"{one.filename}:{one.lineno}" for one in extract_tb(trace)]
    log.error("request_broke", endpoint=request.endpoint or "", error=kind.__name__ if kind else "", places=places)
