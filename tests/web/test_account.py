"""One's own account: name, password, and where one is signed in."""

from tests.conftest import PASSWORD, Workspace
from tests.web.conftest import Browser, seen, signed_in
from tests.web.filling import Filler
from web import account
from web.browsers import browser_words

NEW = "another password of mine"


def ids(filler: Filler) -> list:
    where = "SELECT id FROM web_session WHERE tenant_id = :tenant AND revoked_at IS NULL ORDER BY created_at"
    return [row.id for row in filler.rows(where)]


def test_each_session_is_listed_with_its_browser_and_ended_alone(
    app, browser: Browser, workspace: Workspace, filler: Filler
) -> None:
    other = Browser(app.test_client())
    token = other.token()
    form = {"csrf_token": token, "email": workspace.email, "password": PASSWORD}
    other.client.post("/sign-in", data=form, headers={"User-Agent": "Firefox <b>9</b>"})
    page = browser.page("/account")
    assert "Firefox &lt;b&gt;9&lt;/b&gt;" in page
    assert page.count("this browser") == 1
    [_, theirs] = ids(filler)
    browser.press(f"/account/sessions/{theirs}/end")
    assert other.get("/").status_code == 302
    assert browser.get("/").status_code == 200
    assert browser.post(f"/account/sessions/{theirs}/end").status_code == 404


def test_a_browser_is_named_in_words() -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    assert browser_words(windows + "Safari/537.36 Edg/140.0") == "Edge on Windows"
    assert browser_words(windows + "Safari/537.36") == "Chrome on Windows"
    assert browser_words("curl/8.5") == "curl/8.5"
    assert browser_words("") == "an unknown browser"


def test_all_others_end_at_once(app, browser: Browser, workspace: Workspace) -> None:
    others = [signed_in(app, workspace.email) for _ in range(2)]
    assert "Ended: 2." in seen(browser.press("/account/sessions/end-others"))
    assert [one.get("/").status_code for one in others] == [302, 302]
    assert browser.get("/").status_code == 200


def test_a_colleagues_session_is_not_ended(browser: Browser, join, filler: Filler) -> None:
    tom = join("viewer")
    [mine, _] = ids(filler)
    assert tom.post(f"/account/sessions/{mine}/end").status_code == 404
    assert browser.get("/").status_code == 200


def test_the_password_changes_with_the_old_one_and_ends_every_other_session(
    app, browser: Browser, workspace: Workspace
) -> None:
    other = signed_in(app, workspace.email)
    refused = browser.press("/account/password", {"old": "wrong", "password": NEW})
    assert "not your password so far" in seen(refused)
    assert "at least 12" in seen(browser.press("/account/password", {"old": PASSWORD, "password": "short"}))
    assert other.get("/").status_code == 200
    browser.press("/account/password", {"old": PASSWORD, "password": NEW})
    assert other.get("/").status_code == 302
    assert browser.get("/").status_code == 200
    assert "do not go together" in Browser(app.test_client()).sign_in(workspace.email).text
    assert Browser(app.test_client()).sign_in(workspace.email, NEW).status_code == 302


def test_the_old_password_cannot_be_guessed_here(browser: Browser, workspace: Workspace, monkeypatch) -> None:
    monkeypatch.setattr(account, "ATTEMPTS", 1)
    browser.press("/account/password", {"old": "wrong", "password": NEW})
    assert "Too many attempts" in seen(browser.press("/account/password", {"old": PASSWORD, "password": NEW}))


def test_ones_name_is_ones_own_to_change(browser: Browser) -> None:
    assert "Olivia Reed" in browser.press("/account/name", {"name": " Olivia\tReed "})
