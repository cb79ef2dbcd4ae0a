"""The page behind a mailed link: did you write to us? It asks for no sign-in and knows no member."""

import json
from functools import cache
from pathlib import Path
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, make_response, render_template, request

from adapters.link_signing import LinkIds, unsigned
from storage import identity_links, members
from storage.identity_links import Asked
from web.session import Page, services
from web.sign_in import network

pages = Blueprint("confirm", __name__)

ATTEMPTS_PER_NETWORK = 100
LANGUAGES = ("en", "de", "fr", "es")

# What no link names: a token that we did not sign is looked up like any other, and takes as long.
_NOWHERE = LinkIds(UUID(int=0), UUID(int=0))


def register(app: Flask) -> None:
    """Its forms carry the link's token instead of a form token: that is what only the mail's reader has.

    A form token proves that a request comes from a page of ours, for the sake of what the browser's cookies may do.
    This page reads no cookie; whoever could forge the request must have the link, and with it needs no forgery.
    """
    app.extensions["csrf"].exempt(pages)
    app.register_blueprint(pages)


@pages.get("/confirm/")
@pages.get("/confirm/<path:token>")
def ask(token: str = "") -> Page:
    """Changes nothing: programs that look through mail open its links."""
    if not _few():
        return _answer("many", 429)
    ids = _ids(token)
    with services().database.transaction(ids.tenant) as db:
        asked = identity_links.look(db, ids.tenant, ids.link)
    return _answer("dead", 404) if asked is None else _answer("ask", 200, asked)


@pages.post("/confirm/")
@pages.post("/confirm/<path:token>")
def confirm(token: str = "") -> Page:
    if not _few():
        return _answer("many", 429)
    ids = _ids(token)
    with services().database.transaction(ids.tenant) as db:
        asked = identity_links.look(db, ids.tenant, ids.link)
        done = identity_links.confirm(db, ids.tenant, ids.link)
    return _answer("done", 200, asked) if asked is not None and done else _answer("dead", 404)


def _ids(token: str) -> LinkIds:
    secret = current_app.secret_key
    return unsigned(token, secret if isinstance(secret, str) else "") or _NOWHERE


def _few() -> bool:
    """Whether this network may still ask this hour. Good and bad links count alike, so that this tells nothing."""
    with services().database.without_tenant() as db:
        return members.count_attempt(db, f"confirm from {network(request.remote_addr)}", ATTEMPTS_PER_NETWORK)


def _answer(page: str, status: int, asked: Asked | None = None) -> Response:
    """One page for every link that does not work, whatever the reason: it has nothing of the link."""
    known = asked.language if asked is not None and asked.language in LANGUAGES else ""
    language = known or request.accept_languages.best_match(LANGUAGES) or "en"
    words = _words(language)[page]
    named = {"number": asked.order_number, "shop": asked.shop} if asked is not None else {}
    told = {key: text.format(**named) for key, text in words.items()}
    response = make_response(render_template("confirm/page.html", told=told, language=language), status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return response


@cache
def _words(language: str) -> dict[str, dict[str, str]]:
    folder = Path(current_app.root_path) / (current_app.template_folder or "templates")
    words: dict[str, dict[str, str]] = json.loads((folder / "confirm" / "words.json").read_text("utf-8"))[language]
    return words
