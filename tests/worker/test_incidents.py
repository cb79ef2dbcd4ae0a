"""The status page of a workspace: read in time, with backoff, and what a mail then gets of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.status_page import StatusPage, serve
from storage import incidents
from storage.due import Kind, kinds_due

SAYS = "question: I cannot pay, card payments fail with an error. What is wrong?"


@pytest.fixture(scope="module")
def server() -> Iterator[StatusPage]:
    page = StatusPage()
    with serve(page):
        yield page


@pytest.fixture
def page(server, shop) -> StatusPage:
    server.reset()
    shop.services.settings = replace(shop.services.settings, status_page_private=True)
    watch(shop, server.base_url)
    return server


def watch(shop, url):
    with shop.services.database.transaction(shop.tenant) as db:
        incidents.watch(db, shop.tenant, url)


def names(shop) -> list[str]:
    with shop.services.database.transaction(shop.tenant) as db:
        return [one.name for one in incidents.open_now(db, shop.tenant)]


def due(shop) -> bool:
    with shop.services.listener_database.without_tenant() as db:
        return Kind.INCIDENTS in kinds_due(db)


def read_again(shop) -> None:
    shop.change("UPDATE status_page SET next_at = now(), lease_until = NULL")
    assert shop.run(Kind.INCIDENTS) == 1


def waits(shop, since: datetime | None = None) -> timedelta:
    """How long, from now or from `since` on, until the page is read again."""
    return shop.one("SELECT next_at - coalesce(%s::timestamptz, now()) FROM status_page", since)


def test_a_workspace_without_a_status_page_has_nothing_to_read(shop):
    assert not due(shop)
    assert shop.run(Kind.INCIDENTS) == 0


def test_a_page_is_read_at_once_and_then_every_minute(shop, page):
    page.open("Card payments fail")
    assert due(shop)
    before = shop.one("SELECT now()")
    assert shop.run(Kind.INCIDENTS) == 1
    assert names(shop) == ["Card payments fail"]
    assert not due(shop)
    assert timedelta(seconds=50) < waits(shop, before)
    assert waits(shop) <= timedelta(minutes=1)
    assert shop.run(Kind.INCIDENTS) == 0


def test_what_the_page_names_no_more_is_resolved_and_may_open_again(shop, page):
    page.open("One")
    key = page.open("Two")
    read_again(shop)
    page.resolve(key)
    read_again(shop)
    assert names(shop) == ["One"]
    assert shop.one("SELECT resolved_at IS NOT NULL FROM incident WHERE name = 'Two'")
    page.open("Two")
    read_again(shop)
    assert sorted(names(shop)) == ["One", "Two"]


def test_an_unchanged_page_says_that_what_is_open_still_is(shop, page):
    page.open("One")
    read_again(shop)
    shop.change("UPDATE incident SET fetched_at = now() - interval '1 hour'")
    read_again(shop)
    assert page.not_modified == 1
    assert shop.one("SELECT now() - fetched_at FROM incident") < timedelta(minutes=1)


@pytest.mark.parametrize("fault", ["500_before", "malformed_json", "huge", "redirect", "404", "drop_before"])
def test_trouble_changes_nothing_of_what_is_known_and_rests_longer_each_time(shop, page, fault):
    page.open("One")
    read_again(shop)
    page.open("Two")
    page.order(fault, times=9)
    for attempts in (1, 2):
        before = shop.one("SELECT now()")
        read_again(shop)
        assert shop.one("SELECT attempts FROM status_page") == attempts
    assert names(shop) == ["One"]
    assert waits(shop, before) >= timedelta(seconds=9)
    assert shop.one("SELECT last_error FROM status_page")


def test_after_trouble_all_is_well_again(shop, page):
    page.open("One")
    page.order("500_before")
    read_again(shop)
    read_again(shop)
    assert names(shop) == ["One"]
    assert (shop.one("SELECT attempts FROM status_page"), shop.one("SELECT last_error FROM status_page")) == (0, "")


def test_an_older_copy_from_a_cache_opens_nothing_again(shop, page):
    page.open("One")
    read_again(shop)
    page.resolve()
    read_again(shop)
    page.order("stale")
    read_again(shop)
    assert names(shop) == []
    assert "older copy" in shop.one("SELECT last_error FROM status_page")


def test_without_the_setting_no_page_on_this_machine_is_asked(shop, server):
    server.reset()
    watch(shop, server.base_url)
    assert shop.run(Kind.INCIDENTS) == 1
    assert server.asked == 0
    assert "https" in shop.one("SELECT last_error FROM status_page")
    assert waits(shop) > timedelta(minutes=14)


def test_a_worker_that_lost_its_lease_writes_nothing(shop, page):
    page.open("One")
    with shop.services.database.transaction(shop.tenant) as db:
        old = incidents.claim(db, shop.tenant, timedelta(0))
    read_again(shop)
    now = datetime.now(UTC)
    with shop.services.database.transaction(shop.tenant) as db:
        assert not incidents.read(db, old, [], etag="", page_updated_at=None, now=now, again=timedelta(0))
        assert not incidents.unchanged(db, old, now=now, again=timedelta(0))
        incidents.retry(db, old, after=timedelta(days=1), error="late")
    assert names(shop) == ["One"]
    assert waits(shop) < timedelta(minutes=2)


def test_another_address_forgets_what_the_one_before_it_said(shop, page):
    page.open("One")
    read_again(shop)
    watch(shop, page.base_url)
    assert names(shop) == ["One"]
    watch(shop, "https://elsewhere.example")
    assert names(shop) == []
    watch(shop, "")
    assert not due(shop)


def decided(shop):
    return shop.rows("SELECT disposition, reason, facts FROM decision ORDER BY created_at DESC LIMIT 1")[0]


def test_a_mail_that_an_incident_explains_waits_with_a_draft_and_nothing_is_asked_meanwhile(shop, page):
    page.open("Card payments fail", components=("Card payments",), body="We look into it.")
    read_again(shop)
    asked = page.asked
    shop.write(SAYS)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        shop.run(kind)
    row = decided(shop)
    assert row.disposition == "hold"
    (fact,) = row.facts
    assert fact["source"] == "incident: Card payments fail"
    assert "“Card payments fail”" in shop.one("SELECT text FROM outbox")
    assert page.asked == asked


def test_the_workspace_may_let_it_be_told_by_itself(shop, page):
    shop.change("UPDATE tenant SET policy = policy || '{\"incident_replies\": true}'")
    page.open("Card payments fail", components=("Card payments",))
    read_again(shop)
    shop.write(SAYS)
    shop.sync_and_settle()
    assert decided(shop).disposition == "release"
    assert shop.one("SELECT state FROM outbox") == "sent"
    assert len(shop.received()) == 1


def test_what_was_not_heard_of_for_a_quarter_of_an_hour_is_not_told(shop, page):
    page.open("Card payments fail", components=("Card payments",))
    read_again(shop)
    shop.change("UPDATE incident SET fetched_at = now() - interval '16 minutes'")
    shop.change("UPDATE status_page SET next_at = now() + interval '1 hour'")
    shop.write(SAYS)
    shop.sync_and_settle()
    row = decided(shop)
    assert (row.disposition, row.facts) == ("hold", [])
