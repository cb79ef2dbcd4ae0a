"""The endpoints one by one, and google-auth's refresh."""

import google.auth.exceptions
import pytest
import requests
from googleapiclient.errors import HttpError

from sandbox.google import DEMO_CLIENT
from sandbox.oauth_records import AUTH, MODIFY
from tests.sandbox.clients import ANNA, SHOP, Shop, letter, status_of
from tests.sandbox.consent import CALLBACK, Form, code_of, consent_url, decide, exchange, query


def test_the_consent_page_picks_accounts_and_ticks_each_restricted_scope(base):
    asked = consent_url(base, scope=f"openid email {MODIFY} {AUTH}gmail.readonly", login_hint=ANNA)
    form = Form(requests.get(asked, timeout=60).text)
    assert form.accounts == {SHOP: False, ANNA: True}
    assert form.boxes == {MODIFY: True, f"{AUTH}gmail.readonly": True}


def test_the_consent_page_lets_its_form_lead_only_to_the_program(base):
    policy = requests.get(consent_url(base), timeout=60).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9;" in f"{policy};"


def test_state_comes_back_as_it_was_given(base):
    location = decide(consent_url(base, state="a b&c"), SHOP)
    assert location.startswith(f"{CALLBACK}?")
    assert query(location)["state"] == "a b&c"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"client_id": "nobody"}, 401),
        ({"redirect_uri": "https://evil.example/cb"}, 400),
        ({"scope": "openid cake"}, 400),
        ({"response_type": "token"}, 400),
        ({"code_challenge_method": "plain"}, 400),
        ({"code_challenge": ""}, 400),
    ],
)
def test_a_wrong_request_ends_on_an_error_page_and_never_redirects(base, wrong, status):
    answer = requests.get(consent_url(base, **wrong), timeout=60, allow_redirects=False)
    assert answer.status_code == status
    assert "Access blocked" in answer.text


def test_a_registered_redirect_uri_must_match_exactly(google, base):
    google.client("strict", "key", [CALLBACK])
    assert requests.get(consent_url(base, client_id="strict"), timeout=60).status_code == 200
    other = consent_url(base, client_id="strict", redirect_uri=f"{CALLBACK}/")
    assert requests.get(other, timeout=60).status_code == 400


def test_a_form_sent_by_another_site_is_refused(base):
    form = Form(requests.get(consent_url(base), timeout=60).text)
    fields = {**form.hidden, "account": SHOP, "decision": "allow"}
    answer = requests.post(
        f"{base}{form.action}",
        data=fields,
        headers={"Origin": "http://evil.example"},
        timeout=60,
        allow_redirects=False,
    )
    assert answer.status_code == 403


def test_a_good_code_gives_tokens_and_a_second_use_gives_invalid_grant(base):
    code = code_of(base)
    assert exchange(base, code).status_code == 200
    again = exchange(base, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("wrong", "error", "status"),
    [
        ({"code_verifier": "x" * 50}, "invalid_grant", 400),
        ({"code_verifier": ""}, "invalid_grant", 400),
        ({"redirect_uri": f"{CALLBACK}/other"}, "redirect_uri_mismatch", 400),
        ({"client_secret": "guess"}, "invalid_client", 401),
        ({"client_id": "nobody"}, "invalid_client", 401),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"code": "made up"}, "invalid_grant", 400),
    ],
)
def test_the_exchange_checks_every_part(base, wrong, error, status):
    answer = exchange(base, code_of(base), **wrong)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_code_dies_young(google, base, clock):
    code = code_of(base)
    clock.now += google.settings.code_life_s + 1
    assert exchange(base, code).json()["error"] == "invalid_grant"


def test_no_refresh_token_without_offline_access(base):
    assert "refresh_token" not in exchange(base, code_of(base, access_type="")).json()


