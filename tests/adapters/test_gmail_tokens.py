"""A mailbox's access token is refreshed when it must be, once, under the caller's lock; its grant may die."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.gmail.errors import ClientRejected
from adapters.gmail.tokens import GoogleApp, Tokens
from domain.errors import AuthLost, TryAgain
from tests.adapters.conftest import SHOP

STALE = datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
def row(connections):
    return connections.grant()


def test_a_fresh_token_is_used_as_it_is(google, connections, row):
    connections.open(row).source.profile()
    assert (row.refreshes, google.calls("oauth.token")) == (0, [])


def test_opening_a_mailbox_asks_google_nothing(google, connections, row):
    row.tokens = Tokens(row.tokens.refresh)
    connections.open(row)
    assert google.calls() == []


@pytest.mark.parametrize("expires_at", [STALE, None])
def test_a_token_that_ran_out_is_refreshed_before_the_first_call(google, connections, row, expires_at):
    row.tokens = Tokens(row.tokens.refresh, "" if expires_at is None else row.tokens.access, expires_at)
    connections.open(row).source.profile()
    assert row.refreshes == 1
    assert [call.status for call in google.calls("getProfile")] == [200]
    assert row.tokens.expires_at > datetime.now(UTC) + timedelta(minutes=50)


def test_the_refresh_token_is_kept_when_google_gives_no_other(connections, row):
    before = row.tokens.refresh
    row.tokens = replace(row.tokens, expires_at=STALE)
    connections.open(row).source.profile()
    assert row.tokens.refresh == before


def test_what_another_job_refreshed_is_taken_from_the_row(google, connections, row):
    stale = replace(row.tokens, expires_at=STALE)
    row.tokens = stale
    first = connections.open(row)
    second = connections.open(row)
    first.source.profile()
    second.source.profile()
    assert row.refreshes == 1
    assert len(google.calls("oauth.token")) == 1


def test_jobs_at_the_same_moment_refresh_once(google, connections, row):
    row.tokens = replace(row.tokens, expires_at=STALE)
    lock, plain = threading.Lock(), row.under_lock

    def under_lock(renew):
        with lock:
            return plain(renew)

    row.under_lock = under_lock
    jobs = [threading.Thread(target=connections.open(row).source.profile) for _ in range(6)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(20)
    assert len(google.calls("getProfile")) == 6
    assert len(google.calls("oauth.token")) == 1


def test_a_revoked_grant_is_lost_and_google_is_asked_once(google, connections, row):
    gmail = connections.open(row)
    google.revoke(SHOP)
    with pytest.raises(AuthLost):
        gmail.source.profile()
    assert len(google.calls("oauth.token")) == 1


def test_a_wrong_client_secret_is_our_fault_and_not_the_mailboxs(connections, row):
    row.tokens = replace(row.tokens, expires_at=STALE)
    wrong = GoogleApp(connections.app.client_id, "wrong", connections.app.token_uri, connections.app.api_endpoint)
    with pytest.raises(ClientRejected):
        connections.open(row, app=wrong).source.profile()


@pytest.mark.parametrize("fault", ["503_before", "500_before", "drop_before", "short_read", "malformed_json", "429"])
def test_a_token_endpoint_in_trouble_is_asked_once_and_tried_again_later(google, connections, row, fault):
    row.tokens = replace(row.tokens, expires_at=STALE)
    google.fault("oauth.token", fault)
    gmail = connections.open(row)
    with pytest.raises(TryAgain):
        gmail.source.profile()
    assert len(google.calls("oauth.token")) == 1
    assert google.calls("getProfile") == []
    gmail.source.profile()


def test_tokens_that_live_shorter_than_a_job_still_work(google, connections):
    google.settings.token_life_s = 30
    row = connections.grant()
    gmail = connections.open(row)
    assert gmail.source.profile().address == gmail.source.profile().address == SHOP


def test_an_access_that_google_refuses_twice_is_asked_for_again_since_the_grant_lives(google, connections, row):
    google.fault("getProfile", "401", times=2)
    gmail = connections.open(row)
    with pytest.raises(TryAgain):
        gmail.source.profile()
    assert len(google.calls("getProfile")) == 2
    assert gmail.source.profile().address == SHOP


def test_the_token_of_one_mailbox_never_opens_another(google, connections):
    google.account("other@example.com", "Another shop", "shop")
    other = google.authorize("other@example.com")
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    ours, theirs = connections.grant(), connections.grant()
    theirs.tokens = Tokens(other["refresh_token"], other["access_token"], expires_at)
    for _ in range(3):
        assert connections.open(ours).source.profile().address == SHOP
        assert connections.open(theirs).source.profile().address == "other@example.com"


def test_tokens_show_nothing_of_themselves(connections, row):
    shown = f"{row.tokens!r} {connections.app!r}"
    for secret in (row.tokens.refresh, row.tokens.access, connections.app.client_secret):
        assert secret not in shown
