"""The queue in a real Chromium: ticks that stay, keys, the list of shortcuts, and rows that come by themselves."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Workspace
from tests.web.filling import MESSAGE, Filler
from tests.web.test_browser import address, chromium, held, opened

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

__all__ = ["address", "chromium", "held"]  # fixtures


@pytest.fixture
def many(filler: Filler) -> None:
    mailbox = filler.mailbox()
    for number in range(52):
        filler.held(mailbox, replace(MESSAGE, subject=f"Subject {number:02}.", rfc_message_id=f"<{number}@x>"))


def test_ticks_stay_from_page_to_page_and_all_of_them_are_acted_on(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, many: None
) -> None:
    with opened(chromium, address, workspace) as (page, trouble):
        page.get_by_role("checkbox", name="Tick Subject 03.").check()
        expect(page.get_by_text("1 mail is ticked")).to_be_visible()
        page.get_by_role("link", name="Next page").click()
        expect(page.get_by_role("checkbox", name="Tick Subject 51.")).to_be_visible()
        # The box can be seen before the scripts have run that keep its tick.
        page.wait_for_load_state()
        page.get_by_role("checkbox", name="Tick Subject 51.").check()
        expect(page.get_by_text("2 mails are ticked")).to_be_visible()
        page.get_by_role("link", name="First page").click()
        expect(page.get_by_role("checkbox", name="Tick Subject 03.")).to_be_checked()
        page.get_by_role("button", name="Give them to that person").click()
        expect(page.get_by_text("Given to Olivia Owner: 2 mails.")).to_be_visible()
        expect(page.get_by_text("Do the same with several mails")).to_be_visible()
        assert trouble == []
    rows = filler.rows("SELECT subject FROM conversation WHERE tenant_id = :tenant AND assignee_id IS NOT NULL")
    assert {row.subject for row in rows} == {"Subject 03.", "Subject 51."}


def test_an_act_that_was_thought_better_of_keeps_its_ticks(
    chromium: Browser, address: str, workspace: Workspace, held
) -> None:
    with opened(chromium, address, workspace) as (page, trouble):
        page.get_by_role("checkbox", name="Tick Sending the lamp back").check()
        page.get_by_role("button", name="Dismiss…").click()
        expect(page.get_by_role("heading", name="Dismiss 1 mail?")).to_be_visible()
        page.get_by_role("link", name="Back, change nothing").click()
        expect(page.get_by_role("checkbox", name="Tick Sending the lamp back")).to_be_checked()
        page.get_by_role("button", name="Dismiss…").click()
        page.get_by_role("button", name="Dismiss 1 mail").click()
        expect(page.get_by_text("Dismissed: 1 mail.")).to_be_visible()
        expect(page.get_by_text("Do the same with several mails")).to_be_visible()
        assert trouble == []


def test_rows_that_arrive_keep_ticks_and_focus(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held
) -> None:
    with opened(chromium, address, workspace) as (page, trouble):
        page.clock.install()
        page.goto(f"{address}/")
        box = page.get_by_role("checkbox", name="Tick Sending the lamp back")
        box.check()
        [mailbox] = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")
        filler.held(mailbox.id, replace(MESSAGE, subject="Just came in"))
        page.clock.run_for(6000)
        expect(page.get_by_role("link", name="Just came in")).to_be_visible()
        expect(box).to_be_checked()
        expect(box).to_be_focused()
        assert trouble == []


def test_the_list_of_shortcuts_holds_the_focus_and_gives_it_back(
    chromium: Browser, address: str, workspace: Workspace, held
) -> None:
    with opened(chromium, address, workspace) as (page, _):
        page.keyboard.press("j")
        row = page.get_by_role("link", name="Sending the lamp back")
        expect(row).to_be_focused()
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Shortcuts")
        expect(dialog).to_be_visible()
        for _ in range(4):
            page.keyboard.press("Tab")
            inside = "() => !document.querySelector('.frame').contains(document.activeElement)"
            assert page.evaluate(inside)
        page.keyboard.press("j")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(row).to_be_focused()
        page.keyboard.press("/")
        expect(page.locator("main").get_by_role("searchbox")).to_be_focused()
        page.keyboard.type("lamp")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"[?&]q=lamp"))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_filter_is_chosen_and_kept_as_a_view(
    chromium: Browser, address: str, workspace: Workspace, held, *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        page.get_by_text("More filters, and save this view").click()
        page.get_by_label("Why it waits").select_option("person")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(re.compile("kind=person"))
        page.get_by_label("Keep this filter as a view called").fill("They ask for a person")
        page.get_by_role("button", name="Save the view").click()
        page.get_by_role("link", name="Queue", exact=False).first.click()
        page.get_by_role("link", name="They ask for a person").click()
        page.wait_for_url(re.compile("kind=person"))
        assert trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_the_queues_pages_fit_every_width_and_their_targets_are_large_enough(
    chromium: Browser, address: str, workspace: Workspace, held, *, scripts: bool
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        for path in ("/?kind=person", "/?state=snoozed", "/?state=done", "/?q=nothing"):
            page.goto(address + path)
            expect(page.locator("h1")).to_be_visible()
            if not scripts:
                continue
            page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
            for width in (360, 768, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{path} scrolls sideways at {width} ({wide})"
                small = page.evaluate(
                    "() => [...document.querySelectorAll('main button, main summary, .pills a, main select,"
                    " main input:not([type=hidden])')].filter(e => e.offsetParent && !e.closest('.choice-line')"
                    " && e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 80))"
                )
                assert small == [], path
            nameless = page.evaluate(
                "() => [...document.querySelectorAll('main input:not([type=hidden]), main select')]"
                ".filter(e => !e.hasAttribute('aria-labelledby') && ![...e.labels].some(l => l.textContent.trim()))"
                ".map(e => e.outerHTML.slice(0, 80))"
            )
            assert nameless == [], path
        assert trouble == []
