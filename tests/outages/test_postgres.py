"""Postgres is away for ten minutes: pages say so in plain words, mail waits at Gmail, and all goes on by itself."""

import threading
from datetime import timedelta

import pytest

from storage.database import PATIENCE
from tests.support.outages import away, frozen
from tests.support.pipeline import slow
from tests.support.processes import program
from tests.support.waiting import until
from tests.web.conftest import seen

TEN_MINUTES = timedelta(minutes=10)
HANGS = 8.0  # seconds: more than a new connection is waited for
PAGES = ("/", "/mailboxes/", "/alerts", "/sign-in")


@pytest.fixture
def hurried(monkeypatch):
    """A new connection is waited for as long as in production."""
    monkeypatch.setitem(PATIENCE, "connect_timeout", 5)


def test_while_postgres_is_away_every_page_says_so_and_then_each_mail_gets_its_end(
    ground, shop, letters, quick, browser, tmp_path
):
    with program(quick, tmp_path) as running:
        letters.write_all()
        letters.await_ends()
        form = {"csrf_token": browser.token(), "on": "no"}
        # One is just being sent when Postgres goes, so that nobody can write down that it left.
        with slow(shop.google, "drafts.send") as goes_on:
            letters.write("answered")
            until(lambda: letters.copies()[letters.newest], 60)
            with away(ground.postgres):
                goes_on()
                letters.write_all()
                for path in PAGES:
                    answer = browser.get(path)
                    assert answer.status_code == 503, path
                    assert "The database is not reachable" in answer.text
                    assert "No mail is lost" in answer.text
                    assert "goes on by itself" in answer.text
                pressed = browser.client.post("/answering", data=form)
                assert pressed.status_code == 503
                assert "look at the conversation before you press it again" in seen(pressed.text)
                ready = browser.get("/readyz")
                assert (ready.status_code, ready.json["postgres"]["state"]) == (503, "away")
                for name, event in (("listener", "postgres_away"), ("io", "drain_broke_off")):
                    until(lambda log=tmp_path / f"{name}.log", event=event: event in log.read_text(), 30)
        ground.leap(TEN_MINUTES)
        assert browser.get("/readyz").status_code == 200
        letters.write_all()
        letters.await_ends()
        assert shop.one("SELECT answering FROM tenant"), "what was pressed while it was away was not done"
        assert all(one.poll() is None for one in running.values())
    letters.check()


def test_a_postgres_that_hangs_loses_nothing_and_all_goes_on_where_it_stood(
    ground, shop, letters, quick, browser, tmp_path
):
    with program(quick, tmp_path) as running:
        letters.write_all()
        letters.await_ends()
        with slow(shop.google, "drafts.send") as goes_on:
            letters.write("answered")
            until(lambda: letters.copies()[letters.newest], 60)
            with frozen(ground.postgres):
                goes_on()
                letters.write_all()
                said = []
                asks = threading.Thread(target=lambda: said.append(browser.get("/readyz").status_code))
                asks.start()
                asks.join(HANGS)
                assert said == [], "it was to hang"
            until(lambda: said)
            asks.join()
        until(lambda: browser.get("/readyz").status_code == 200)
        letters.write_all()
        letters.await_ends()
        assert all(one.poll() is None for one in running.values())
    letters.check()


def test_a_postgres_that_hangs_keeps_nobody_waiting_for_ever(hurried, ground, shop, browser, monkeypatch):
    assert browser.get("/readyz").status_code == 200
    monkeypatch.setattr("storage.database.SILENT", 2.0)
    with frozen(ground.postgres):
        ready = browser.get("/readyz")
        assert (ready.status_code, ready.json["postgres"]["state"]) == (503, "away")
        page = browser.get("/")
        assert page.status_code == 503
        assert "The database is not reachable" in page.text
    until(lambda: browser.get("/readyz").status_code == 200)
    assert browser.get("/").status_code == 200
