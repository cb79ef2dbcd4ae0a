"""A forgotten password: a link by mail or by hand, once, and nothing that tells which addresses we know."""

from collections.abc import Iterator
from dataclasses import replace
from queue import Empty, Queue

import pytest

from app import create_app
from bootstrap import build
from sandbox.smtp import running_smtp
from storage import members, resets
from tests.commands.test_upkeep import flask
from tests.conftest import Workspace
from tests.web.conftest import Browser, seen, signed_in
from tests.web.filling import Filler
from web import new_password

NEW = "a new password of mine"


class Post:
    """An app that sends mail, and the mails that its server took."""

    def __init__(self, settings, mails: Queue) -> None:
        self.mails, self.services = mails, build(settings)
        self.app = create_app(settings, self.services)
        self.app.testing = True
        self.browser = Browser(self.app.test_client())

    def ask(self, email: str) -> str:
        page = self.browser.post("/forgotten", {"email": email})
        # What was begun is done: the one thread takes one thing after the other.
        self.app.extensions["mailwright_letters"].submit(lambda: None).result(20)
        return page.text

    def link(self) -> str:
        mail = self.mails.get(timeout=60)
        [line] = [one for one in mail.get_content().splitlines() if "/new-password/" in one]
        return line.removeprefix("http://localhost")


@pytest.fixture
def post(settings, workspace) -> Iterator[Post]:
    mails: Queue = Queue()
    with running_smtp(mails.put) as port:
        found = {"mail_host": "127.0.0.1", "mail_port": port, "mail_security": "none", "mail_from": "desk@x.example"}
        one = Post(replace(settings, **found), mails)
        yield one
        one.app.extensions["mailwright_letters"].shutdown()
        one.services.close()


def test_who_opens_the_mailed_link_chooses_a_password_once_and_is_signed_out_everywhere(
    post: Post, workspace: Workspace, filler: Filler
) -> None:
    inside = signed_in(post.app, workspace.email)
    post.ask(workspace.email.upper())
    link = post.link()
    assert workspace.email in post.browser.page(link)
    assert "at least 12 characters" in post.browser.post(link, {"password": "short"}).text
    assert post.browser.post(link, {"password": NEW}).headers["Location"] == "/sign-in"
    assert inside.get("/").status_code == 302
    assert post.browser.post(link, {"password": "and once more, please"}).status_code == 404
    assert post.browser.sign_in(workspace.email).status_code == 200
    assert post.browser.sign_in(workspace.email, NEW).status_code == 302
    kinds = [row.kind for row in filler.rows("SELECT kind FROM event WHERE tenant_id = :tenant")]
    assert kinds.count("password_reset") == 1


def test_the_answer_is_the_same_for_an_address_that_nobody_has_and_no_mail_leaves(
    post: Post, workspace: Workspace
) -> None:
    known, nobodys = post.ask(workspace.email), post.ask("nobody@lumen.example")
    assert seen(known).replace(workspace.email, "X") == seen(nobodys).replace("nobody@lumen.example", "X")
    post.link()
    with pytest.raises(Empty):
        post.mails.get_nowait()


def test_each_workspace_of_the_address_has_a_link_of_its_own(
    post: Post, workspace: Workspace, other_workspace: Workspace, database, password_hash
) -> None:
    with database.transaction(other_workspace.id) as db:
        values = {"name": "x", "password_hash": password_hash, "role": "agent"}
        members.add(db, other_workspace.id, email=workspace.email, **values)
    post.ask(workspace.email)
    words = post.mails.get(timeout=60).get_content()
    assert words.count("/new-password/") == 2
    assert "lumen:" in words
    assert "rival:" in words


