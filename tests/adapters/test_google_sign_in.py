"""Connecting a Google account, with the real Authlib in a real Flask app, over the sandbox Google's own pages."""

import html
import re
from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask, redirect, session

from adapters.gmail.errors import ClientRejected
from adapters.google_grants import Endpoints, discover, revoke
from adapters.google_sign_in import MODIFY, Denied, begin, finish, granted, register
from domain.errors import BadInput, MailwrightError, NeedsPerson, ScopeMissing, TryAgain
from sandbox.google import DEMO_CLIENT
from tests.adapters.conftest import CUSTOMER, SHOP

CALLBACK = "http://127.0.0.1:9/mailboxes/callback"


class States:
    """A StateStore as it would lie in Postgres."""

    def __init__(self):
        self.kept = {}
        self.seconds = []

    def get(self, key):
        return self.kept.get(key)

    def set(self, key, value, seconds):
        self.kept[key] = value
        self.seconds.append(seconds)

    def delete(self, key):
        self.kept.pop(key, None)


class Shop:
    """The program as far as connecting goes: two routes, and what came of them."""

    def __init__(self, google, **changed):
        self.states = States()
        self.outcome = None
        app = Flask("shop")
        app.secret_key = "test"
        settings = {
            "client_id": DEMO_CLIENT.id,
            "client_secret": DEMO_CLIENT.secret,
            "metadata_url": f"{google.base_url}/.well-known/openid-configuration",
        }
        client = register(app, store=self.states, owner=lambda: session.get("member", ""), **(settings | changed))

        @app.get("/as/<member>")
        def sign_in(member):
            session["member"] = member
            return ""

        @app.post("/mailboxes/connect")
        def connect():
            return self.outcome_of(lambda: begin(client, CALLBACK))

        @app.get("/mailboxes/callback")
        def callback():
            return self.outcome_of(lambda: finish(client))

        self.app = app

    def outcome_of(self, act):
        try:
            self.outcome = act()
        except MailwrightError as error:
            self.outcome = error
        return redirect(self.outcome.location) if hasattr(self.outcome, "location") else ""

    def browser(self, member="anna"):
        browser = self.app.test_client()
        browser.get(f"/as/{member}")
        return browser


def consent_page(browser):
    """Start connecting; the consent page's address."""
    return browser.post("/mailboxes/connect").headers["Location"]


def decide(address, decision="allow", account=SHOP, granted=(MODIFY,)):
    """Fill in Google's consent page as a person would; the address to which Google sends the browser back."""
    shown = requests.get(address, timeout=60)
    asked = html.unescape(re.search(r'name="asked" value="([^"]*)"', shown.text)[1])
    form = [("asked", asked), ("account", account), ("decision", decision), *(("granted", scope) for scope in granted)]
    target = "{0.scheme}://{0.netloc}{0.path}".format(urlsplit(address))
    return requests.post(target, data=form, timeout=60, allow_redirects=False).headers["Location"]


def come_back(browser, address):
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


@pytest.fixture
def shop(google):
    return Shop(google)


def connected(shop, browser=None, **decision):
    browser = browser or shop.browser()
    come_back(browser, decide(consent_page(browser), **decision))
    return shop.outcome


def test_a_person_who_consents_gives_a_lasting_grant(google, shop):
    grant = connected(shop)
    assert (grant.email, grant.sub) == (SHOP, google.world.accounts[SHOP].sub)
    assert MODIFY in grant.scopes
    assert grant.expires_at.tzinfo is not None
    assert google.grants.refresh[grant.refresh_token][0] == SHOP
    assert google.grants.access(grant.access_token).email == SHOP


def test_consenting_again_gives_a_lasting_grant_again(shop):
    assert connected(shop).refresh_token != connected(shop).refresh_token


def test_a_grant_shows_no_token(shop):
    grant = connected(shop)
    assert grant.refresh_token not in repr(grant)
    assert grant.access_token not in repr(grant)


