"""Signing in with Google, over the sandbox's own pages: as a member who is there, or by an invitation."""

from urllib.parse import parse_qs, urlsplit

import pytest

from app import create_app
from bootstrap import Services
from sandbox.faults import Fault
from sandbox.google import Google
from storage import invitations
from tests.conftest import Workspace
from tests.sandbox.consent import decide
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler
from tests.web.test_mailboxes import HOME, SHOP, Visitor, connecting, google, google_server  # noqa: F401  # fixtures
from web.secret_links import written

ADDRESS = SHOP


@pytest.fixture
def visitor(connecting: Services) -> Visitor:  # noqa: F811  # the fixture
    """Somebody who has not signed in, where there is a Google."""
    return Visitor(create_app(connecting.settings, connecting).test_client())


@pytest.fixture
def known(filler: Filler) -> Filler:
    """The owner's address is the one of an account at Google."""
    filler.rows("UPDATE member SET email = :email WHERE tenant_id = :tenant RETURNING 1", email=ADDRESS)
    return filler


def to_google(browser: Browser, path: str = "/sign-in/google", form: dict[str, str] | None = None, **more) -> str:
    """Press the button, agree at Google; returns the path with which Google sends the browser back."""
    consent = browser.post(path, form).headers["Location"]
    back = urlsplit(decide(consent, ADDRESS, **more))
    return f"{back.path}?{back.query}"


def sign_in(browser: Browser, **more) -> str:
    return seen(browser.get(to_google(browser, **more), follow_redirects=True).text)


def subs(filler: Filler) -> list[str | None]:
    return [row.google_sub for row in filler.rows("SELECT google_sub FROM member WHERE tenant_id = :tenant")]


def test_a_member_whose_address_is_known_is_let_in_and_the_account_is_linked(visitor: Browser, known: Filler) -> None:
    page = sign_in(visitor)
    assert visitor.get("/").status_code == 200, page
    [linked] = subs(known)
    assert linked
    # From now on the account counts, whatever its address is, and whatever ours is.
    known.rows("UPDATE member SET email = 'another@x.example' WHERE tenant_id = :tenant RETURNING 1")
    visitor.post("/sign-out")
    sign_in(visitor)
    assert visitor.get("/").status_code == 200


def test_we_ask_google_who_it_is_with_state_nonce_and_pkce_and_for_nothing_else(visitor: Browser) -> None:
    asked = parse_qs(urlsplit(visitor.post("/sign-in/google").headers["Location"]).query)
    assert asked["scope"] == ["openid email"]
    assert asked["code_challenge_method"] == ["S256"]
    assert all(asked[name][0] for name in ("state", "nonce", "code_challenge"))
    assert asked["redirect_uri"] == [f"{HOME}/sign-in/google/callback"]


@pytest.mark.parametrize(
    "change",
    ["verified_at = NULL", "deactivated_at = now()", "google_sub = 'another account'", "email = 'other@x.example'"],
)
def test_who_is_not_known_to_own_the_address_or_was_let_go_is_not_let_in(
    visitor: Browser, known: Filler, change: str
) -> None:
    known.rows(f"UPDATE member SET {change} WHERE tenant_id = :tenant RETURNING 1")  # noqa: S608  # from this file
    assert "No workspace knows this Google account" in sign_in(visitor)
    assert visitor.get("/").status_code == 302


@pytest.mark.parametrize("fault", ["bad_nonce", "bad_signature", "bad_audience", "no_id_token"])
def test_a_statement_of_google_that_does_not_hold_lets_nobody_in(
    visitor: Browser,
    known: Filler,
    google: Google,  # noqa: F811  # the fixture
    fault: str,
) -> None:
    back = to_google(visitor)
    google.world.faults.add(Fault("oauth.token", fault))
    visitor.get(back)
    assert visitor.get("/").status_code == 302


def test_an_answer_that_was_used_or_is_somebody_elses_lets_nobody_in(visitor: Browser, known: Filler) -> None:
    back = to_google(visitor)
    thief = Visitor(visitor.client.application.test_client())
    assert "belongs to another browser" in seen(thief.get(back, follow_redirects=True).text)
    to_google(thief)
    thief.get(back)
    assert thief.get("/").status_code == 302
    visitor.get(back)
    assert visitor.get("/").status_code == 200
    visitor.post("/sign-out")
    visitor.get(back)
    assert visitor.get("/").status_code == 302


def test_saying_no_at_google_lets_nobody_in_and_says_so(visitor: Browser, known: Filler) -> None:
    assert "nothing was changed" in sign_in(visitor, decision="deny")


def test_an_invitation_is_accepted_by_the_account_of_its_address_and_by_no_other(
    visitor: Browser, filler: Filler, workspace: Workspace
) -> None:
    for email, welcome in (("other@x.example", False), (ADDRESS, True)):
        with filler.database.transaction(filler.tenant) as db:
            token = invitations.invite(db, filler.tenant, email=email, role="agent", by=workspace.owner)
        page = sign_in(visitor, form={"link": written(filler.tenant, token)})
        assert ("this Google account is another one" in page) is not welcome
        assert (visitor.get("/").status_code == 200) is welcome
    assert visitor.get("/record").status_code == 403
    # Without a password of their own they cannot lock themselves out.
    assert "Choose a password before" in seen(visitor.page("/account"))
    visitor.post("/account/google/unlink")
    assert len([one for one in subs(filler) if one]) == 1


def test_an_account_is_linked_and_unlinked_by_who_is_signed_in(
    visitor: Browser, filler: Filler, workspace: Workspace
) -> None:
    visitor.sign_in(workspace.email)
    page = visitor.get(to_google(visitor, "/account/google"), follow_redirects=True).text
    assert f"The Google account {ADDRESS} signs you in" in seen(page)
    assert len([one for one in subs(filler) if one]) == 1
    visitor.post("/account/google/unlink")
    assert subs(filler) == [None]


def test_who_signed_out_meanwhile_links_nothing(visitor: Browser, filler: Filler, workspace: Workspace) -> None:
    visitor.sign_in(workspace.email)
    back = to_google(visitor, "/account/google")
    visitor.client.delete_cookie("mailwright", domain="127.0.0.1")
    visitor.get(back)
    assert subs(filler) == [None]


def test_a_second_factor_is_asked_for_after_google_too(visitor: Browser, known: Filler, services) -> None:
    sealed = services.vault.seal(b"x", tenant=known.tenant, mailbox=known.member, field="second_factor")
    known.rows(
        "INSERT INTO second_factor (tenant_id, member_id, secret_sealed, confirmed_at)"
        " VALUES (:tenant, :member, :sealed, now()) RETURNING 1",
        member=known.member,
        sealed=sealed.value,
    )
    assert "Your code" in sign_in(visitor)
    assert visitor.get("/").status_code == 302
