"""Undoing a reply in a real Chromium: the seconds run down, the button takes it back, with and without a script."""

import pytest
from playwright.sync_api import Browser, expect

from storage import undo
from tests.conftest import Workspace
from tests.web.filling import Filler
from tests.web.test_browser import address, chromium, held, opened

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

__all__ = ["address", "chromium", "held"]  # fixtures


@pytest.fixture(autouse=True)
def a_minute(filler: Filler) -> None:
    with filler.database.transaction(filler.tenant) as db:
        undo.set_seconds(db, filler.tenant, 60)


def test_the_seconds_run_down_and_undo_brings_the_words_back(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held
) -> None:
    with opened(chromium, address, workspace) as (page, trouble):
        page.clock.install()
        page.goto(f"{address}/conversations/{held.conversation}")
        page.locator("[data-reply]").fill("My own words.")
        page.get_by_role("button", name="Send to").click()
        told = page.locator("[data-leaving]").first
        before = int(told.inner_text().split()[2])
        page.clock.run_for(3000)
        expect(told).not_to_have_text(f"Leaves in {before} seconds")
        assert 0 < int(told.inner_text().split()[2]) < before
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("Taken back. Nothing was sent")).to_be_visible()
        expect(page.locator("[data-reply]")).to_have_value("My own words.")
        assert trouble == []
    assert filler.rows("SELECT 1 FROM outbox WHERE state = 'pending'") == []


def test_it_is_undone_without_a_script(
    chromium: Browser, address: str, workspace: Workspace, filler: Filler, held
) -> None:
    with opened(chromium, address, workspace, java_script_enabled=False) as (page, _):
        page.goto(f"{address}/conversations/{held.conversation}")
        page.get_by_role("button", name="Send to").click()
        expect(page.get_by_text("Leaves in").first).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("Taken back. Nothing was sent")).to_be_visible()
    assert filler.rows("SELECT 1 FROM outbox WHERE state = 'pending'") == []
