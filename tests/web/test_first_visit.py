"""The first visit: two ways to begin, the demonstration data that fills the queue, and taking it away again."""

from uuid import UUID

import pytest

from storage import demonstration
from tests.support.pipeline import TestServices
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler
from tests.web.test_sign_up import FORM
from worker import process


@pytest.fixture
def services(settings):
    made = TestServices(settings)
    yield made
    made.close()


def read_all(services, tenant) -> None:
    with services.database.transaction(tenant) as db:
        db.exec_driver_sql("UPDATE message SET next_at = now()")
    while process.work(services, tenant):
        pass


def test_an_empty_workspace_offers_both_ways_to_who_may(browser: Browser, join) -> None:
    html = browser.page("/")
    page = seen(html)
    for words in ("Connect Gmail", "We never delete mail", "Fill it with demonstration data"):
        assert words in page
    assert html.count("<button") > join("agent").page("/").count("<button")
    assert "An owner or admin of this workspace can do that." in join("viewer").page("/")
    assert "Answered by itself" not in page


def test_a_workspace_with_a_mailbox_offers_nothing_made_up(browser: Browser, filler: Filler) -> None:
    filler.mailbox()
    page = browser.page("/")
    assert "demonstration data" not in page
    assert "Nothing waits for you" in page
    answer = browser.press("/demonstration/fill")
    assert "Nothing was changed" in answer
    assert filler.rows("SELECT 1 FROM message WHERE tenant_id = :tenant") == []


def test_signing_up_leads_to_the_queue_and_the_queue_fills(stranger: Browser, services, app) -> None:
    assert stranger.post("/sign-up", FORM).headers["Location"] == "/"
    page = stranger.press("/demonstration/fill")
    assert "A made-up shop with its mail is here." in page
    assert "This is demonstration data. Nothing of it can leave." in page
    assert "It cannot be read as a mail" in page
    assert "Being read now 81" in seen(page)
    tenant = UUID(stranger.client.get_cookie("mailwright").value.partition(".")[0])
    read_all(services, tenant)
    page = seen(stranger.page("/"))
    assert "Emily Carter" in page
    assert "Being read now 0" in page
    for path in ("/conversations", "/customers", "/orders", "/refunds", "/suppliers", "/knowledge", "/mailboxes/"):
        assert stranger.get(path).status_code == 200
    for link in set(stranger.page("/").split('href="/conversations/')[1:][:3]):
        assert stranger.get("/conversations/" + link.split('"')[0]).status_code == 200


def test_gmail_is_not_connected_beside_made_up_data(browser: Browser, services, filler: Filler) -> None:
    browser.press("/demonstration/fill")
    page = browser.page("/mailboxes/")
    assert "nothing real may be mixed with it" in page
    assert "No mailbox is connected" in page
    assert "Disconnected before" not in page
    assert "remove it first" in browser.press("/mailboxes/connect")
    [mailbox] = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")
    assert "remove it first" in browser.press(f"/mailboxes/{mailbox.id}/reconnect")


def test_removing_leads_back_to_the_beginning(browser: Browser, services, filler: Filler, join) -> None:
    browser.press("/demonstration/fill")
    assert "Remove it" not in join("agent").page("/")
    read_all(services, filler.tenant)
    page = browser.press("/demonstration/remove")
    assert "The demonstration data is gone." in page
    assert "Fill it with demonstration data" in page
    assert "Nothing was changed" in browser.press("/demonstration/remove")
    with services.database.transaction(filler.tenant) as db:
        assert demonstration.is_empty(db, filler.tenant)
    assert "Removed the demonstration data" in browser.page("/record")
