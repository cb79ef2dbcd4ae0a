"""People: invitations by link, roles, letting go, and the owner who stays."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.errors import BadInput
from storage import members, people
from tests.conftest import PASSWORD
from tests.web.conftest import Browser, seen, signed_in
from tests.web.filling import Filler

NEW = "ida@lumen.example"


def link_of(page: str) -> str:
    return page.split('id="link" value="http://localhost')[1].split('"', maxsplit=1)[0]


def invite(browser: Browser, email: str = NEW, role: str = "agent") -> str:
    return link_of(browser.press("/people/invite", {"email": email, "role": role}))


def join_by(stranger: Browser, link: str, password: str = PASSWORD, name: str = "Ida"):
    return stranger.post(link, {"name": name, "password": password})


def id_of(filler: Filler, email: str) -> UUID:
    [row] = filler.rows("SELECT id FROM member WHERE tenant_id = :tenant AND email = :email", email=email)
    return row.id


def kinds(filler: Filler) -> list[str]:
    return [row.kind for row in filler.rows("SELECT kind FROM event WHERE tenant_id = :tenant ORDER BY id")]


def test_the_page_with_the_link_does_not_ask_its_own_address_again(browser: Browser) -> None:
    assert "live.js" in browser.page("/people")
    assert "live.js" not in browser.press("/people/invite", {"email": NEW, "role": "agent"})


def test_whoever_opens_the_link_joins_once_in_the_role_that_was_given(
    browser: Browser, stranger: Browser, filler: Filler
) -> None:
    link = invite(browser)
    assert NEW in browser.page("/people")
    assert "Olivia Owner invited you, as agent" in seen(stranger.page(link))
    answer = join_by(stranger, link)
    assert answer.headers["Location"] == "/"
    assert "Ida" in stranger.page("/people")
    assert stranger.get("/record").status_code == 403
    assert join_by(stranger, link).status_code == 404
    assert [one for one in kinds(filler) if "member" in one] == ["member_invited", "member_joined"]
    assert signed_in(stranger.client.application, NEW).get("/").status_code == 200


def test_the_tables_hold_no_secret_of_a_link(browser: Browser, filler: Filler) -> None:
    secret = invite(browser).rsplit("/", 1)[1][32:]
    for table in ("invitation", "event"):
        assert secret not in str(filler.rows(f"SELECT * FROM {table} WHERE tenant_id = :tenant"))  # noqa: S608  # two names


@pytest.mark.parametrize(
    "ended",
    [
        "UPDATE invitation SET expires_at = now() - interval '1 second' WHERE tenant_id = :tenant RETURNING 1",
        "UPDATE invitation SET revoked_at = now() WHERE tenant_id = :tenant RETURNING 1",
        "UPDATE member SET deactivated_at = now() WHERE tenant_id = :tenant RETURNING 1",
    ],
    ids=["too old", "revoked", "who invited was let go"],
)
def test_a_link_that_has_ended_says_no_more_than_one_that_never_was(
    browser: Browser, stranger: Browser, filler: Filler, ended: str
) -> None:
    link = invite(browser)
    filler.rows(ended)
    nobodys = f"/invitation/{filler.tenant.hex}{'0' * 64}"
    for one in (link, "/invitation/nonsense", nobodys):
        assert stranger.get(one).status_code == 404
        assert stranger.get(one).data == stranger.get(nobodys).data
    assert join_by(stranger, link).status_code == 404
    assert stranger.get("/").status_code == 302


def test_an_invitation_is_revoked_on_the_page_and_a_newer_one_ends_the_one_before(
    browser: Browser, stranger: Browser, filler: Filler
) -> None:
    first, second = invite(browser), invite(browser)
    assert stranger.get(first).status_code == 404
    [row] = filler.rows("SELECT id FROM invitation WHERE tenant_id = :tenant AND revoked_at IS NULL")
    assert "works no more" in browser.press(f"/people/invitations/{row.id}/revoke")
    assert stranger.get(second).status_code == 404
    assert browser.post(f"/people/invitations/{row.id}/revoke").status_code == 404


def test_a_member_or_nonsense_is_not_invited_and_a_short_password_does_not_join(
    browser: Browser, stranger: Browser, workspace
) -> None:
    assert "is a member of this workspace already" in browser.press(
        "/people/invite", {"email": workspace.email.upper(), "role": "agent"}
    )
    for nonsense in ("", "ida", "ida@", "@x.example", "a b@x.example", "ida@@x.example", "ida@x"):
        assert "no mail address" in browser.press("/people/invite", {"email": nonsense, "role": "agent"})
    assert browser.post("/people/invite", {"email": NEW, "role": "king"}).status_code == 400
    link = invite(browser)
    assert "at least 12 characters" in stranger.post(link, {"password": "short"}).text
    assert join_by(stranger, link).status_code == 302


def test_too_many_tries_from_one_network_are_refused(browser: Browser, stranger: Browser, monkeypatch) -> None:
    from web import invitation

    monkeypatch.setattr(invitation, "ATTEMPTS_PER_NETWORK", 1)
    link = invite(browser)
    assert stranger.post("/invitation/nonsense", {"password": PASSWORD}).status_code == 404
    assert join_by(stranger, link).status_code == 429


def test_a_role_changes_at_once_and_who_is_let_go_is_out_at_once(browser: Browser, join, filler: Filler, app) -> None:
    tom = join("agent")
    person = id_of(filler, "agent.tom@lumen.example")
    browser.press(f"/people/{person}/role", {"role": "viewer"})
    assert tom.post("/answering", {"on": "no"}).status_code == 403
    browser.press(f"/people/{person}/deactivate")
    assert tom.get("/").status_code == 302
    assert "do not go together" in Browser(app.test_client()).sign_in("agent.tom@lumen.example").text
    browser.press(f"/people/{person}/reactivate")
    assert signed_in(app, "agent.tom@lumen.example").get("/").status_code == 200
    assert [one for one in kinds(filler) if one.startswith("member_")] == [
        "member_role_changed", "member_deactivated", "member_reactivated",
    ]  # fmt: skip


def test_the_last_owner_stays(browser: Browser, filler: Filler, join) -> None:
    for path, form in (
        (f"/people/{filler.member}/role", {"role": "admin"}),
        (f"/people/{filler.member}/deactivate", {}),
    ):
        assert "This is the last owner" in browser.press(path, form)
    join("owner", "Second")
    assert "The role is changed" in browser.press(f"/people/{filler.member}/role", {"role": "admin"})
    assert browser.post(f"/people/{id_of(filler, 'owner.second@lumen.example')}/deactivate").status_code == 403


def test_of_two_owners_who_let_each_other_go_at_once_one_stays(database, workspace, password_hash) -> None:
    with database.transaction(workspace.id) as db:
        values = {"name": "x", "password_hash": password_hash, "role": "owner"}
        second = members.add(db, workspace.id, email="second@lumen.example", **values)

    def leave(who: UUID) -> bool:
        try:
            with database.transaction(workspace.id) as db:
                return people.deactivate(db, workspace.id, who, by=who)
        except BadInput:
            return False

    for _ in range(5):
        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(leave, (workspace.owner, second))) == [False, True]
        with database.transaction(workspace.id) as db:
            db.execute(text("UPDATE member SET deactivated_at = NULL WHERE tenant_id = :t"), {"t": workspace.id})


def test_an_admin_makes_and_touches_no_owner(join, filler: Filler) -> None:
    admin = join("admin")
    assert admin.post("/people/invite", {"email": NEW, "role": "owner"}).status_code == 403
    for act in ("role", "deactivate", "reactivate"):
        assert admin.post(f"/people/{filler.member}/{act}", {"role": "viewer"}).status_code == 403
    mine = id_of(filler, "admin.tom@lumen.example")
    assert admin.post(f"/people/{mine}/role", {"role": "owner"}).status_code == 403
    assert admin.post("/people/second-factor", {"on": "yes"}).status_code == 403
    assert "owner: everything" not in admin.page("/people")


@pytest.mark.parametrize(
    ("inviter", "becomes", "gives", "works"),
    [
        ("admin", "viewer", "admin", False), ("admin", "agent", "viewer", False), ("owner", "admin", "owner", False),
        ("owner", "admin", "admin", True), ("admin", "owner", "admin", True),
    ],
)  # fmt: skip
def test_a_link_gives_no_more_than_who_made_it_may_give_by_now(
    browser: Browser, join, stranger: Browser, filler: Filler, inviter: str, becomes: str, gives: str, works: bool
) -> None:
    link = invite(join(inviter), role=gives)
    person = id_of(filler, f"{inviter}.tom@lumen.example")
    browser.press(f"/people/{person}/role", {"role": becomes})
    assert stranger.get(link).status_code == (200 if works else 404)
    assert join_by(stranger, link).status_code == (302 if works else 404)


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_others_see_who_is_there_and_change_nothing(join, filler: Filler, role: str) -> None:
    other = join(role)
    page = other.page("/people")
    assert "Olivia Owner" in page
    assert "Invite somebody" not in page
    for path in ("/people/invite", f"/people/{filler.member}/deactivate", f"/people/invitations/{uuid4()}/revoke"):
        assert other.post(path, {"email": NEW, "role": "agent"}).status_code == 403
