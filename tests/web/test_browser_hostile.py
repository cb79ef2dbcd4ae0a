"""Hostile words on every page of the desk, in a real Chromium: nothing runs, asks, leads away or opens.

A second server on this machine plays everybody else: what reaches it was loaded.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote_plus

import pytest

from adapters.mime.parse import parse
from tests.web import test_browser
from tests.web.filling import Filler
from tests.web.hostile_rows import CANARY, evil, filled_with
from tests.web.test_accessibility import is_page
from tests.web.test_browser import opened
from tests.web.test_isolation import TAKES

pytestmark = test_browser.pytestmark
address, chromium = test_browser.address, test_browser.chromium

# Where strangers, customers, suppliers and other members put words; the tables must have taken them all.
CHOSEN = {
    "conversation.subject", "conversation.customer_name", "message.parsed", "message.subject", "message.sender_name",
    "outbox.text", "outbox.subject", "decision.reason", "decision.understanding", "document.title", "document.source",
    "supplier.name", "note.text", "saved_view.name", "ticket_words.text", "shop_order.customer_name",
}  # fmt: skip


@dataclass
class Trap:
    """The rest of the world."""

    address: str = ""
    page: bytes = b""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/raw":
                trap.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(trap.page if self.path == "/raw" else b"")

        do_POST = do_GET  # noqa: N815  # the library asks for this name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    trap.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield trap
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def watched(chromium, address, workspace) -> Iterator[tuple]:
    """A page of a member, and what happened on it that nobody pressed."""
    with opened(chromium, address, workspace) as (page, trouble):
        page.on("dialog", lambda dialog: (trouble.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda popup: trouble.append(f"popup {popup.url}"))
        page.on("download", lambda download: trouble.append(f"download {download.url}"))
        yield page, trouble


def visited(page, url: str) -> list[str]:
    """Open it with all its folds; what it did that it may not."""
    page.goto(url)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    did = [f"{url} ran a script" for frame in page.frames if frame.evaluate("window.__owned")]
    return did + ([f"{url} led to {page.url}"] if page.url != url else [])


def paths_with_words(app, browser, rows, words: str) -> list[str]:
    """Every page of the desk on which the words stand, from the app's own list of routes."""
    adapter = app.url_map.bind("localhost")
    paths = {
        adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, rows.ids.get(TAKES.get(rule.endpoint, ""), "")))
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and (rule.endpoint in TAKES or not rule.arguments)
    }
    searched = quote_plus(words)
    paths |= {f"{path}?q={searched}" for path in ("/", "/conversations", "/orders", "/customers", "/knowledge/search")}
    paths |= {
        "/knowledge/edit?path=en/OWN.md", "/knowledge/versions?path=en/OWN.md", "/knowledge/remove?path=en/OWN.md",
        "/knowledge/passage?path=en/OWN.md&version=OWN-version&start=0&end=3", "/orders/SHARED-1",
        f"/knowledge/edit?path={searched}", f"/sign-in?next={searched}", f"/?category={searched}",
    }  # fmt: skip
    return [path for path in sorted(paths) if is_page(browser, path) and CANARY in browser.get(path).text]


def test_no_word_of_anybodys_runs_loads_or_leads_anywhere_on_any_page(
    app, browser, chromium, address, workspace, filler: Filler, owner, trap
) -> None:
    words = evil(trap.address)
    rows, changed = filled_with(filler, owner, words)
    assert changed >= CHOSEN, sorted(changed)
    paths = paths_with_words(app, browser, rows, words)
    assert len(paths) > 20, paths
    with watched(chromium, address, workspace) as (page, trouble):
        did = [one for path in paths for one in visited(page, address + path)]
        page.wait_for_load_state("networkidle")
        assert (did, trouble, trap.asked) == ([], [], [])


def mail_of(html: str) -> bytes:
    return b"From: anna@customer.example\nContent-Type: text/html; charset=utf-8\n\n" + html.encode()


MUTATIONS = (
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.__owned=1&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=window.__owned=1>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=window.__owned=1>",
    "<noscript><p title='</noscript><img src=x onerror=window.__owned=1>'>",
    "<select><template><style></select><img src=x onerror=window.__owned=1></style></template></select>",
    "<a href='&#106;avascript:window.__owned=1'>x</a><a href='java&Tab;script:window.__owned=1'>y</a>",
    "<p style='background:url(TRAP/style)'>x</p><div style=\"@import 'TRAP/import'\">y</div>",
    "<picture><source srcset='TRAP/set 2x'></picture><video poster=TRAP/poster></video><audio src=TRAP/audio></audio>",
    "<table background=TRAP/table><td background=TRAP/cell>z</td></table><input type=image src=TRAP/input>",
    "<link rel=prefetch href=TRAP/pre><link rel=dns-prefetch href=//trap.invalid><object data=TRAP/object></object>",
)


def test_no_layout_of_a_mail_runs_or_loads_in_its_frame(chromium, address, workspace, filler: Filler, trap) -> None:
    html = f"<p>{CANARY}</p>{evil(trap.address)}" + "".join(MUTATIONS).replace("TRAP", trap.address)
    mailbox, links = filler.mailbox(), []
    for page in (html, *(f"<p>{CANARY}</p>" + one.replace("TRAP", trap.address) for one in MUTATIONS)):
        held = filler.held(mailbox, parse(mail_of(page)))
        links += [f"/conversations/{held.conversation}", f"/messages/{held.message}/formatted"]
        links.append(f"/messages/{held.message}/formatted?pictures=yes")
    with watched(chromium, address, workspace) as (page, trouble):
        did = [one for link in links for one in visited(page, address + link)]
        page.wait_for_load_state("networkidle")
        assert page.locator("body").inner_text()
        assert (did, trouble, trap.asked) == ([], [], [])


def test_the_frame_holds_even_what_nobody_has_cleaned(
    chromium, address, workspace, filler: Filler, owner, trap
) -> None:
    """The second wall alone: the bytes of an attack lie in the table as if the first one had let them through."""
    held = filler.held(filler.mailbox(), parse(mail_of(f"<p>{CANARY}</p>")))
    html = evil(trap.address) + "".join(MUTATIONS).replace("TRAP", trap.address)
    filler.rows(
        "UPDATE message SET parsed = jsonb_set(parsed, '{html}', to_jsonb(CAST(:html AS text)))"
        " WHERE tenant_id = :tenant AND id = :id RETURNING 1",
        html=html, id=held.message,
    )  # fmt: skip
    with watched(chromium, address, workspace) as (page, _):
        did = visited(page, f"{address}/messages/{held.message}/formatted")
        did += visited(page, f"{address}/conversations/{held.conversation}")
        page.wait_for_load_state("networkidle")
        # What was stopped is complained of, and that is all that came of it.
        assert (did, trap.asked) == ([], [])


def test_the_same_words_on_a_page_without_our_walls_are_caught(chromium, address, workspace, trap) -> None:
    """The control of the tests above."""
    trap.page = f"<!doctype html><p>{evil(trap.address).replace('http-equiv=refresh', '')}".encode()
    with watched(chromium, address, workspace) as (page, trouble):
        did = visited(page, f"{trap.address}/raw")
        page.wait_for_load_state("networkidle")
        assert did == [f"{trap.address}/raw ran a script"]
        assert {"/img", "/css"} <= {path.removeprefix("/base") for path in trap.asked}
        assert trouble
    trap.page = f"<meta http-equiv=refresh content='0;url={trap.address}/away'>".encode()
    with watched(chromium, address, workspace) as (page, _):
        page.goto(f"{trap.address}/raw")
        page.wait_for_url(f"{trap.address}/away")
