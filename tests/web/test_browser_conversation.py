"""A conversation in a real Chromium: its shortcuts, the citation that lights its quote up, pictures on request."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from adapters.mime.html import to_safe_html
from storage import notes, taking_over
from tests.web import test_browser
from tests.web.filling import MESSAGE, UNDERSTANDING
from tests.web.test_browser import opened
from tests.web.test_browser_suppliers import SMALL

pytestmark = test_browser.pytestmark
address, chromium = test_browser.address, test_browser.chromium

PICTURE = "https://pictures.example/lamp.png"
NOTHING = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"


def test_one_key_each_for_the_acts_on_a_conversation(chromium, address, workspace, filler):
    held = filler.held(filler.mailbox())
    with opened(chromium, address, workspace) as (page, trouble):
        page.goto(f"{address}/conversations/{held.conversation}")
        page.keyboard.press("a")
        expect(page.get_by_text("Olivia Owner has it.")).to_be_visible()
        # Its words can be seen before its scripts have run, which listen to the keys.
        page.wait_for_load_state()
        page.keyboard.press("s")
        expect(page.get_by_role("button", name="3 hours")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="3 hours")).to_be_hidden()
        page.keyboard.press("r")
        expect(page.get_by_label("This mail is about")).to_be_focused()
        page.goto(f"{address}/conversations/{held.conversation}")
        page.keyboard.press("t")
        expect(page.get_by_text("nothing leaves here by itself")).to_be_visible()
        page.wait_for_load_state()
        # Within a field they are letters.
        page.keyboard.press("e")
        page.keyboard.type("dats")
        expect(page.get_by_label("Draft, written by the machine")).to_have_value(re.compile("dats"))
        page.get_by_role("heading", name="Reply", exact=True).click()
        page.keyboard.press("d")
        expect(page.get_by_role("button", name="Dismiss")).to_be_focused()
        expect(page.get_by_role("button", name="Close")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Dismissed; nothing is sent.", exact=True)).to_be_visible()
        page.wait_for_load_state()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Shortcuts").get_by_text("go to Dismiss")).to_be_visible()
        assert trouble == []


def test_a_citation_lights_its_quote_up_while_it_is_pointed_at_or_focused(chromium, address, workspace, filler):
    held = filler.held(filler.mailbox())
    with opened(chromium, address, workspace) as (page, trouble):
        page.goto(f"{address}/conversations/{held.conversation}")
        number, quote = page.locator("[data-cites]"), page.locator("#cited-1")
        lit = re.compile("is-cited")
        expect(quote).not_to_have_class(lit)
        number.hover()
        expect(quote).to_have_class(lit)
        page.mouse.move(0, 0)
        expect(quote).not_to_have_class(lit)
        draft = page.get_by_label("Draft, written by the machine")
        draft.focus()
        draft.evaluate("field => field.setSelectionRange(0, 0)")
        expect(quote).not_to_have_class(lit)
        draft.evaluate("field => { const at = field.value.indexOf('return it'); field.setSelectionRange(at, at); }")
        expect(quote).to_have_class(lit)
        number.focus()
        expect(quote).to_have_class(lit)
        page.keyboard.press("Enter")
        page.wait_for_url("**#cited-1")
        expect(quote).to_be_in_viewport()
        assert trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_no_picture_is_asked_for_before_somebody_wants_to_see_them(chromium, address, workspace, filler, scripts):
    html = to_safe_html(f'<p id="said">A lamp:</p><img src="{PICTURE}" alt="A lamp">')
    held = filler.held(filler.mailbox(), replace(MESSAGE, html=html))
    asked: list[tuple[str, dict[str, str]]] = []
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, _):

        def answer(route) -> None:
            asked.append((route.request.url, route.request.headers))
            route.fulfill(body=NOTHING, content_type="image/svg+xml")

        page.context.route(re.compile(r"^https://pictures\.example/"), answer)
        page.goto(f"{address}/conversations/{held.conversation}")
        page.get_by_text("As its writer laid it out").first.click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_text("A lamp:")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert asked == []
        page.get_by_role("link", name="Show its pictures").click()
        expect(frame.locator("img")).to_have_attribute("src", PICTURE)
        page.wait_for_load_state("networkidle")
        assert [url for url, _ in asked] == [PICTURE]
        assert "referer" not in asked[0][1]
        # The page itself stayed, with whatever was typed on it.
        assert page.url.endswith(f"/conversations/{held.conversation}")


def test_the_bar_and_a_note_fit_where_names_are_long_and_rooms_are_small(chromium, address, workspace, filler):
    look = replace(UNDERSTANDING, text="y" * 400, key_issues=("z" * 300,))
    held = filler.held(filler.mailbox(), understanding=look)
    filler.rows("UPDATE member SET name = :name WHERE tenant_id = :tenant RETURNING 1", name="Wilhelmina" * 8)
    with filler.database.transaction(filler.tenant) as db:
        taking_over.take_over(db, filler.tenant, held.conversation, member=filler.member)
        notes.write(db, filler.tenant, held.conversation, member=filler.member, words="x" * 300)
    with opened(chromium, address, workspace) as (page, trouble):
        page.goto(f"{address}/conversations/{held.conversation}")
        for fold in page.locator(".why details summary, #snooze summary").all():
            fold.click()
        for width in (360, 768, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
            assert page.evaluate(SMALL) == [], width
        assert trouble == []