def test_a_stranger_writes_nothing_into_the_mail_and_who_opens_their_link_shares_nothing_with_them(
    post: Post, workspace: Workspace
) -> None:
    form = {"shop": "Locked! See https://evil.example/in", "name": "x", "email": workspace.email, "password": NEW}
    assert Browser(post.app.test_client()).post("/sign-up", form).status_code == 302
    with post.services.database.without_tenant() as db:
        proven, theirs = members.candidates(db, workspace.email)
    assert proven.tenant == workspace.id
    with post.services.database.transaction(theirs.tenant) as db:
        assert members.link_google(db, theirs.tenant, theirs.member, "the stranger's account")
    post.ask(workspace.email)
    words = post.mails.get(timeout=60).get_content()
    assert "evil.example" not in words
    mine, warned, other = words.partition(new_password.UNPROVEN)
    assert warned, "nothing tells the owner which link is a stranger's"
    assert mine.count("/new-password/") == other.count("/new-password/") == 1
    assert "lumen:" in mine
    [link] = [one.removeprefix("http://localhost") for one in other.splitlines() if "/new-password/" in one]
    assert post.browser.post(link, {"password": "another new password"}).status_code == 302
    with post.services.database.without_tenant() as db:
        assert members.of_google(db, "the stranger's account", "nobody@x.example") == []


def test_a_newer_link_ends_the_one_before_and_an_old_one_has_ended(
    post: Post, workspace: Workspace, filler: Filler
) -> None:
    post.ask(workspace.email)
    first = post.link()
    post.ask(workspace.email)
    second = post.link()
    assert post.browser.get(first).status_code == 404
    assert post.browser.get(second).status_code == 200
    filler.rows("UPDATE password_reset SET expires_at = now() WHERE tenant_id = :tenant RETURNING 1")
    assert post.browser.get(second).status_code == 404
    assert post.browser.get(second).data == post.browser.get("/new-password/nonsense").data


def test_asking_again_and_again_is_refused(post: Post, workspace: Workspace, monkeypatch) -> None:
    monkeypatch.setattr(new_password, "LINKS_PER_ADDRESS", 1)
    post.ask(workspace.email)
    assert "Too many attempts" in seen(post.ask(workspace.email))
    post.link()
    with pytest.raises(Empty):
        post.mails.get_nowait()


def test_who_was_let_go_gets_no_link(post: Post, workspace: Workspace, filler: Filler) -> None:
    filler.rows("UPDATE member SET deactivated_at = now() WHERE tenant_id = :tenant RETURNING 1")
    post.ask(workspace.email)
    with pytest.raises(Empty):
        post.mails.get_nowait()


def test_a_mail_server_that_is_away_breaks_nothing(settings, workspace: Workspace) -> None:
    mail = {"mail_host": "127.0.0.1", "mail_port": 9, "mail_security": "none", "mail_from": "desk@x.example"}
    one = Post(replace(settings, **mail), Queue())
    assert "on its way" in seen(one.ask(workspace.email))
    one.services.close()


def test_without_a_mail_server_the_page_says_whom_to_ask_and_no_link_is_made(
    stranger: Browser, workspace: Workspace, filler: Filler
) -> None:
    assert "sends no mail" in seen(stranger.page("/forgotten"))
    assert "sends no mail" in seen(stranger.post("/forgotten", {"email": workspace.email}).text)
    assert not filler.rows("SELECT 1 FROM password_reset WHERE tenant_id = :tenant")


def test_a_link_by_hand_works_and_does_not_prove_the_address(
    settings, stranger: Browser, workspace: Workspace, filler: Filler
) -> None:
    filler.rows("UPDATE member SET verified_at = NULL WHERE tenant_id = :tenant RETURNING 1")
    made = flask(settings, "member", "reset-link", workspace.email, "--tenant", "lumen")
    link = made.stdout.strip().removeprefix("http://localhost")
    assert stranger.post(link, {"password": NEW}).status_code == 302
    assert not filler.rows("SELECT 1 FROM member WHERE tenant_id = :tenant AND verified_at IS NOT NULL")
    nobody = flask(settings, "member", "reset-link", "nobody@x.example", "--tenant", "lumen")
    assert (nobody.returncode, nobody.stderr.startswith("email: Nobody in lumen")) == (2, True)


def test_a_mailed_link_proves_the_address(database, workspace: Workspace, filler: Filler) -> None:
    filler.rows("UPDATE member SET verified_at = NULL WHERE tenant_id = :tenant RETURNING 1")
    with database.transaction(workspace.id) as db:
        token = resets.make(db, workspace.id, workspace.owner, by_mail=True)
        assert resets.use(db, workspace.id, token, "x") == workspace.owner
        assert resets.use(db, workspace.id, token, "y") is None
    assert filler.rows("SELECT 1 FROM member WHERE tenant_id = :tenant AND verified_at IS NOT NULL")
