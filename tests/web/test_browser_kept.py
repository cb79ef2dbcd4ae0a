"""Two people in two browsers at one conversation: who is there, whose text stands, and that nothing typed is lost."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from storage import members
from tests.conftest import Workspace
from tests.support.waiting import until
from tests.web.filling import Filler, Held
from tests.web.test_browser import address, chromium, opened

pytestmark = [
    pytest.mark.browser,
    # Playwright's own event loop leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

__all__ = ["address", "chromium"]  # fixtures

KEPT = "Kept a moment ago"
HERE = "What you typed before your session ended"


@pytest.fixture
def held(filler: Filler) -> Held:
    return filler.held(filler.mailbox())


@pytest.fixture
def berta(filler: Filler, workspace: Workspace, password_hash: str) -> Workspace:
    values = {"email": "berta@lumen.example", "name": "Berta", "password_hash": password_hash, "role": "agent"}
    with filler.database.transaction(filler.tenant) as db:
        members.add(db, filler.tenant, **values)
    return replace(workspace, email=values["email"])


@pytest.fixture
def two(chromium: Browser, address: str, workspace: Workspace, berta: Workspace) -> Iterator[tuple[Page, Page]]:
    """Olivia and Berta, each signed in, in a browser of their own; neither may complain."""
    with ExitStack() as both:
        pages = []
        for one in (workspace, berta):
            page, trouble = both.enter_context(opened(chromium, address, one))
            page.clock.install()
            pages.append((page, trouble))
        yield tuple(page for page, _ in pages)
        assert [line for _, trouble in pages for line in trouble] == []


def reply(page: Page):
    return page.locator("textarea[data-reply]")


@pytest.mark.usefixtures("here_for_long")
def test_two_at_one_reply_see_each_other_and_neither_overwrites_the_other(
    two: tuple[Page, Page],
    address: str,
    held: Held,
    filler: Filler,
) -> None:
    olivia, berta = two
    for page in two:
        page.goto(f"{address}/conversations/{held.conversation}")
    olivia.clock.run_for(6000)
    expect(olivia.locator(".present")).to_contain_text("Berta is looking at this, too")
    reply(berta).fill("Berta's answer.")
    berta.clock.run_for(2500)
    expect(berta.get_by_text(KEPT)).to_be_visible()
    olivia.clock.run_for(6000)
    expect(olivia.locator(".present")).to_contain_text("Berta is writing here")
    expect(olivia.get_by_text("Kept by Berta")).to_be_visible()
    expect(olivia.locator("#said-live")).to_have_text("Berta kept a text for this reply")
    reply(olivia).fill("Olivia's answer.")
    olivia.clock.run_for(2500)
    expect(olivia.get_by_text("Berta kept another text meanwhile. Yours is in this browser alone")).to_be_visible()
    # Nothing of hers is kept with us any more: that she writes is told all the same.
    gone = "DELETE FROM presence WHERE tenant_id = :tenant AND member_id = :member RETURNING 1"
    there = "SELECT wrote_at IS NOT NULL AS writes FROM presence WHERE tenant_id = :tenant AND member_id = :member"
    assert filler.rows(gone, member=filler.member)
    reply(olivia).fill("Olivia's answer.")
    olivia.clock.run_for(6000)
    until(lambda: filler.rows(there, member=filler.member) == [(True,)])
    olivia.get_by_role("button", name="Send to").click()
    expect(olivia.get_by_text("Nothing was sent. Berta kept another text meanwhile.")).to_be_visible()
    expect(reply(olivia)).to_have_value("Olivia's answer.")
    expect(olivia.get_by_label("Two texts for this reply")).to_contain_text("Berta's answer.")
    # Such a page is not kept up to date: Berta is told that somebody is there all the same.
    assert filler.rows(gone, member=filler.member)
    olivia.clock.run_for(6000)
    until(lambda: filler.rows(there, member=filler.member))
    # Closed without a choice: both are there still.
    olivia.goto(f"{address}/conversations/{held.conversation}")
    expect(reply(olivia)).to_have_value("Berta's answer.")
    olivia.get_by_role("button", name="Put it back").click()
    expect(reply(olivia)).to_have_value("Olivia's answer.")
    olivia.get_by_role("button", name="Send to").click()
    olivia.get_by_role("button", name="Send mine all the same").click()
    expect(olivia.get_by_text("It is leaving now.")).to_be_visible()
    expect(olivia.locator("[data-left-over]")).to_be_hidden()
    until(lambda: olivia.evaluate("localStorage.length") == 0)
    reply(berta).fill("Berta's answer, longer.")
    berta.get_by_role("button", name="Send to").click()
    expect(berta.get_by_text("Olivia Owner answered this mail")).to_be_visible()
    expect(berta.get_by_label("Your words, which were not sent")).to_have_value("Berta's answer, longer.")
    berta.goto(f"{address}/conversations/{held.conversation}")
    expect(berta.get_by_label("What you typed and what was not sent")).to_contain_text("Berta's answer, longer.")
    assert [row.text for row in filler.rows("SELECT text FROM outbox WHERE tenant_id = :tenant")] == [
        "Olivia's answer."
    ]


def test_a_closed_tab_loses_nothing(two: tuple[Page, Page], address: str, held: Held, filler: Filler) -> None:
    olivia, _ = two
    here = f"{address}/conversations/{held.conversation}"
    olivia.goto(here)
    reply(olivia).fill("Half a reply.")
    olivia.clock.run_for(2500)
    expect(olivia.get_by_text(KEPT)).to_be_visible()
    reply(olivia).fill("Half a reply, and more.")
    olivia.close()
    again = olivia.context.new_page()
    again.goto(here)
    assert filler.rows("SELECT count(*) FROM kept_reply WHERE tenant_id = :tenant") == [(1,)]
    if again.get_by_role("button", name="Put it back").is_visible():
        again.get_by_role("button", name="Put it back").click()
    expect(reply(again)).to_have_value("Half a reply, and more.")


def test_what_was_laid_down_in_gmail_is_not_shown_as_left_over(
    two: tuple[Page, Page], address: str, held: Held, filler: Filler
) -> None:
    olivia, _ = two
    olivia.goto(f"{address}/conversations/{held.conversation}")
    reply(olivia).fill("I finish it in Gmail.")
    olivia.get_by_role("button", name="Save as Gmail draft").click()
    expect(olivia.get_by_text("It is being laid down in Gmail as a draft.").first).to_be_visible()
    expect(olivia.locator("[data-left-over]")).to_be_hidden()
    until(lambda: olivia.evaluate("localStorage.length") == 0)


def test_a_session_that_ended_loses_nothing_after_signing_in_again(
    two: tuple[Page, Page],
    address: str,
    held: Held,
    workspace: Workspace,
    filler: Filler,
) -> None:
    olivia, _ = two
    here = f"{address}/conversations/{held.conversation}"
    olivia.goto(here)
    olivia.context.clear_cookies(name="mailwright")
    reply(olivia).fill("Typed without a session.")
    olivia.clock.run_for(2500)
    expect(olivia.get_by_text("What you typed is kept in this browser.")).to_be_visible()
    olivia.get_by_role("button", name="Send to").click()
    olivia.get_by_label("E-mail address").fill(workspace.email)
    olivia.get_by_label("Password").fill(workspace.password)
    olivia.get_by_role("button", name="Sign in", exact=True).click()
    olivia.wait_for_url(f"{address}/")
    olivia.goto(here)
    expect(olivia.get_by_text(HERE)).to_be_visible()
    assert "30 days" in reply(olivia).input_value()
    olivia.get_by_role("button", name="Put it back").click()
    olivia.clock.run_for(2500)
    expect(olivia.get_by_text(KEPT)).to_be_visible()
    assert filler.rows("SELECT text FROM kept_reply WHERE tenant_id = :tenant") == [("Typed without a session.",)]
    until(lambda: olivia.evaluate("localStorage.length") == 0)
