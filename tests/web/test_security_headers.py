"""What every answer carries, whatever was asked and however it ended: every route, errors, files and downloads."""

import re
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from bootstrap import Services, build
from settings import Settings
from tests.conftest import Workspace
from tests.support.compiled import app_over
from tests.web.conftest import Browser
from tests.web.filling import Filler
from tests.web.test_isolation import FORM, Rows
from tests.web.walking import full_workspace, ways
from web.session import signed_in as signed_in_page

SECURE = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/"}}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}
# What may be put into a frame, by our own pages alone; and what browsers may keep.
FRAMED, FILES = {"conversation.formatted"}, {"static", "bootstrap.static"}
IMAGE_OR_SAVED = re.compile(r"(image/svg\+xml|application/(octet-stream|zip|json))")


@pytest.fixture
def app(settings: Settings, services: Services):
    """As it runs behind a proxy that speaks TLS, with one page that breaks."""
    app = app_over(replace(settings, public_url="https://localhost"), services)
    app.add_url_rule("/breaks", "breaks", signed_in_page(lambda: {}["x"]))
    return app


@pytest.fixture
def full(filler: Filler) -> Rows:
    return full_workspace(filler)


@pytest.fixture
def inside(app, workspace: Workspace) -> Browser:
    browser = Browser(app.test_client())
    form = {"email": workspace.email, "password": workspace.password, "csrf_token": _token(browser, "/sign-in")}
    assert browser.client.post("/sign-in", data=form, **SECURE).status_code == 302
    return browser


def test_every_route_answers_with_every_header(app, inside: Browser, full: Rows) -> None:
    """By every method, for a member, for a stranger, and for who sends a form without its token."""
    stranger, kinds, nonces = app.test_client(), set(), []
    for way in [one for one in ways(app, full) if one.endpoint != "breaks"]:
        for client in (inside.client, stranger):
            answer = client.open(way.path, method=way.method, data=FORM if way.method == "POST" else None, **SECURE)
            _holds(answer, f"{way.method} {way.endpoint}", framed=way.endpoint in FRAMED, file=way.endpoint in FILES)
            kinds.add(answer.status_code)
            nonces += re.findall(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])
    assert {200, 302, 400, 404} <= kinds
    assert len(nonces) > 300
    assert len(set(nonces)) == len(nonces), "a nonce that comes twice can be known before"
    assert all(len(one) >= 22 for one in nonces), "128 random bits"


def test_every_kind_of_error_carries_them_too(app, inside: Browser, settings: Settings) -> None:
    away = build(
        replace(settings, database_url="postgresql://nobody@127.0.0.1:9/nothing", public_url="https://localhost")
    )
    gone = app_over(away.settings, away).test_client()
    gone.set_cookie("__Host-mailwright", "00000000-0000-0000-0000-000000000000.x", domain="localhost", secure=True)
    found = {}
    for answer in (
        inside.client.post("/sign-out", **SECURE),
        inside.client.get("/", base_url="https://evil.example"),
        inside.client.post("/sign-out", base_url="https://localhost", headers={"Origin": "https://evil.example"}),
        inside.client.get("/nothing/here", **SECURE),
        inside.client.get("/static/nothing.css", **SECURE),
        inside.client.get("/static/..%2fsettings.py", **SECURE),
        inside.client.get("/sign-out", **SECURE),
        inside.client.post("/sign-in", data={"email": "x" * 2_000_000}, **SECURE),
        inside.client.get("/breaks", **SECURE),
        gone.get("/", **SECURE),
        gone.get("/readyz", **SECURE),
    ):
        _holds(answer, answer.request.path)
        found.setdefault(answer.status_code, answer.text)
    assert set(found) == {400, 403, 404, 405, 413, 500, 503}
    for text in found.values():
        assert not re.search(r"Traceback|werkzeug|psycopg|sqlalchemy|\.py\b|KeyError|127\.0\.0\.1", text, re.IGNORECASE)
    away.close()


def test_what_lies_beside_the_pages_is_not_served(inside: Browser) -> None:
    """No folder is listed, no source, no setting, no history of the repository, however the path is written."""
    beside = (".git/HEAD", ".env", "settings.py", "templates/layout.html", "var/", "../settings.py")
    ups = ("", "/static/../", "/static/..%2f", "/static/%2e%2e/", "/static/..%5c", "/static//")
    for path in ("/static/", "/static", "/bootstrap/static/", *(f"{up or '/'}{one}" for up in ups for one in beside)):
        answer = inside.get(path, follow_redirects=True, **SECURE)
        assert answer.status_code == 404, path
        assert b"There is nothing here" in answer.data


def test_no_answer_names_what_runs_here_or_lets_other_sites_read_it(inside: Browser) -> None:
    """Not even where another site asks for it, by name or as a preflight."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in ("/", "/sign-in", "/static/desk.css", "/readyz"):
        for method in ("GET", "OPTIONS"):
            answer = inside.client.open(path, method=method, base_url="https://localhost", headers=asked)
            answer.close()
            named = {name.lower() for name in answer.headers.keys()}  # noqa: SIM118  # werkzeug's headers are pairs
            assert not named & {"access-control-allow-origin", "server", "x-powered-by"}, path


def _holds(answer: TestResponse, where: str, *, framed: bool = False, file: bool = False) -> None:
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value, f"{where}: {name}"
    policy = _directives(answer.headers["Content-Security-Policy"])
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == ["'none'"], where
    inside_frame = framed and answer.status_code == 200 and answer.request.method != "OPTIONS"
    assert policy["frame-ancestors"] == (["'self'"] if inside_frame else ["'none'"]), where
    assert "sandbox" in policy or re.fullmatch(r"'nonce-[\w-]{22}'", " ".join(policy["script-src"])), where
    assert set(policy["form-action"]) <= {"'none'", "'self'", "http://127.0.0.1:9"}, where
    assert inside_frame or "unsafe" not in str(policy), where
    if answer.status_code != 204 and answer.get_data() and answer.request.method != "HEAD":
        kind = answer.headers["Content-Type"]
        assert IMAGE_OR_SAVED.match(kind) or "charset=utf-8" in kind, f"{where}: {kind}"
    kept = answer.headers.get("Cache-Control", "")
    assert kept == "no-store" or (file and answer.status_code < 400), where
    answer.close()


def _directives(policy: str) -> dict[str, list[str]]:
    pieces = [piece.split() for piece in policy.split(";") if piece.strip()]
    return {name: values for name, *values in pieces}


def _token(browser: Browser, path: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path, **SECURE).text)[1]
