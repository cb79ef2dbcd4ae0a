"""The desk in a real Chromium, with and without JavaScript: it renders, obeys its policy, can be used by keys."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from bootstrap import Services
from domain.order import OrderItem
from domain.supplier import Purpose, Supplier
from storage import suppliers
from tests.conftest import PASSWORD, Workspace
from tests.support.browser import find_chromium
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler, Held
from tests.web.refunding import LAMP, Till
from tests.web.shelf import Shelf

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CSS = Path(__file__).parents[2] / "static" / "desk.css"
# Milliseconds: on a busy machine a page may take its time.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


class _Quiet(WSGIRequestHandler):
    timeout = 5  # seconds that a connection may say nothing: a browser opens some in advance

    def log(self, kind: str, message: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def serving(app) -> Iterator[str]:
    server = make_server("localhost", 0, app, threaded=True, request_handler=_Quiet)
    # A page that closes may ask for something still: it is answered before the database under it goes.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def address(app) -> Iterator[str]:
    """The app over HTTP, under the one host that it trusts."""
    with serving(app) as address:
        yield address


class Trouble(list):
    """What the browser complained about: refused by the policy, broken scripts, failed or foreign requests."""

    def listen(self, context: BrowserContext, address: str) -> None:
        context.on("console", lambda message: self.append(message.text) if message.type in {"error", "warning"} else 0)
        context.on("weberror", lambda error: self.append(str(error.error)))
        context.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "data:", "about:")) else self.append(asked.url),
        )


@contextmanager
def opened(chromium: Browser, address: str, workspace: Workspace, **options) -> Iterator[tuple[Page, Trouble]]:
    context = chromium.new_context(**options)
    context.set_default_timeout(PATIENCE)
    trouble = Trouble()
    trouble.listen(context, address)
    page = context.new_page()
    page.goto(f"{address}/")
    page.get_by_label("E-mail address").fill(workspace.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{address}/")
    yield page, trouble
    context.close()


KNOWLEDGE = (
    "/knowledge", "/knowledge/search?q=lamp", "/knowledge/upload", "/knowledge/edit", "/knowledge/edit?path=en/a.md",
    "/knowledge/versions?path=en/a.md", "/knowledge/remove?path=en/a.md", "/gaps",
)  # fmt: skip


@pytest.fixture
def held(filler: Filler) -> Held:
    mailbox = filler.mailbox()
    filler.held(mailbox, replace(MESSAGE, subject="The other one"), understanding=replace(UNDERSTANDING, importance=2))
    return filler.held(mailbox)


@pytest.fixture
def stocked(filler: Filler, services: Services) -> tuple[str, ...]:
    """Documents, with names and words that do not break, and a group of questions; returns the pages about them."""
    shelf = Shelf(services, filler.tenant)
    old = shelf.put("en/a.md", f"# Returns\n\nA lamp. {'y' * 300}")
    new = shelf.put("en/a.md", f"# {'Returns' * 20}\n\nA lamp. {'x' * 300}\n\n## Costs\n\nReturning a lamp is free.")
    shelf.index()
    shelf.put("en/a-long-name-of-a-document-that-has-no-blank-in-it-and-so-cannot-be-broken-at-one.md", "A lamp.")
    gap = filler.gap(filler.held(filler.mailbox(), replace(MESSAGE, subject="A gap")))
    passage = f"/knowledge/passage?path=en/a.md&version={new}&start=0&end=9"
    return (*KNOWLEDGE, passage, f"/knowledge/differences?path=en/a.md&old={old}&new={new}", f"/gaps/{gap}/article")


@pytest.fixture
def wanted(filler: Filler) -> Held:
    """A refund that waits for one person, beside others in each state; with a name that cannot be broken."""
    till, mailbox = Till(filler), filler.mailbox()
    till.order("LO-1", items=(LAMP, OrderItem("B", "bulb" * 60, 2, 500)), tracking_url=f"https://x.example/{'t' * 200}")
    till.order("L" * 90, email=f"{'a' * 60}@{'b' * 60}.example", name="W" * 120)
    till.wanted(mailbox, number="L" * 90, approvals=2)
    till.tried(mailbox, ("N" * 90, True), ("LO-8", False))
    for state in ("done", "uncertain", "refused", "needs_person"):
        till.became(till.wanted(mailbox, minor=100), state, error="x" * 120)
    return till.wanted(mailbox)


MONEY = (
    "/customers", "/customers?q=nobody",
    "/orders", "/orders?q=nothing", "/orders/LO-1", f"/orders/{'L' * 90}", "/orders/upload", "/refunds",
    "/refunds?state=doing", "/refunds/attempts", "/settings/refunds", "/settings",
)  # fmt: skip


@pytest.mark.parametrize("scripts", [True, False])
def test_a_refund_is_approved_after_amount_and_recipient_were_confirmed(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, wanted: Held, *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        page.goto(f"{address}/conversations/{wanted.conversation}")
        page.get_by_label("Draft, written by the machine").fill("Dear Anna,\n\nthank you for the picture.")
        sure = page.get_by_role("button", name="Refund 49.90 EUR and send")
        expect(sure).to_be_hidden()
        page.get_by_text("Refund 49.90 EUR to the way it was paid and send").click()
        sheet = page.locator(".confirm-sheet").first
        expect(sheet).to_contain_text("49.90 EUR goes back to the way that order LO-1 was paid.")
        expect(sheet).to_contain_text("The reply goes to anna@example.org.")
        sure.click()
        expect(page.get_by_text("Approved. It is being done now")).to_be_visible()
        expect(page.get_by_text("Approved by Olivia Owner.")).to_be_visible()
        page.get_by_role("link", name="Refunds").first.click()
        expect(page.get_by_role("row", name=re.compile("49.90 EUR.*being done.*Olivia Owner"))).to_be_visible()
        assert trouble == []
    promised = filler.rows("SELECT kind FROM ledger_entry WHERE tenant_id = :tenant AND amount_minor = 4990")
    assert promised == [("promised",)]


def test_ctrl_enter_and_a_form_sent_by_a_key_confirm_no_money(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, wanted: Held
) -> None:
    asked = "SELECT state FROM order_act WHERE tenant_id = :tenant AND order_number = 'LO-1' AND decision_id = :id"
    with opened(chromium, address, workspace) as (page, trouble):
        page.goto(f"{address}/conversations/{wanted.conversation}")
        reply = page.locator("textarea[data-reply]")
        reply.press("Control+Enter")
        expect(page.locator("#sure .send")).to_be_focused()
        assert filler.rows(asked, id=wanted.decision) == [("held",)]
        # A field of one line, as there may be one again: Enter in it presses the first button.
        reply.evaluate("box => box.form.append(Object.assign(document.createElement('input'), { id: 'one-line' }))")
        page.locator("#one-line").press("Enter")
        expect(page.get_by_text("Nothing was done yet.")).to_be_visible()
        # Its words can be seen before its scripts have run, which listen to the keys.
        page.wait_for_load_state()
        assert filler.rows(asked, id=wanted.decision) == [("held",)]
        reply.press("Control+Enter")
        expect(page.get_by_text("Approved. It is being done now")).to_be_visible()
        assert trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_refusal_is_prepared_changed_and_sent(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, wanted: Held, *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        page.goto(f"{address}/conversations/{wanted.conversation}")
        page.get_by_text("Refuse…").click()
        page.get_by_label("The rule that refuses it").select_option("window")
        page.get_by_role("button", name="Prepare the reply").first.click()
        reply = page.get_by_label("The reply to anna@example.org")
        expect(reply).to_have_value(re.compile("there are 30 days for it"))
        reply.fill("Dear Anna,\n\nit is too late.")
        page.get_by_role("button", name="Refuse and send to anna@example.org").click()
        expect(page.get_by_text("Refused. The reply is leaving now.")).to_be_visible()
        assert trouble == []
    [reply] = filler.rows("SELECT text FROM outbox WHERE tenant_id = :tenant AND state = 'pending'")
    assert reply.text == "Dear Anna,\n\nit is too late."


@pytest.mark.parametrize("scripts", [True, False])
def test_rules_are_changed_tried_and_saved(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, wanted: Held, *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        page.goto(f"{address}/refunds")
        page.get_by_role("link", name="Rules").click()
        page.get_by_label("Days for an order that is delivered").fill("3")
        page.get_by_label("Refund, while the order is shipped").check()
        page.get_by_role("button", name="Preview the effect").click()
        expect(page.get_by_text("would have ended otherwise")).to_be_visible()
        page.get_by_role("button", name="Save as version 1").click()
        expect(page.get_by_text("Saved as version 1.")).to_be_visible()
        page.get_by_role("link", name="Version 1").click()
        expect(page.get_by_role("row", name=re.compile("is delivered.*30.*3"))).to_be_visible()
        assert trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_every_page_about_money_renders_at_every_width_in_both_themes(
    chromium: Browser, address: str, workspace: Workspace, wanted: Held, *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        for path in (*MONEY, f"/conversations/{wanted.conversation}"):
            page.goto(address + path)
            expect(page.locator("h1")).to_be_visible()
            for width in (360, 768, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 800})
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)
                    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
                if scripts:
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, f"{path} scrolls sideways at {width} ({wide})"
        assert trouble == []


@pytest.mark.parametrize("width", [360, 1280])
def test_targets_about_money_are_large_enough_and_every_field_has_a_name(
    chromium: Browser, address: str, workspace: Workspace, wanted: Held, width: int
) -> None:
    with opened(chromium, address, workspace, viewport={"width": width, "height": 800}) as (page, _):
        for path in (*MONEY, f"/conversations/{wanted.conversation}"):
            page.goto(address + path)
            page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
            small = page.evaluate(
                '() => [...document.querySelectorAll(\'button:not([tabindex="-1"]), summary, nav a, .pills a, .back,'
                " th a, td a, .attempts a, .tick, .example-line a, main select,"
                " main input:not([type=hidden]):not([type=checkbox])')]"
                ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 24)"
                ".map(e => e.outerHTML.slice(0, 80))"
            )
            assert small == [], path
            nameless = page.evaluate(
                "() => [...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]"
                ".filter(e => ![...e.labels].some(l => l.textContent.trim())).map(e => e.outerHTML.slice(0, 80))"
            )
            assert nameless == [], path


@pytest.mark.parametrize("scripts", [True, False])
def test_a_held_mail_is_edited_and_sent(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held: Held, *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        page.get_by_role("link", name="Sending the lamp back").click()
        page.get_by_label("Draft, written by the machine").fill("Dear Anna,\n\nedited by a person.")
        page.get_by_role("button", name="Send to anna@example.org").click()
        expect(page.get_by_text("It is leaving now.")).to_be_visible()
        assert trouble == []
    [row] = filler.rows(
        "SELECT state, text FROM outbox WHERE decision_id = :id AND tenant_id = :tenant", id=held.decision
    )
    assert tuple(row) == ("pending", "Dear Anna,\n\nedited by a person.")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_supplier_is_asked_and_what_is_the_customers_is_warned_of(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held: Held, *, scripts: bool
) -> None:
    acme = Supplier("Acme Möbel GmbH", ("acme.example",), (), {Purpose.GENERAL: "desk@acme.example"})
    with filler.database.transaction(filler.tenant) as db:
        suppliers.save(db, filler.tenant, acme, actor="test")
    viewport = {"width": 360, "height": 800}
    with opened(chromium, address, workspace, java_script_enabled=scripts, viewport=viewport) as (page, trouble):
        page.goto(f"{address}/conversations/{held.conversation}")
        page.get_by_text("Ask the supplier").click()
        page.get_by_label("Purchase order").fill("D400000001")
        page.get_by_role("button", name="Write the words", exact=True).click()
        expect(page.get_by_label("Subject")).to_have_value("Purchase order D400000001")
        page.get_by_label("The words, in their language").fill("Anna Winter waits for it.")
        page.get_by_role("button", name="Write to desk@acme.example").click()
        expect(page.get_by_text("It names the customer Anna Winter.")).to_be_visible()
        expect(page.get_by_label("The words, in their language")).to_have_value("Anna Winter waits for it.")
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        page.get_by_label("The words, in their language").fill("The customer waits for it.")
        page.get_by_role("button", name="Write to desk@acme.example").click()
        expect(page.get_by_text("It is leaving for desk@acme.example now.")).to_be_visible()
        expect(page.get_by_text("waiting to leave")).to_be_visible()
        page.get_by_role("button", name="No answer needed").click()
        expect(page.get_by_text("Noted: no answer is needed.")).to_be_visible()
        assert trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_every_page_renders_at_every_width_in_both_themes(
    chromium: Browser, address: str, workspace: Workspace, held: Held, stocked: tuple[str, ...], *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        conversation = f"/conversations/{held.conversation}"
        for path in (
            "/",
            "/conversations",
            conversation,
            "/mailboxes/",
            "/numbers/",
            "/learning",
            "/drafts",
            "/completeness",
            "/try",
            *stocked,
        ):
            page.goto(address + path)
            expect(page.locator("h1")).to_be_visible()
            for width in (360, 768, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 800})
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)
                    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
                if scripts:
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, f"{path} scrolls sideways at {width} ({wide})"
        assert trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_an_article_is_written_previewed_and_saved(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held: Held, *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        page.get_by_role("link", name="Knowledge").first.click()
        page.get_by_role("link", name="Write an article").click()
        page.get_by_label("Title").fill("Care of a lamp")
        page.get_by_label("Text", exact=True).fill("Wipe it with a **dry** cloth.")
        page.get_by_label("Members alone").check()
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("region", name="Preview").locator("strong")).to_have_text("dry")
        page.get_by_role("button", name="Save the article").click()
        expect(page.get_by_text("Saved. It is for members alone")).to_be_visible()
        assert trouble == []
    [row] = filler.rows(
        "SELECT visibility FROM document WHERE tenant_id = :tenant AND path = 'care-of-a-lamp.md' AND is_current"
    )
    assert row.visibility == "internal"


def test_an_act_needs_confirmation_without_a_script_too(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held: Held
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=False) as (page, _):
        page.goto(f"{address}/mailboxes/")
        sure = page.get_by_role("button", name="Disconnect support@lumen.example", exact=True)
        expect(sure).to_be_hidden()
        page.get_by_text("Disconnect…").click()
        sure.click()
        expect(page.get_by_text("Disconnected. The tokens are erased here")).to_be_visible()


def test_the_formatted_mail_runs_nothing_and_loads_nothing(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler
) -> None:
    asked: list[str] = []

    @Request.application
    def spy(request: Request) -> Response:
        asked.append(request.path)
        return Response("seen")

    with serving(spy) as outside, opened(chromium, address, workspace) as (page, trouble):
        page.goto(f"{outside}/control")
        html = f'<p id="said">Hello</p><script>document.title = "ran"</script><img src="{outside}/pixel.gif">'
        html += f'<link rel="stylesheet" href="{outside}/style.css"><a id="away" href="{outside}/away">a link</a>'
        held = filler.held(filler.mailbox(), replace(MESSAGE, html=html))
        trouble.clear()
        page.goto(f"{address}/conversations/{held.conversation}")
        page.get_by_text("As its writer laid it out").first.click()
        frame = page.frame_locator("iframe")
        expect(frame.locator("#said")).to_have_text("Hello")
        inside = page.frames[1]
        assert inside.title() == "Mail"
        with page.expect_console_message(lambda message: "frame-src" in message.text):
            frame.locator("#away").click()
    assert "/control" in asked
    assert not {"/pixel.gif", "/style.css", "/away"}.intersection(asked)


def test_keys_walk_the_rows_and_focus_is_seen(
    chromium: Browser, address: str, workspace: Workspace, held: Held
) -> None:
    with opened(chromium, address, workspace) as (page, _):
        page.keyboard.press("j")
        expect(page.get_by_role("link", name="Sending the lamp back")).to_be_focused()
        page.keyboard.press("j")
        expect(page.get_by_role("link", name="The other one")).to_be_focused()
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/conversations/{held.conversation}?mail={held.decision}")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("e")
        page.keyboard.type("j?u")
        expect(page.get_by_label("Draft, written by the machine")).to_have_value(re.compile("j\\?u"))
        page.goto(f"{address}/mailboxes/")
        for _ in range(30):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth,"
                " document.activeElement.outerHTML.slice(0, 80)] }"
            )
            if seen[2].startswith("<body"):
                break
            assert seen[0] == "solid", seen
            assert float(seen[1].removesuffix("px")) >= 2, seen


def test_the_words_of_the_bottom_bar_stand_apart_on_a_small_telephone(
    chromium: Browser, address: str, workspace: Workspace, held: Held
) -> None:
    with opened(chromium, address, workspace, viewport={"width": 360, "height": 780}) as (page, _):
        for path in ("/", "/conversations", "/knowledge", "/numbers/", "/orders", "/refunds", "/settings", "/sending"):
            page.goto(address + path)
            words = page.locator(".rail li:visible .rail-word").all()
            boxes = [one.bounding_box() for one in words]
            for word, box in zip(words, boxes, strict=True):
                assert box["width"] > 5 * len(word.inner_text()), f"{word.inner_text()} is not to be read"
            assert boxes[0]["x"] >= 4
            assert boxes[-1]["x"] + boxes[-1]["width"] <= 356
            for left, right in pairwise(boxes):
                assert left["x"] + left["width"] + 4 <= right["x"], path


def test_neither_the_name_nor_the_state_of_the_switch_is_cut_on_a_small_telephone(
    chromium: Browser, address: str, workspace: Workspace, held: Held
) -> None:
    with opened(chromium, address, workspace, viewport={"width": 360, "height": 780}) as (page, _):
        for button, state in (("Pause", "on"), ("Switch on", "paused")):
            switch = page.get_by_role("form", name="Answering by itself")
            expect(switch).to_contain_text(f"Answering by itself: {state}")
            cut = page.evaluate("(name => name.scrollWidth > name.clientWidth)(document.querySelector('.top p'))")
            assert not cut
            page.get_by_text(": account, theme, sign out").locator("..").click()
            menu = page.get_by_role("button", name="Sign out")
            expect(menu).to_be_in_viewport(ratio=1)
            page.keyboard.press("Escape")
            switch.get_by_role("button", name=button).click()


def test_targets_are_large_enough(
    chromium: Browser, address: str, workspace: Workspace, held: Held, stocked: tuple[str, ...]
) -> None:
    with opened(chromium, address, workspace) as (page, _):
        for path in ("/", f"/conversations/{held.conversation}", "/mailboxes/", "/numbers/", "/completeness", *stocked):
            page.goto(address + path)
            small = page.evaluate(
                "() => [...document.querySelectorAll('button, summary, nav a, .pills a, .back, .rows h2 a, th a')]"
                ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 24)"
                ".map(e => e.outerHTML.slice(0, 80))"
            )
            assert small == []


def test_the_page_follows_what_happens_and_keeps_what_was_typed(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held: Held
) -> None:
    with opened(chromium, address, workspace) as (page, trouble):
        page.clock.install()
        page.goto(f"{address}/conversations/{held.conversation}")
        reply = page.get_by_label("Draft, written by the machine")
        reply.fill("half a sent")
        filler.rows(
            "UPDATE decision SET settled_at = now(), settled_by = :member, settlement = 'dismissed'"
            " WHERE tenant_id = :tenant AND id = :id RETURNING 1",
            member=filler.member, id=held.decision,
        )  # fmt: skip
        page.clock.run_for(6000)
        expect(page.locator(".answer").get_by_text("by Olivia Owner")).to_be_visible()
        expect(reply).to_have_value("half a sent")
        expect(reply).to_be_focused()
        expect(page.locator("#said-live")).to_have_text("This mail is settled: dismissed.")
        assert trouble == []


def test_rows_that_arrive_do_not_take_the_focus_away(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held: Held
) -> None:
    with opened(chromium, address, workspace) as (page, trouble):
        page.clock.install()
        page.goto(f"{address}/")
        page.keyboard.press("j")
        [mailbox] = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")
        filler.held(mailbox.id, replace(MESSAGE, subject="Just came in"))
        page.clock.run_for(6000)
        expect(page.get_by_role("link", name="Just came in")).to_be_visible()
        expect(page.get_by_role("link", name="Sending the lamp back")).to_be_focused()
        expect(page).to_have_title("Queue (3) · Lumen")
        expect(page.locator("#said-live")).to_have_text("3 mails wait for you")
        assert trouble == []


def test_a_session_that_ended_says_so_and_keeps_what_was_typed(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held: Held
) -> None:
    with opened(chromium, address, workspace) as (page, _):
        page.clock.install()
        page.goto(f"{address}/conversations/{held.conversation}")
        page.get_by_label("Draft, written by the machine").fill("half a sent")
        filler.rows("UPDATE web_session SET revoked_at = now() WHERE tenant_id = :tenant RETURNING 1")
        page.clock.run_for(6000)
        ended = "then reload this page. A reply is kept in this browser; copy what else you typed."
        expect(page.get_by_text("Your session has ended: sign in again in another tab")).to_contain_text(ended)
        expect(page.get_by_label("Draft, written by the machine")).to_have_value("half a sent")
        kept = "Object.values(localStorage).map(one => JSON.parse(one).text)"
        assert page.evaluate(kept) == ["half a sent"]


def _colours(side: int) -> dict[str, str]:
    """The tokens of one theme: 0 light, 1 dark."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS.read_text(encoding="utf-8"))
    return {name: both[side] for name, *both in pairs}


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    dark, light = sorted((_light(one), _light(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
def test_texts_and_edges_have_enough_contrast(side: int) -> None:
    colour = _colours(side)
    texts = [(text, ground) for text in ("ink", "grey", "accent") for ground in ("paper", "desk", "accent-soft")]
    texts += [(state, f"{state}-soft") for state in ("good", "warn", "bad")] + [("grey", "quiet-soft")]
    texts += [("ink", f"{state}-soft") for state in ("good", "warn", "bad")] + [("accent-ink", "accent")]
    for text, ground in texts:
        assert _contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
    for edge in ("edge", "accent"):
        assert _contrast(colour[edge], colour["paper"]) >= 3, edge
