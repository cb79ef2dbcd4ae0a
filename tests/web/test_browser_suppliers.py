"""The pages of suppliers and tickets in a real Chromium: at every width, in both themes, by keys, without a script."""

import re

import pytest
from playwright.sync_api import expect

from tests.web import test_browser
from tests.web.picture_suppliers import PAGES, fill_suppliers
from tests.web.test_browser import opened

pytestmark = test_browser.pytestmark
address, chromium = test_browser.address, test_browser.chromium

SMALL = (
    '() => [...document.querySelectorAll(\'button:not([tabindex="-1"]), summary, .pills a, .back, th a, td a,'
    " .example-line a, main select, main input:not([type=hidden]):not([type=checkbox]):not([type=radio])')]"
    ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 80))"
)
NAMELESS = (
    "() => [...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]"
    ".filter(e => ![...e.labels].some(l => l.textContent.trim())).map(e => e.outerHTML.slice(0, 80))"
)


def test_every_page_fits_every_width_and_every_target_is_large_enough(chromium, address, workspace, services, filler):
    fill_suppliers(services, filler)
    [first] = filler.rows("SELECT id FROM supplier WHERE name LIKE 'Brennfeld%'")
    with opened(chromium, address, workspace) as (page, trouble):
        for path in (*PAGES.values(), f"/suppliers/{first.id}"):
            page.goto(address + path)
            expect(page.locator("h1")).to_be_visible()
            page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
            for width in (360, 768, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{path} scrolls sideways at {width} ({wide})"
                assert page.evaluate(SMALL) == [], f"{path} at {width}"
            assert page.evaluate(NAMELESS) == [], path
        assert trouble == []


def test_without_a_script_steps_are_added_saved_and_an_alert_is_seen(chromium, address, workspace, services, filler):
    fill_suppliers(services, filler)
    with opened(chromium, address, workspace, java_script_enabled=False) as (page, trouble):
        page.goto(f"{address}/suppliers/reminders")
        page.get_by_role("button", name="Add a step").click()
        page.locator("#hours-3").fill("96")
        page.locator("#hours-3").press("Enter")
        expect(page.get_by_text("Saved. What is open already")).to_be_visible()
        page.locator(".tabs").get_by_role("link", name="Alerts").click()
        page.get_by_role("button", name=re.compile("^Seen")).first.click()
        expect(page.get_by_text("Seen by Olivia Owner").first).to_be_visible()
        page.locator(".tabs").get_by_role("link", name="Open requests").click()
        page.get_by_role("button", name="No answer needed").first.click()
        expect(page.get_by_text("Closed. Nobody is reminded of it any more.")).to_be_visible()
        assert trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawing_has_a_title_words_and_marks_that_differ_by_more_than_colour(
    chromium, address, workspace, services, filler, scheme
):
    fill_suppliers(services, filler)
    with opened(chromium, address, workspace, color_scheme=scheme) as (page, _):
        page.goto(f"{address}/suppliers/times")
        drawing = page.get_by_role("img", name="Response times and the share answered in time, by week")
        expect(drawing).to_be_visible()
        for mark in ("circle.mark-median", "rect.mark-ninetieth", "rect.curve-share"):
            assert drawing.locator(mark).count() > 3, mark
        # What is drawn lies within its own frame.
        assert drawing.evaluate("e => { const b = e.getBBox(); return b.x >= 0 && b.x + b.width <= 640 }")
