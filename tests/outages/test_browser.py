"""What a page that is open tells while Postgres is away, in a real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.outages import away
from tests.web.test_browser import chromium, opened, serving

__all__ = ["chromium"]  # a fixture

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
OLD = "The desk cannot be reached at the moment: what you see may be old. Nothing is lost"


def test_an_open_page_says_that_it_may_be_old_and_goes_on_by_itself(app, chromium, ground, shop, letters, workspace):
    shop.settle()
    with serving(app) as address, opened(chromium, address, workspace) as (page, trouble):
        page.clock.install()
        page.reload()
        said = page.locator("#said-live")
        with away(ground.postgres):
            page.clock.run_for(6000)
            expect(said).to_contain_text(OLD)
            expect(said).to_have_class(re.compile("note-warn"))
        letters.write("held")
        shop.sync_and_settle()
        page.clock.run_for(6000)
        expect(page.get_by_text("Mail 0").first).to_be_visible()
        expect(said).to_have_class("visually-hidden")
        assert all("503" in one for one in trouble)
