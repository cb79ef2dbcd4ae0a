"""Every page that has an address, looked at by axe in a real Chromium: light and dark, narrow and wide.

The pages are those of the app's own list of routes: a new one is looked at without being named here.
"""

from collections.abc import Iterator, Mapping

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from tests.conftest import Workspace
from tests.support.browser import find_chromium
from tests.web.conftest import Browser
from tests.web.filling import Filler
from tests.web.test_browser import opened, serving
from tests.web.test_isolation import TAKES, Rows, _filled

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

# WCAG 2.2 AA, and what axe calls good practice.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# What depends on width and theme is looked at in each of both; everything else once.
OF_LOOKS = ("color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable", "region", "bypass")
LOOKS = ((1280, "light", {"type": "tag", "values": RULES}), (360, "dark", {"type": "rule", "values": OF_LOOKS}))
HEAVIEST = 120_000  # bytes of HTML

# The same pages in a state that they have only with these words in the address.
MORE = (
    "/?category=refund&language=de", "/?state=snoozed", "/?state=done", "/?q=lamp", "/conversations?q=lamp",
    "/orders/SHARED-1",
    "/knowledge/search?q=lamp", "/knowledge/edit?path=en/OWN.md", "/knowledge/versions?path=en/OWN.md",
    "/knowledge/passage?path=en/OWN.md&version=OWN-version&start=0&end=3", "/knowledge/remove?path=en/OWN.md",
    "/nothing/here",
)  # fmt: skip


@pytest.fixture
def own(filler: Filler) -> Rows:
    return _filled(filler, "OWN")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


def pages(app, browser: Browser, own: Rows) -> list[str]:
    """The path of every route that answers a member's GET with a page of ours."""
    adapter = app.url_map.bind("localhost")
    paths = [
        adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, own.ids.get(TAKES.get(rule.endpoint, ""), "")))
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and (rule.endpoint in TAKES or not rule.arguments)
    ]
    return [*sorted(path for path in paths if is_page(browser, path)), *MORE]


def is_page(browser: Browser, path: str) -> bool:
    """Whether it is a page of our own: no redirect, no download, no piece of one, no stranger's mail in its frame."""
    answer = browser.get(path)
    own_policy = "sandbox" not in answer.headers.get("Content-Security-Policy", "")
    whole = answer.status_code == 200 and answer.mimetype == "text/html" and answer.text.startswith("<!doctype")
    return whole and own_policy


def violations(page: Page, rules: Mapping[str, object]) -> list[str]:
    """What axe finds by these rules, a line each: the rule, how bad, and where."""
    found = Axe().run(page, options={"runOnly": dict(rules)}).response["violations"]
    return [
        f"{one['id']} ({one['impact']}) {node['target']} {node['html'][:120]}" for one in found for node in one["nodes"]
    ]


def test_axe_finds_nothing_on_any_page_and_no_page_is_heavy_or_scrolls_sideways(
    app, browser: Browser, own: Rows, chromium: Chromium, workspace: Workspace
) -> None:
    paths = pages(app, browser, own)
    assert len(paths) > 45, "the routes were not found"
    trouble: list[str] = []
    with serving(app) as address, opened(chromium, address, workspace, reduced_motion="reduce") as (page, _):
        for path in paths:
            answer = page.goto(address + path)
            size = len(answer.body()) if answer else 0
            if not 0 < size <= HEAVIEST:
                trouble.append(f"{path} has {size} bytes")
            for width, scheme, rules in LOOKS:
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=scheme)
                # As tall as the page: axe counts as too small what the bar at the bottom covers until one scrolls.
                tall = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": width, "height": tall})
                trouble += [f"{path} at {width}, {scheme}: {one}" for one in violations(page, rules)]
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    trouble.append(f"{path} scrolls sideways at {width} ({wide})")
    assert trouble == [], "\n".join(trouble)


def test_axe_sees_what_is_wrong(app, chromium: Chromium, workspace: Workspace) -> None:
    """The control of the test above."""
    with serving(app) as address, opened(chromium, address, workspace) as (page, _):
        everything = LOOKS[0][2]
        assert violations(page, everything) == []
        page.evaluate("document.querySelector('main').innerHTML += '<img src=\"data:,\"><button></button>'")
        assert {one.partition(" ")[0] for one in violations(page, everything)} == {"image-alt", "button-name"}
