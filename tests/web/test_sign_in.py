"""Signing in and out: who gets in, for how long, and where it leads."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from bootstrap import Services
from settings import Settings
from storage import members, tenants
from tests.conftest import PASSWORD, Workspace
from tests.support.compiled import app_over
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler
from web import new_password, passwords, sign_in


def test_the_right_password_opens_the_queue(stranger: Browser, workspace: Workspace) -> None:
    answer = stranger.sign_in(workspace.email.upper())
    assert answer.headers["Location"] == "/"
    assert "Olivia Owner" in stranger.page("/")


@pytest.mark.parametrize(("email", "password"), [("owner@lumen.example", "wrong"), ("nobody@x.example", PASSWORD)])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    stranger: Browser, workspace: Workspace, email: str, password: str
) -> None:
    answer = stranger.sign_in(email, password)
    assert answer.status_code == 200
    assert "This address and password do not go together." in seen(answer.text)
    assert stranger.get("/").status_code == 302
    assert password not in answer.text


def test_an_address_with_a_nul_is_unknown_and_nothing_breaks(stranger: Browser, workspace: Workspace) -> None:
    assert "do not go together" in stranger.sign_in("owner\x00@lumen.example", "x\x00").text


def test_too_many_attempts_are_refused_even_with_the_right_password(
    stranger: Browser, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "ATTEMPTS_PER_ADDRESS", 2)
    for _ in range(2):
        stranger.sign_in(workspace.email, "wrong")
    assert "Too many attempts" in seen(stranger.sign_in(workspace.email).text)
    assert stranger.get("/").status_code == 302


def test_attempts_are_counted_per_network_over_all_addresses(
    stranger: Browser, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "ATTEMPTS_PER_NETWORK", 2)
    for number in range(2):
        stranger.sign_in(f"nobody{number}@x.example", "wrong")
    assert "Too many attempts" in seen(stranger.sign_in(workspace.email).text)


def test_a_network_over_its_limit_leaves_no_rows_of_the_addresses_that_it_makes_up(
    stranger: Browser, workspace: Workspace, owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "ATTEMPTS_PER_NETWORK", 2)
    monkeypatch.setattr(new_password, "LINKS_PER_NETWORK", 2)

    def rows() -> int:
        with owner.begin():
            return owner.execute(text("SELECT count(*) FROM sign_in_attempt")).scalar_one()

    for number in range(2):
        stranger.sign_in(f"nobody{number}@x.example", "wrong")
        stranger.post("/forgotten", {"email": f"nobody{number}@x.example"})
    before = rows()
    for number in range(2, 6):
        stranger.sign_in(f"nobody{number}@x.example", "wrong")
        stranger.post("/forgotten", {"email": f"nobody{number}@x.example"})
    assert rows() == before


def test_what_was_tried_a_day_ago_is_found_without_reading_all_of_it(owner) -> None:
    with owner.begin():
        owner.execute(text("SET LOCAL enable_seqscan = off"))
        plan = owner.execute(
            text("EXPLAIN DELETE FROM sign_in_attempt WHERE hour < now() - interval '1 day'")
        ).scalars()
        assert "sign_in_attempt_hour" in "".join(plan)


def test_a_password_is_compared_with_twenty_members_at_most_the_proven_first(
    stranger: Browser, workspace: Workspace, database, password_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many workspaces strangers sign up with somebody's address."""
    made = []
    for number in range(30):
        made.append(uuid4())
        with database.transaction(made[-1]) as db:
            tenants.create(db, made[-1], slug=f"strange-{number}", name="x")
            values = {"name": "x", "password_hash": password_hash, "role": "owner"}
            members.add(db, made[-1], email=workspace.email, verified=number == 20, **values)
    compared = []
    monkeypatch.setattr(passwords, "matches", lambda known, said: compared.append(known) or False)
    stranger.sign_in(workspace.email, "wrong")
    assert len(compared) == 20
    with database.without_tenant() as db:
        asked = [one.tenant for one in members.candidates(db, workspace.email)]
    assert asked[:2] == [workspace.id, made[20]], "whose address is proven comes before strangers"
    strangers = [made.index(one) for one in asked[2:]]
    assert strangers == [
        first_or_last for pair in zip(range(9), range(29, 20, -1), strict=True) for first_or_last in pair
    ]