def test_google_is_asked_with_state_nonce_and_pkce_for_mail_and_identity(shop):
    asked = {name: values[0] for name, values in parse_qs(urlsplit(consent_page(shop.browser())).query).items()}
    assert asked["scope"] == f"openid email {MODIFY}"
    assert asked["redirect_uri"] == CALLBACK
    assert asked["code_challenge_method"] == "S256"
    assert asked["access_type"] == "offline"
    assert "consent" in asked["prompt"]
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 20


def test_the_secrets_of_the_flow_stay_on_the_server(shop):
    browser = shop.browser()
    asked = parse_qs(urlsplit(consent_page(browser)).query)
    kept = "".join(shop.states.kept.values())
    assert "code_verifier" in kept
    with browser.session_transaction() as cookie:
        assert "code_verifier" not in str(dict(cookie))
        assert asked["nonce"][0] not in str(dict(cookie))
    assert asked["state"][0] not in "".join(shop.states.kept)
    assert max(shop.states.seconds) <= 15 * 60


def test_nothing_is_asked_of_google_before_somebody_connects(google):
    Shop(google)
    assert google.calls() == []


def test_a_person_who_cancels_has_denied(shop):
    assert type(connected(shop, decision="cancel")) is Denied


def test_an_unticked_permission_is_missing_and_no_grant_is_kept(shop):
    assert type(connected(shop, granted=())) is ScopeMissing


def test_an_answer_is_good_for_one_time(shop):
    browser = shop.browser()
    address = decide(consent_page(browser))
    come_back(browser, address)
    come_back(browser, address)
    assert (type(shop.outcome), shop.outcome.field) == (BadInput, "state")


def test_an_answer_without_or_with_a_made_up_state_is_refused(google, shop):
    browser = shop.browser()
    consent_page(browser)
    for query in ("", "?code=x", "?code=x&state=made-up"):
        browser.get(f"/mailboxes/callback{query}")
        assert (type(shop.outcome), shop.outcome.field) == (BadInput, "state")
    assert google.calls("oauth.token") == []


def test_an_answer_in_another_browser_is_refused(google, shop):
    """Login CSRF: somebody sends a member the answer to his own connecting."""
    address = decide(consent_page(shop.browser()), account=CUSTOMER)
    come_back(shop.browser(), address)
    assert (type(shop.outcome), shop.outcome.field) == (BadInput, "state")
    assert google.calls("oauth.token") == []


def test_an_answer_after_another_member_signed_in_is_refused(google, shop):
    browser = shop.browser("anna")
    address = decide(consent_page(browser))
    browser.get("/as/ben")
    come_back(browser, address)
    assert (type(shop.outcome), shop.outcome.field) == (BadInput, "state")
    assert google.calls("oauth.token") == []


def test_a_state_that_the_store_lost_is_a_fresh_start(shop):
    browser = shop.browser()
    address = decide(consent_page(browser))
    shop.states.kept.clear()
    come_back(browser, address)
    assert type(shop.outcome) is BadInput


def test_an_invented_code_is_refused(shop):
    browser = shop.browser()
    state = parse_qs(urlsplit(consent_page(browser)).query)["state"][0]
    browser.get(f"/mailboxes/callback?{urlencode({'code': 'invented', 'state': state})}")
    assert (type(shop.outcome), shop.outcome.field) == (BadInput, "code")


@pytest.mark.parametrize("fault", ["no_id_token", "bad_nonce", "bad_audience", "bad_signature"])
def test_a_statement_about_the_person_that_does_not_hold_is_refused(google, shop, fault):
    google.fault("oauth.token", fault)
    outcome = connected(shop)
    assert (type(outcome), outcome.field) == (BadInput, "id_token")


@pytest.mark.parametrize("route", ["oauth.metadata", "oauth.token", "oauth.certs"])
@pytest.mark.parametrize("fault", ["503_before", "drop_before", "short_read", "malformed_json"])
def test_google_in_trouble_is_tried_again(google, shop, route, fault):
    google.fault(route, fault)
    browser = shop.browser()
    if route == "oauth.metadata":
        browser.post("/mailboxes/connect")
    else:
        come_back(browser, decide(consent_page(browser)))
    assert type(shop.outcome) is TryAgain
    assert connected(shop).email == SHOP


def test_a_wrong_client_secret_is_our_fault(google):
    assert type(connected(Shop(google, client_secret="wrong"))) is ClientRejected


