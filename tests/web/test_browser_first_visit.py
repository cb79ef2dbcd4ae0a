"""The first visit in a real Chromium: signing up, the made-up shop, and the queue that fills while one watches."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.pipeline import TestServices
from tests.web.test_browser import address, chromium
from tests.web.test_sign_up import FORM
from worker import process

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

__all__ = ["address", "chromium"]  # fixtures


@pytest.fixture
def services(settings):
    made = TestServices(settings)
    yield made
    made.close()


def test_the_queue_fills_while_one_watches(chromium: Browser, address: str, services, owner) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 800})
    try:
        page.clock.install()
        page.goto(f"{address}/sign-up")
        for label, value in (
            ("Name of the workspace", FORM["shop"]),
            ("Your name", FORM["name"]),
            ("E-mail address", FORM["email"]),
            ("Password", FORM["password"]),
        ):
            page.get_by_label(label).fill(value)
        page.locator("form button").first.click()
        page.get_by_role("button", name="Fill it with demonstration data").click()
        expect(page.get_by_text("This is demonstration data.")).to_be_visible()
        rows = page.locator("[data-row]")
        before = rows.count()
        [tenant] = owner.exec_driver_sql("SELECT tenant_id FROM demonstration").scalars()
        with services.database.transaction(tenant) as db:
            db.exec_driver_sql("UPDATE message SET next_at = now()")
        assert process.work(services, tenant) > 20
        page.clock.run_for(6000)
        expect(rows.nth(before + 5)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    finally:
        page.close()
