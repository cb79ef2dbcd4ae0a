"""In a real Chromium: what got into a page does not run there, and no other site puts a page of ours into a frame."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug import Request, Response
from werkzeug.serving import make_server

from tests.conftest import Workspace
from tests.support.browser import find_chromium
from tests.web.filling import Filler
from tests.web.test_browser import opened, serving

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

# A hole in a template would bring these into a page; each says where it ran.
INJECTED = """
<script>window.ran = 'inline'</script>
<script nonce="">window.ran = 'empty nonce'</script>
<script nonce="guessed">window.ran = 'guessed nonce'</script>
<script type="module" src="/static/keys.js?injected"></script>
<script src="data:text/javascript,window.ran='data'"></script>
<script src="{evil}"></script>
<link rel="stylesheet" href="{evil}"><style>body {{ --ran: yes }}</style>
<img src="/nothing" onerror="window.ran = 'onerror'"><img src="{evil}">
<iframe srcdoc="<script>parent.ran = 'srcdoc'</script>"></iframe><iframe src="{evil}"></iframe>
<object data="{evil}"></object><embed src="/static/mark.svg">
<base href="{evil}"><form id="away" action="{evil}"><input name="x"></form>
<a id="pressed" href="javascript:window.ran='href'">x</a>
<svg><a href="javascript:1" onbegin="window.ran='svg'"></a></svg>
"""


@pytest.fixture
def address(app) -> Iterator[str]:
    """Pages into each of which somebody got their own markup."""

    @app.after_request
    def inject(answer):
        if answer.mimetype == "text/html" and app.config.get("INJECTED"):
            answer.set_data(answer.get_data(as_text=True).replace("</main>", app.config["INJECTED"] + "</main>"))
        return answer

    with serving(app) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str], list[str]]]:
    """Another site: its address, what was asked of it, and the markup of its page."""
    asked: list[str] = []
    shown: list[str] = []

    @Request.application
    def site(request: Request) -> Response:
        asked.append(request.path)
        return Response("".join(shown), mimetype="text/html")

    server = make_server("127.0.0.1", 0, site, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.port}/evil", asked, shown
    server.shutdown()
    thread.join()
    server.server_close()


def test_markup_that_got_into_a_page_runs_nothing_and_loads_nothing(
    chromium: Browser, app, address: str, workspace: Workspace, filler: Filler, elsewhere
) -> None:
    evil, asked, _ = elsewhere
    held = filler.held(filler.mailbox())
    with opened(chromium, address, workspace) as (page, trouble):
        app.config["INJECTED"] = INJECTED.format(evil=evil)
        loaded: list[str] = []
        page.on("response", lambda answer: loaded.append(answer.url))
        page.goto(f"{address}/conversations/{held.conversation}", wait_until="load")
        page.evaluate("document.getElementById('away').submit()")
        page.evaluate("document.getElementById('pressed').click()")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.ran") is None
        assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--ran')") == ""
        assert page.url == f"{address}/conversations/{held.conversation}"
        # Our own scripts have the nonce, and run; a file of ours without it does not.
        assert any("/static/keys.js?v=" in one for one in loaded)
        assert not any("injected" in one for one in loaded)
        assert "Content Security Policy" in " ".join(trouble)
    assert asked == []


def test_no_other_site_frames_a_page_or_reaches_a_window_of_ours(
    chromium: Browser, address: str, workspace: Workspace, elsewhere
) -> None:
    evil, _, shown = elsewhere
    shown.append(f'<iframe src="{address}/sign-in" id="framed"></iframe><a href="{address}/sign-in" target="w">x</a>')
    page = chromium.new_page()
    page.goto(evil, wait_until="networkidle")
    assert page.frames[1].url == "chrome-error://chromewebdata/"
    with page.expect_popup() as opened_there:
        page.click("a")
    opened_there.value.wait_for_load_state()
    assert opened_there.value.evaluate("window.opener") is None
    page.close()
