"""Signing up: a workspace of one's own, closed by a setting, and silent about everybody else."""

from dataclasses import replace

from app import create_app
from bootstrap import build
from tests.conftest import PASSWORD, Workspace
from tests.web.conftest import Browser, seen
from web import sign_up
from web.sign_up import short_name

FORM = {"shop": "Lampe & Söhne", "name": "Lea", "email": "lea@lampe.example", "password": PASSWORD}


def test_a_workspace_is_made_with_its_owner_and_nothing_of_anybody_else(stranger: Browser, workspace) -> None:
    assert "/sign-up" in stranger.page("/sign-in")
    assert stranger.post("/sign-up", FORM).headers["Location"] == "/"
    page = stranger.page("/people")
    assert "Lampe &amp; Söhne" in page
    assert "lea" in page
    assert "Olivia" not in page
    assert stranger.get("/record").status_code == 200


def test_an_address_that_is_known_elsewhere_is_answered_like_any_other(
    app, stranger: Browser, workspace: Workspace
) -> None:
    known = stranger.post("/sign-up", {**FORM, "shop": workspace.slug, "email": workspace.email})
    other = Browser(app.test_client()).post("/sign-up", FORM)
    assert (known.status_code, known.headers["Location"]) == (other.status_code, other.headers["Location"])
    assert "Olivia" not in stranger.page("/people")
    assert Browser(app.test_client()).sign_in(workspace.email).status_code == 302


def test_what_is_missing_is_said_and_what_was_typed_stays(stranger: Browser) -> None:
    cases = (({"shop": " "}, "a name"), ({"email": "x"}, "no mail address"), ({"password": "x"}, "at least 12"))
    for wrong, said in cases:
        page = stranger.post("/sign-up", {**FORM, **wrong}).text
        assert said in seen(page)
        assert 'value="Lea"' in page
        assert PASSWORD not in page


def test_where_it_is_switched_off_there_is_no_such_page(settings) -> None:
    services = build(replace(settings, sign_up=False))
    closed = Browser(create_app(services.settings, services).test_client())
    assert closed.get("/sign-up").status_code == 404
    assert closed.post("/sign-up", FORM).status_code == 404
    assert "/sign-up" not in closed.page("/sign-in")
    services.close()


def test_one_network_makes_no_workspaces_without_end(app, monkeypatch) -> None:
    monkeypatch.setattr(sign_up, "PER_NETWORK", 1)
    assert Browser(app.test_client()).post("/sign-up", FORM).status_code == 302
    assert "Too many attempts" in seen(Browser(app.test_client()).post("/sign-up", FORM).text)


def test_one_address_is_written_into_no_workspaces_without_end(app, monkeypatch) -> None:
    """Each of them is one more password to compare at each sign-in of its owner."""
    monkeypatch.setattr(sign_up, "PER_ADDRESS", 1)
    assert Browser(app.test_client()).post("/sign-up", FORM).status_code == 302
    again = Browser(app.test_client()).post("/sign-up", {**FORM, "email": FORM["email"].upper()})
    assert "Too many attempts" in seen(again.text)
    other = Browser(app.test_client()).post("/sign-up", {**FORM, "email": "someone@else.example"})
    assert other.status_code == 302


def test_a_short_name_is_made_of_any_name() -> None:
    assert short_name("Lampe & Söhne").startswith("lampe-sohne-")
    assert short_name("灯").startswith("workspace-")
    assert short_name("a") != short_name("a")
