"""Phases in a real Chromium: changed, confirmed, and a suggestion taken, without a script too; and the page's size."""

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Workspace
from tests.web.filling import Filler
from tests.web.test_browser import address, chromium, opened
from tests.web.test_phases import would

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

__all__ = ["address", "chromium"]  # fixtures


@pytest.mark.parametrize("scripts", [True, False])
def test_a_kind_of_mail_goes_into_shadow_and_back_and_a_suggestion_is_taken(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, *, scripts: bool
) -> None:
    held = would(filler, filler.mailbox())
    with opened(chromium, address, workspace, java_script_enabled=scripts) as (page, trouble):
        page.get_by_role("link", name="Answering by itself").click()
        questions = page.get_by_role("region", name="Questions")
        questions.get_by_label("In shadow").check()
        questions.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Questions: in shadow from now on.")).to_be_visible()
        if scripts:
            for width in (360, 768, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                small = page.evaluate(
                    "() => [...document.querySelectorAll('.top a, main button, main summary, main select')]"
                    ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"
                )
                assert small == []
        page.goto(f"{address}/conversations/{held.conversation}")
        expect(page.locator("textarea[name=text]")).to_have_value("")
        page.get_by_role("button", name="Take it as my reply").click()
        expect(page.get_by_label("Draft, written by the machine")).to_have_value("Dear Anna,\n\nWithin 30 days.")
        page.goto(f"{address}/phases")
        questions.get_by_label("Automatic").check()
        questions.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Let it answer questions by itself").click()
        expect(page.get_by_text("Questions: automatic from now on.")).to_be_visible()
        assert trouble == []