def test_a_wrong_metadata_address_is_our_fault(google):
    shop = Shop(google, metadata_url=f"{google.base_url}/oauth2/v3/certs")
    shop.browser().post("/mailboxes/connect")
    assert type(shop.outcome) is ClientRejected


def test_a_redirect_address_that_google_does_not_know_never_comes_back(google):
    google.client("strict", "secret", ["https://shop.example/callback"])
    page = requests.get(consent_page(Shop(google, client_id="strict", client_secret="secret").browser()), timeout=60)
    assert "redirect_uri_mismatch" in page.text


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("access_denied", Denied),
        ("admin_policy_enforced", Denied),
        ("server_error", TryAgain),
        ("<script>alert(1)</script>", BadInput),
    ],
)
def test_an_error_that_google_sends_along_changes_nothing_and_is_never_repeated(shop, word, outcome):
    shop.browser().get(f"/mailboxes/callback?{urlencode({'error': word, 'error_description': '<b>hi</b>'})}")
    assert type(shop.outcome) is outcome
    assert "<" not in str(shop.outcome)


GOOD = {
    "userinfo": {"sub": "1", "email": "Shop@Example.com", "email_verified": True},
    "scope": f"openid {MODIFY}",
    "refresh_token": "r",
    "access_token": "a",
    "expires_at": 1_800_000_000,
}


def test_an_address_is_kept_in_lower_case():
    assert granted(GOOD).email == "shop@example.com"


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"userinfo": None}, BadInput),
        ({"userinfo": {"email": "a@b.c", "email_verified": True}}, BadInput),
        ({"userinfo": {"sub": "1", "email": "a@b.c", "email_verified": False}}, BadInput),
        ({"userinfo": {"sub": "1", "email": "a@b.c"}}, BadInput),
        ({"userinfo": {"sub": "1", "email_verified": True}}, BadInput),
        ({"scope": "openid"}, ScopeMissing),
        ({"scope": f"openid {MODIFY}.readonly"}, ScopeMissing),
        ({"scope": None}, ScopeMissing),
        ({"refresh_token": None}, BadInput),
    ],
)
def test_a_token_answer_that_lacks_something_is_no_grant(change, outcome):
    with pytest.raises(outcome):
        granted(GOOD | change)


# -- ending a grant


@pytest.fixture
def given(google):
    return SimpleNamespace(**google.authorize(SHOP), revoke_uri=f"{google.base_url}/revoke")


def test_a_revoked_grant_is_dead_at_google(google, given):
    revoke(given.refresh_token, given.revoke_uri)
    assert given.refresh_token not in google.grants.refresh
    assert google.grants.access(given.access_token) is None


def test_revoking_what_is_dead_already_is_done(given):
    revoke(given.refresh_token, given.revoke_uri)
    revoke(given.refresh_token, given.revoke_uri)
    revoke("never existed", given.revoke_uri)


@pytest.mark.parametrize("fault", ["503_before", "503_after", "drop_before", "drop_after", "429", "404"])
def test_a_revocation_without_a_clear_answer_is_tried_again(google, given, fault):
    google.fault("oauth.revoke", fault)
    with pytest.raises(TryAgain):
        revoke(given.refresh_token, given.revoke_uri)
    revoke(given.refresh_token, given.revoke_uri)
    assert given.refresh_token not in google.grants.refresh


def test_the_endpoints_follow_from_the_metadata(google):
    base = google.base_url
    found = discover(f"{base}/.well-known/openid-configuration")
    assert found == Endpoints(f"{base}/token", f"{base}/revoke")


@pytest.mark.parametrize("fault", ["503_before", "drop_before", "short_read"])
def test_metadata_that_cannot_be_read_just_now_is_tried_again(google, fault):
    google.fault("oauth.metadata", fault)
    with pytest.raises(TryAgain):
        discover(f"{google.base_url}/.well-known/openid-configuration")


def test_an_address_that_is_no_metadata_is_named(google):
    with pytest.raises(NeedsPerson, match="is no OpenID metadata"):
        discover(f"{google.base_url}/oauth2/v3/certs")
