"""Is the program alive, and can it work?"""

import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

from adapters import redis_look
from domain.errors import TryAgain
from web.session import services

pages = Blueprint("health", __name__)

OK, DEGRADED, AWAY = "ok", "degraded", "away"


@pages.get("/healthz")
def alive() -> Response:
    return Response("alive\n", mimetype="text/plain")


@pages.get("/readyz")
def ready() -> Response:
    """503 while Postgres is away: a load balancer then asks another one. Without the others pages are served as ever.

    Redis is looked at where this process knows it. Everybody may ask: there is nothing in it but these words and times.
    """
    known: dict[str, dict[str, Any]] = {"postgres": _looked(_postgres)}
    if services().settings.redis_url:
        known["redis"] = _looked(_redis)
    known["models"] = _looked(_models)
    can_serve = known["postgres"]["state"] != AWAY
    answer = jsonify(ready=can_serve, **known)
    answer.status_code = 200 if can_serve else 503
    return answer


def _looked(look: Callable[[], str]) -> dict[str, Any]:
    began = time.monotonic()
    state = look()
    return {"state": state, "milliseconds": round((time.monotonic() - began) * 1000, 1)}


def _postgres() -> str:
    try:
        with services().database.without_tenant() as db:
            db.exec_driver_sql("SELECT 1")
    except TryAgain:
        return AWAY
    return OK


def _redis() -> str:
    """It carries wake-up calls alone: without it workers look by themselves, a little later."""
    return OK if redis_look.answers(services().settings.redis_url) else DEGRADED


def _models() -> str:
    """What the workers of this machine read mail with; web loads none of it."""
    return OK if (services().settings.models_dir / "embedder.json").is_file() else DEGRADED