def test_userinfo_tells_who_the_token_belongs_to(base):
    token = exchange(base, code_of(base)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{base}/userinfo", headers=headers, timeout=60).json()["email"] == SHOP
    assert requests.get(f"{base}/userinfo", timeout=60).status_code == 401


# -- a token's life


def test_an_unknown_token_is_401_in_googles_shape(base):
    headers = {"Authorization": "Bearer unknown"}
    answer = requests.get(f"{base}/gmail/v1/users/me/profile", headers=headers, timeout=60)
    error = answer.json()["error"]
    assert answer.status_code == error["code"] == 401
    assert error["status"] == "UNAUTHENTICATED"
    assert error["errors"][0]["reason"] == "authError"
    assert error["message"]


def test_a_call_without_token_is_401(base):
    assert requests.get(f"{base}/gmail/v1/users/me/profile", timeout=60).status_code == 401


def test_an_access_token_expires_and_google_auth_fetches_another(google, base, shop, clock):
    assert shop.profile()
    clock.now += google.settings.token_life_s + 1
    assert shop.profile()["emailAddress"] == SHOP
    assert [call.status for call in google.calls("getProfile")] == [200, 401, 200]


def test_a_refresh_gives_no_new_refresh_token(base, shop):
    form = {
        "grant_type": "refresh_token", "refresh_token": shop.tokens["refresh_token"],
        "client_id": DEMO_CLIENT.id, "client_secret": DEMO_CLIENT.secret,
    }  # fmt: skip
    answer = requests.post(f"{base}/token", data=form, timeout=60).json()
    assert answer["access_token"] != shop.tokens["access_token"]
    assert "refresh_token" not in answer
    wider = requests.post(f"{base}/token", data={**form, "scope": f"{AUTH}gmail.readonly"}, timeout=60).json()
    assert wider["error"] == "invalid_scope"


def test_a_revoked_consent_ends_both_tokens(google, shop):
    google.revoke(SHOP)
    with pytest.raises(google_auth_error()) as dead:
        shop.profile()
    assert dead.value.args[1]["error"] == "invalid_grant"
    assert dead.value.retryable is False


def google_auth_error():
    return google.auth.exceptions.RefreshError


def test_revoking_one_token_ends_the_whole_grant_and_a_second_time_is_400(google, base, shop):
    second = Shop(google, base)
    answer = requests.post(f"{base}/revoke", data={"token": shop.tokens["refresh_token"]}, timeout=60)
    assert answer.status_code == 200
    with pytest.raises(google_auth_error()):
        second.profile()
    again = requests.post(f"{base}/revoke", data={"token": shop.tokens["refresh_token"]}, timeout=60)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")
    second.close()


def test_revoking_leaves_other_users_and_other_clients_alone(google, base, shop):
    anna = Shop(google, base, user=ANNA)
    other = google.authorize(SHOP, client=google.client("other", "key"))
    requests.post(f"{base}/revoke", data={"token": shop.tokens["access_token"]}, timeout=60)
    assert anna.profile()
    headers = {"Authorization": f"Bearer {other['access_token']}"}
    assert requests.get(f"{base}/gmail/v1/users/me/profile", headers=headers, timeout=60).status_code == 200
    anna.close()


def test_the_oldest_of_more_than_100_refresh_tokens_dies_silently(google, shop):
    for _ in range(100):
        google.authorize(SHOP)
    google.expire_access_tokens(SHOP)
    with pytest.raises(google_auth_error()):
        shop.profile()


def test_a_broken_token_endpoint_answers_in_a_shape_that_google_auth_calls_retryable(google, base):
    google.fault("oauth.token", "503_before")
    answer = exchange(base, "whatever")
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert google.calls("oauth.token")[0].fault == "503_before"


@pytest.mark.parametrize(
    ("scope", "allowed", "refused"),
    [
        (f"{AUTH}gmail.send", "send", "list"),
        (f"{AUTH}gmail.readonly", "list", "send"),
        (f"{AUTH}gmail.metadata", "labels", "search"),
        ("email", None, "list"),
    ],
)
def test_a_missing_scope_is_403_insufficient_permissions(google, base, scope, allowed, refused):
    program = Shop(google, base, scopes=("openid", scope))
    google.deliver(SHOP, ANNA, "Hi", "x")
    calls = {
        "send": lambda: program.send(letter()),
        "list": program.messages,
        "labels": lambda: program.me.labels().list(userId="me").execute(),
        "search": lambda: program.messages(q="in:inbox"),
    }
    if allowed:
        assert calls[allowed]()
    with pytest.raises(HttpError) as error:
        calls[refused]()
    assert status_of(error.value) == 403
    assert error.value.error_details[0]["reason"] == ("forbidden" if refused == "search" else "insufficientPermissions")
    program.close()


def test_gmail_send_alone_cannot_make_drafts(google, base):
    program = Shop(google, base, scopes=("openid", f"{AUTH}gmail.send"))
    with pytest.raises(HttpError) as error:
        program.draft(letter())
    assert status_of(error.value) == 403
    program.close()
