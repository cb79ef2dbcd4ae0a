"""Sessions: how their cookies are made, and what they need before one changes how one signs in."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest

from storage import members, tenants
from tests.conftest import PASSWORD, Workspace
from tests.support.compiled import app_over
from tests.web.conftest import Browser, signed_in
from tests.web.filling import Filler
from tests.web.test_isolation import FORM, Rows
from tests.web.walking import everything, full_workspace, ways

# What changes how one signs in, ends sessions, or hands out or destroys a person's data.
GUARDED = {
    "account.begin_factor", "account.remove_factor", "account.renew_codes", "account.end_session",
    "account.end_others", "google_sign_in.link", "google_sign_in.unlink", "data_rights.copy", "data_rights.erase",
}  # fmt: skip


def grow_old(filler: Filler) -> None:
    filler.rows(
        "UPDATE web_session SET created_at = now() - interval '20 minutes' WHERE tenant_id = :tenant RETURNING 1"
    )


@pytest.fixture
def full(filler: Filler) -> Rows:
    return full_workspace(filler)


def test_every_cookie_is_bound_to_this_host_and_out_of_reach_of_scripts(
    settings, services, workspace: Workspace
) -> None:
    client = app_over(replace(settings, public_url="https://localhost"), services).test_client()
    options = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/"}}
    token = client.get("/sign-in", **options).text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "email": workspace.email, "password": PASSWORD, "theme": "dark", "density": "dense"}
    given = [
        cookie
        for path in ("/theme", "/density", "/sign-in")
        for cookie in client.post(path, data=form, **options).headers.getlist("Set-Cookie")
    ]
    names = {one.partition("=")[0] for one in given}
    assert names == {f"__Host-{name}" for name in ("mailwright", "mailwright-form", "theme", "density")}
    for cookie in given:
        words = {one.strip().lower() for one in cookie.split(";")}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= words, cookie
        assert "domain" not in cookie.lower()
        assert len(cookie) < 4096


def test_the_theme_that_was_chosen_is_shown_behind_https_too(settings, services, workspace: Workspace) -> None:
    client = app_over(replace(settings, public_url="https://localhost"), services).test_client()
    client.set_cookie("__Host-theme", "dark", domain="localhost", secure=True)
    assert 'data-bs-theme="dark"' in client.get("/sign-in", base_url="https://localhost").text


def test_who_signed_in_some_time_ago_does_it_once_more_before_what_matters(
    app, browser: Browser, full: Rows, filler: Filler, owner
) -> None:
    """Every route of the list, and no other one: what is done all day asks for nothing."""
    token, posts = browser.token(), ways(app, full, ("POST",))
    grow_old(filler)
    before, asked = everything(owner), set()
    for way in posts:
        if way.endpoint in GUARDED:
            answer = browser.client.post(way.path, data={"csrf_token": token, **FORM})
            assert answer.status_code == 302, way
            assert answer.headers["Location"].startswith("/sign-in?again=yes&next=/"), way
            asked.add(way.endpoint)
    assert asked == GUARDED
    assert everything(owner) == before
    assert browser.page("/")
    browser.press("/account/name", {"name": "Olivia Reed"})


def test_after_signing_in_once_more_it_goes_on_with_a_session_of_its_own(
    browser: Browser, workspace: Workspace, filler: Filler
) -> None:
    grow_old(filler)
    old = browser.client.get_cookie("mailwright").value
    where = browser.post("/account/second-factor").headers["Location"]
    assert 'value="/account"' in browser.page(where), "the page is shown although somebody is signed in"
    assert browser.sign_in(workspace.email, come_back="/account").headers["Location"] == "/account"
    assert browser.client.get_cookie("mailwright").value != old
    assert "no-store" in browser.post("/account/second-factor").headers["Cache-Control"]
    assert filler.rows("SELECT 1 FROM second_factor WHERE tenant_id = :tenant")
    browser.client.set_cookie("mailwright", old)
    assert browser.get("/").status_code == 302


def test_who_signs_in_once_more_stays_in_the_workspace_they_were_in(
    browser: Browser, services, workspace: Workspace, filler: Filler, password_hash: str
) -> None:
    for number in range(4):
        other = uuid4()
        with services.database.transaction(other) as db:
            tenants.create(db, other, slug=f"other-{number}", name="Other")
            members.add(db, other, email=workspace.email, name="O", password_hash=password_hash, role="owner")
    grow_old(filler)
    page = browser.page(browser.post("/account/second-factor").headers["Location"])
    assert f'value="{workspace.email}"' in page
    browser.sign_in(workspace.email, come_back="/account")
    with services.database.transaction(workspace.id) as db:
        assert members.of_session(db, workspace.id, browser.client.get_cookie("mailwright").value.partition(".")[2])


def test_who_has_no_password_chooses_one_right_after_signing_in_only(browser: Browser, filler: Filler) -> None:
    filler.rows("UPDATE member SET password_hash = '' WHERE tenant_id = :tenant RETURNING 1")
    grow_old(filler)
    assert "sign in with Google" in browser.press("/account/password", {"password": "a password of my own"})
    assert filler.rows("SELECT 1 FROM member WHERE tenant_id = :tenant AND password_hash = ''")


def test_signing_out_clears_what_the_browser_keeps_of_us(browser: Browser) -> None:
    assert browser.post("/sign-out").headers["Clear-Site-Data"] == '"storage"'
    assert "Clear-Site-Data" not in browser.get("/sign-in").headers


def test_a_role_that_was_taken_away_counts_from_the_next_request_on(browser: Browser, join, filler: Filler) -> None:
    tom = join("admin")
    assert tom.get("/record").status_code == 200
    filler.rows("UPDATE member SET role = 'viewer' WHERE tenant_id = :tenant AND email LIKE 'admin.%' RETURNING 1")
    assert tom.get("/record").status_code == 403


def test_who_was_let_go_and_taken_back_has_no_session_of_before(browser: Browser, join, filler: Filler) -> None:
    tom = join("agent")
    [found] = filler.rows("SELECT id FROM member WHERE tenant_id = :tenant AND email LIKE 'agent.%'")
    browser.post(f"/people/{found.id}/deactivate")
    browser.post(f"/people/{found.id}/reactivate")
    assert tom.get("/").status_code == 302


def test_a_session_is_256_random_bits_of_which_the_database_has_a_hash(
    app, workspace: Workspace, filler: Filler, owner
) -> None:
    tokens = {signed_in(app, workspace.email).client.get_cookie("mailwright").value.partition(".")[2] for _ in range(3)}
    assert len(tokens) == 3
    assert {len(one) for one in tokens} == {64}
    kept = json.dumps([str(row) for row in filler.rows("SELECT * FROM web_session WHERE tenant_id = :tenant")])
    assert not any(one in kept for one in tokens)


def test_no_page_holds_the_session_and_every_page_for_members_ends_it(app, browser: Browser, full: Rows) -> None:
    """The cookie alone holds it: it is in no answer's body, no link and no redirect. Signing out is on every page."""
    token, framed = browser.client.get_cookie("mailwright").value.partition(".")[2], 0
    for way in ways(app, full, ("GET",)):
        answer = browser.get(way.path)
        body = answer.get_data()
        answer.close()
        assert token.encode() not in body, way
        assert token not in str(answer.headers), way
        if answer.mimetype == "text/html" and answer.status_code == 200 and b"data-frame=" in body:
            framed += 1
            assert b'action="/sign-out"' in body, way
    assert framed > 40


def test_sessions_end_after_the_documented_times() -> None:
    assert (members.IDLE.total_seconds() / 3600, members.ABSOLUTE.days) == (12, 14)
    assert members.LATELY.total_seconds() == 900
