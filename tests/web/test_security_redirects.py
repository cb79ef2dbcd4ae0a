"""No parameter leads a browser to another site: each redirect of the code, and each route with evil ways back."""

import ast
from pathlib import Path

from tests.web.conftest import Browser
from tests.web.filling import Filler
from tests.web.test_isolation import FORM
from tests.web.walking import full_workspace, ways
from web.fields import own_page

WEB = Path(__file__).parents[2] / "web"

# How a path can name another site for a browser, or smuggle a header, or run a script.
EVIL = (
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
    "https:evil.example", "http:/evil.example", "https:/\\evil.example", "//localhost@evil.example",
    "https://localhost@evil.example", "https://localhost.evil.example", "//evil.example/%2f..", "/%2f/evil.example",
    "%2f%2fevil.example", "/%5cevil.example", "/.//evil.example", "/..//evil.example", "/;//evil.example",
    "//evil%E3%80%82example",
    "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "/\r\nSet-Cookie: a=b", "/\r\n\r\n<script>",
    "/\u2028/evil.example", "/\uff0f/evil.example", "/\x00/evil.example", "?x=//evil.example", "@evil.example",
    ".evil.example",
)  # fmt: skip
MADE_HERE = {"url_for", "own_page"}


def _leads_home(node: ast.expr) -> bool:
    """Whether a redirect's target can only be an address that we made or checked."""
    match node:
        case ast.IfExp():
            return _leads_home(node.body) and _leads_home(node.orelse)
        case ast.Call(func=ast.Name(id=name)):
            return name in MADE_HERE
    return False


def test_every_redirect_in_the_code_leads_to_an_address_that_we_made_or_checked() -> None:
    found, strange = 0, []
    for file in sorted(WEB.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "redirect":
                found += 1
                strange += [] if _leads_home(node.args[0]) else [f"{file.name}:{node.lineno}"]
            if isinstance(node, ast.Constant) and node.value in {"Location", "Refresh"}:
                strange.append(f"{file.name}:{node.lineno}")
    assert found > 60
    assert strange == []


def parameters() -> set[str]:
    """The name of every field that some page reads, in an address or a form."""
    return {
        node.args[0].value
        for file in WEB.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "getlist"}
        and ast.unparse(node.func.value).startswith(("request.", "form")) and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip


def test_no_field_of_any_route_leads_away(app, browser: Browser, filler: Filler) -> None:
    names, token = parameters(), browser.token()
    assert names > {"next", "view", "email", "link", "after"}
    led, evils = 0, ("https://evil.example/", "//evil.example", "/\\evil.example")
    every = [one for one in ways(app, full_workspace(filler), ("GET", "POST")) if one.endpoint != "sign_in.sign_out"]
    for number, way in enumerate(every):
        named = dict.fromkeys(names, evils[number % len(evils)])
        form = {**named, **FORM, "csrf_token": token} if way.method == "POST" else None
        answer = browser.client.open(way.path, method=way.method, data=form, query_string=named)
        answer.close()
        where = answer.headers.get("Location", "")
        if where:
            led += 1
            assert where.startswith("/"), f"{way}: {where}"
            assert not where.startswith(("//", "/\\")), f"{way}: {where}"
        assert not where.startswith("/sign-in?"), f"{way} was asked by nobody"
    assert led > 25


def test_a_way_back_that_leads_elsewhere_leads_to_the_queue(app, stranger: Browser) -> None:
    token = stranger.token()
    for evil in EVIL:
        with app.test_request_context("/"):
            assert own_page(evil) == "/", repr(evil)
        answer = stranger.client.post("/theme", data={"csrf_token": token, "theme": "dark", "next": evil})
        assert answer.headers["Location"] == "/", repr(evil)


def test_a_way_back_to_a_page_of_ours_is_kept(app) -> None:
    with app.test_request_context("/"):
        for good in ("/", "/?category=refund&q=lamp", "/conversations?q=%2F%2Fevil.example", "/account"):
            assert own_page(good) == good
