"""Is the program alive, and can it work?"""

from flask import Blueprint, Response

from domain.errors import TryAgain
from web.session import services

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> Response:
    return Response("alive\n", mimetype="text/plain")


@pages.get("/readyz")
def ready() -> Response:
    """503 while Postgres is away: a load balancer then asks another one."""
    try:
        with services().database.without_tenant() as db:
            db.exec_driver_sql("SELECT 1")
    except TryAgain as error:
        return Response(f"{error.reason}\n", 503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")
