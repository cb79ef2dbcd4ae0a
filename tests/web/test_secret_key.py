"""SECRET_KEY is changed while people work: who is signed in stays so, and a form that was open says to load it anew."""

from dataclasses import replace
from secrets import token_hex
from uuid import uuid4

import pytest

from adapters.link_signing import LinkIds, signed, unsigned
from storage import invitations, members, resets
from tests.support.compiled import app_over
from tests.web.conftest import Browser


@pytest.fixture
def renewed(settings, services):
    """The same pages after a restart with another secret."""
    app = app_over(replace(settings, secret_key=token_hex(32)), services)
    app.testing = True
    return app


def cookie_of(browser: Browser) -> str:
    return browser.client.get_cookie("mailwright").value


def test_who_is_signed_in_stays_so_and_an_open_form_is_loaded_anew(browser: Browser, renewed) -> None:
    before = browser.token()
    after = Browser(renewed.test_client())
    after.client.set_cookie("mailwright", cookie_of(browser))
    after.page("/account")
    refused = after.client.post("/account/name", data={"csrf_token": before, "name": "Olga"})
    assert refused.status_code in (302, 400)
    assert "Olga" not in after.page("/account")
    assert "Olga" in after.press("/account/name", {"name": "Olga"})


def test_links_of_people_live_on_and_links_that_confirm_end(browser: Browser, renewed, database, workspace) -> None:
    with database.transaction(workspace.id) as db:
        reset = resets.make(db, workspace.id, workspace.owner, by_mail=True)
    ids = LinkIds(workspace.id, uuid4())
    assert unsigned(signed(ids, "a" * 32), "a" * 32) == ids
    assert unsigned(signed(ids, "a" * 32), "b" * 32) is None
    stranger = Browser(renewed.test_client())
    assert "password" in stranger.page(f"/new-password/{workspace.id.hex}{reset}").lower()


def test_a_session_of_one_tenant_opens_nothing_under_another_ones_name(
    browser: Browser, app, workspace, other_workspace
) -> None:
    tenant, _, token = cookie_of(browser).partition(".")
    assert tenant == str(workspace.id)
    moved = Browser(app.test_client())
    moved.client.set_cookie("mailwright", f"{other_workspace.id}.{token}")
    assert moved.get("/account").status_code == 302
    moved.client.set_cookie("mailwright", f"{workspace.id}.{token}")
    assert moved.get("/account").status_code == 200


def test_no_link_of_one_tenant_works_in_another(database, workspace, other_workspace) -> None:
    """Links are looked up in the tenant that they name; the hash alone is not enough."""
    with database.transaction(workspace.id) as db:
        session = members.open_session(db, workspace.id, workspace.owner)
        invited = invitations.invite(db, workspace.id, email="new@lumen.example", role="agent", by=workspace.owner)
        reset = resets.make(db, workspace.id, workspace.owner, by_mail=True)
    for tenant, works in ((other_workspace.id, False), (workspace.id, True)):
        with database.transaction(tenant) as db:
            found = (
                members.of_session(db, tenant, session),
                resets.look(db, tenant, reset),
                invitations.look(db, tenant, invited),
            )
        assert [one is not None for one in found] == [works] * 3


def test_a_link_that_confirms_names_its_tenant_under_the_signature() -> None:
    secret, ids = token_hex(32), LinkIds(uuid4(), uuid4())
    token = signed(ids, secret)
    assert unsigned(token, secret) == ids
    assert unsigned(uuid4().hex + token[32:], secret) is None
    assert unsigned(token[:32] + uuid4().hex + token[64:], secret) is None
