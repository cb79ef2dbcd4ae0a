"""The page that a monitoring system reads, for whoever has its token."""

import hmac
import time
from collections.abc import Callable
from threading import Lock

from flask import Blueprint, Flask, Response, abort, current_app, request

from storage import metrics
from web.exposition import exposed
from web.session import services

pages = Blueprint("metrics", __name__)

# Rows are counted once in so many seconds by each process, however often it is asked.
KEPT = 15.0


class Kept:
    """The page as it was made last. `clock` tells monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._made: tuple[float, bytes] | None = None

    def get(self, make: Callable[[], bytes]) -> bytes:
        """Who asks while another makes it waits for that one. What `make` raises is raised, and nothing is kept."""
        with self._lock:
            now = self._clock()
            if self._made is None or now - self._made[0] >= KEPT:
                self._made = now, make()
            return self._made[1]


def register(app: Flask) -> None:
    app.extensions["mailwright_metrics"] = Kept()


@pages.get("/metrics")
def page() -> Response:
    """Raises TryAgain, which answers 503, while Postgres is away."""
    token = services().settings.metrics_token
    if not token:
        abort(404)
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        return Response("Ask with the token.\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    kept: Kept = current_app.extensions["mailwright_metrics"]
    return Response(kept.get(_counted), content_type="text/plain; version=0.0.4; charset=utf-8")


def _counted() -> bytes:
    with services().database.without_tenant() as db:
        return exposed(metrics.figures(db))
