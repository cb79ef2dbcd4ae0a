"""Authlib in a Flask app, as the product uses it, against the sandbox."""

import pytest
from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify
from joserfc.errors import JoseError
from requests import HTTPError

from sandbox.google import DEMO_CLIENT, Google
from sandbox.oauth_records import MODIFY
from tests.sandbox.clients import ANNA, SHOP
from tests.sandbox.consent import decide, query

CALLBACK = "http://127.0.0.1:9/callback"


class Program:
    """A Flask app with `/connect` and `/callback`; `prompt` is what it asks for."""

    def __init__(self, base: str, prompt: str = "consent", scope: str = f"openid email {MODIFY}") -> None:
        app = Flask(__name__)
        app.secret_key = "for this test"
        oauth = OAuth(app)
        google = oauth.register(
            "google",
            client_id=DEMO_CLIENT.id,
            client_secret=DEMO_CLIENT.secret,
            server_metadata_url=f"{base}/.well-known/openid-configuration",
            client_kwargs={
                "scope": scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_post",
                "default_timeout": 60,
            },
            authorize_params={"access_type": "offline", "prompt": prompt, "include_granted_scopes": "true"},
        )
        app.add_url_rule("/connect", "connect", lambda: google.authorize_redirect(CALLBACK))
        app.add_url_rule("/callback", "callback", lambda: jsonify(google.authorize_access_token()))
        app.testing = True
        self.browser = app.test_client()

    def ask(self) -> str:
        return self.browser.get("/connect").headers["Location"]

    def come_back(self, location: str):
        return self.browser.get("/callback", query_string=query(location)).get_json()

    def connect(self, account=SHOP, **choices):
        return self.come_back(decide(self.ask(), account, **choices))


@pytest.fixture
def google():
    """With the real clock: Authlib checks iat and exp against it."""
    sandbox = Google()
    sandbox.account(SHOP, "The Shop", "shop")
    sandbox.account(ANNA, "Anna")
    return sandbox


def test_the_whole_consent_ends_in_tokens_and_a_proven_identity(google, base):
    token = Program(base).connect()
    assert token["token_type"] == "Bearer"
    assert token["access_token"]
    assert token["refresh_token"]
    assert token["expires_in"] == 3600
    assert MODIFY in token["scope"].split()
    identity = token["userinfo"]
    assert identity["email"] == SHOP
    assert identity["email_verified"] is True
    assert identity["iss"] == base
    assert identity["aud"] == DEMO_CLIENT.id
    assert identity["nonce"]
    assert identity["at_hash"]
    assert identity["sub"].isdigit()


def test_an_unticked_box_gives_a_token_without_that_scope(google, base):
    token = Program(base).connect(untick=(MODIFY,))
    assert MODIFY not in token["scope"].split()
    assert "openid" in token["scope"].split()


def test_cancel_comes_back_as_access_denied(google, base):
    program = Program(base)
    location = decide(program.ask(), SHOP, decision="cancel")
    assert query(location)["error"] == "access_denied"
    with pytest.raises(OAuthError, match="access_denied"):
        program.come_back(location)


def test_a_code_is_good_once(google, base):
    program = Program(base)
    location = decide(program.ask(), SHOP)
    program.come_back(location)
    with pytest.raises(MismatchingStateError):
        program.come_back(location)


def test_a_later_consent_gives_no_refresh_token_without_the_prompt(google, base):
    assert "refresh_token" in Program(base).connect()
    assert "refresh_token" not in Program(base, prompt="select_account").connect()
    assert "refresh_token" in Program(base, prompt="consent").connect()


def test_earlier_scopes_come_along_when_asked_for(google, base):
    Program(base).connect()
    later = Program(base, scope="openid email").connect()
    assert MODIFY in later["scope"].split()


@pytest.mark.parametrize("fault", ["bad_nonce", "bad_audience", "bad_signature"])
def test_a_wrong_id_token_is_found_out(google, base, fault):
    google.fault("oauth.token", fault)
    with pytest.raises(JoseError):
        Program(base).connect()


def test_an_answer_without_id_token_has_no_userinfo_and_no_error(google, base):
    google.fault("oauth.token", "no_id_token")
    assert "userinfo" not in Program(base).connect()


def test_the_token_endpoint_may_fail(google, base):
    google.fault("oauth.token", "503_before")
    with pytest.raises(HTTPError):  # from requests: Authlib raises for 5xx before it reads the error
        Program(base).connect()
    assert google.calls("oauth.token")[0].fault == "503_before"