def test_whoever_has_one_address_of_a_network_is_counted_under_all() -> None:
    assert sign_in.network("203.0.113.7") == sign_in.network("203.0.113.250")
    assert sign_in.network("2001:db8::1") == sign_in.network("2001:db8::ffff:1")
    assert sign_in.network("2001:db8:0:1::1") != sign_in.network("2001:db8::1")
    assert sign_in.network(None) == sign_in.network("a proxy's word")


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "javascript:alert(1)",
        "/nothing/here",
        "/sign-out",
        "/\r\nSet-Cookie: a=b",
    ],
)
def test_signing_in_never_leads_to_another_site(stranger: Browser, workspace: Workspace, path: str) -> None:
    assert stranger.sign_in(workspace.email, come_back=path).headers["Location"] == "/"


def test_signing_in_leads_back_to_where_one_wanted_to_go(stranger: Browser, workspace: Workspace) -> None:
    wanted = "/?category=refund&q=lamp"
    answer = stranger.get(wanted)
    assert answer.headers["Location"].startswith("/sign-in?next=/?category")
    assert "category=refund&amp;q=lamp" in stranger.page(answer.headers["Location"])
    assert stranger.sign_in(workspace.email, come_back=wanted).headers["Location"] == wanted


def test_a_session_that_somebody_prepared_is_not_taken_over(stranger: Browser, workspace: Workspace) -> None:
    prepared = f"{workspace.id}.{'a' * 43}"
    stranger.client.set_cookie("mailwright", prepared)
    assert stranger.get("/").status_code == 302
    stranger.sign_in(workspace.email)
    assert stranger.client.get_cookie("mailwright").value != prepared
    stranger.client.set_cookie("mailwright", prepared)
    assert stranger.get("/").status_code == 302


def test_signing_in_again_ends_the_session_before(stranger: Browser, workspace: Workspace) -> None:
    stranger.sign_in(workspace.email)
    before = stranger.client.get_cookie("mailwright").value
    stranger.sign_in(workspace.email)
    stranger.client.set_cookie("mailwright", before)
    assert stranger.get("/").status_code == 302


def test_signing_out_ends_the_session_on_the_server(browser: Browser) -> None:
    cookie = browser.client.get_cookie("mailwright").value
    answer = browser.post("/sign-out")
    assert answer.headers["Location"] == "/sign-in"
    assert browser.client.get_cookie("mailwright") is None
    browser.client.set_cookie("mailwright", cookie)
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize(
    "older", ["seen_at = now() - interval '13 hours'", "created_at = now() - interval '15 days'", "revoked_at = now()"]
)
def test_a_session_ends_when_it_idles_grows_old_or_is_revoked(browser: Browser, filler: Filler, older: str) -> None:
    assert browser.get("/").status_code == 200
    filler.rows(f"UPDATE web_session SET {older} WHERE tenant_id = :tenant RETURNING 1")  # noqa: S608  # from this file
    assert browser.get("/").status_code == 302


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Browser, workspace: Workspace) -> None:
    [cookie] = [one for one in stranger.sign_in(workspace.email).headers.getlist("Set-Cookie") if "mailwright=" in one]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(
    settings: Settings, services: Services, workspace: Workspace
) -> None:
    app = app_over(replace(settings, public_url="https://localhost"), services)
    browser = Browser(app.test_client())
    options = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/sign-in"}}
    token = browser.get("/sign-in", **options).text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "email": workspace.email, "password": PASSWORD}
    answer = browser.client.post("/sign-in", data=form, **options)
    [cookie] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("__Host-mailwright=")]
    assert "Secure" in cookie
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    form["csrf_token"] = browser.get("/", **options).text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = browser.client.post("/sign-out", data=form, **options)
    [cookie] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("__Host-mailwright=")]
    assert "Secure" in cookie, "a browser does not forget a __Host- cookie otherwise"


def test_a_nonsense_cookie_is_as_good_as_none(stranger: Browser, workspace: Workspace) -> None:
    for value in ("nonsense", f"{workspace.id}.", f"{workspace.id}.\x7f", "..", "a.b"):
        stranger.client.set_cookie("mailwright", value)
        assert stranger.get("/").status_code == 302
