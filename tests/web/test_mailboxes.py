"""The mailboxes: connecting over the sandbox Google's own consent page, and everything that can come of it."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest
import requests

from bootstrap import Services, build
from sandbox.google import DEMO_CLIENT, Google, serve
from settings import Settings
from storage import mailboxes
from tests.conftest import Workspace
from tests.support.compiled import app_over
from tests.web.conftest import Browser, seen, signed_in
from tests.web.filling import Filler

SHOP = "shop@example.com"
OTHER = "other@example.com"
MODIFY = "https://www.googleapis.com/auth/gmail.modify"
HOME = "http://127.0.0.1:9"

STATUS = "SELECT address, status FROM mailbox WHERE tenant_id = :tenant ORDER BY connected_at"


@pytest.fixture(scope="module")
def google_server() -> Iterator[Google]:
    google = Google()
    with serve(google, port=0) as base_url:
        google.base_url = base_url
        yield google


@pytest.fixture
def google(google_server: Google) -> Google:
    """Nobody has consented to anything yet."""
    google_server.reset()
    google_server.account(SHOP, "The shop", "shop")
    return google_server


@dataclass
class Visitor(Browser):
    """A browser that also fills in Google's consent page as a person would."""

    def get(self, path: str, **more):
        return super().get(path, base_url=HOME, **more)

    def post(self, path: str, form: dict[str, str] | None = None, **more):
        return super().post(path, form, base_url=HOME, **more)

    def connect(
        self, decision: str = "allow", granted: tuple[str, ...] = (MODIFY,), path: str = "/mailboxes/connect",
        account: str = SHOP,
    ):  # fmt: skip
        """The address at which Google sends the browser back."""
        consent = self.post(path).headers["Location"]
        shown = requests.get(consent, timeout=60)
        asked = html.unescape(re.search(r'name="asked" value="([^"]*)"', shown.text)[1])
        form = [("asked", asked), ("account", account), ("decision", decision), *(("granted", one) for one in granted)]
        target = "{0.scheme}://{0.netloc}{0.path}".format(urlsplit(consent))
        return requests.post(target, data=form, timeout=60, allow_redirects=False).headers["Location"]

    def come_back(self, address: str) -> str:
        parts = urlsplit(address)
        return self.get(f"{parts.path}?{parts.query}", follow_redirects=True).text


@pytest.fixture
def connecting(settings: Settings, google: Google) -> Iterator[Services]:
    services = build(
        replace(
            settings,
            public_url=HOME,
            google_client_id=DEMO_CLIENT.id,
            google_client_secret=DEMO_CLIENT.secret,
            google_metadata_url=f"{google.base_url}/.well-known/openid-configuration",
        )
    )
    yield services
    services.close()


@pytest.fixture
def visitor(connecting: Services, workspace: Workspace) -> Visitor:
    made = Visitor(app_over(connecting.settings, connecting).test_client())
    assert made.sign_in(workspace.email).status_code == 302
    return made


def test_consent_makes_a_mailbox_with_sealed_tokens(visitor: Visitor, filler: Filler) -> None:
    page = seen(visitor.come_back(visitor.connect()))
    assert f"{SHOP} is connected. New mail is being handled." in page
    assert filler.rows(STATUS) == [(SHOP, "active")]
    [tokens] = filler.rows("SELECT refresh_sealed, access_sealed FROM mailbox WHERE tenant_id = :tenant")
    assert all(b"1//" not in bytes(sealed) and len(sealed) > 30 for sealed in tokens)


def test_consenting_again_brings_the_same_mailbox_back_to_life(visitor: Visitor, filler: Filler) -> None:
    visitor.come_back(visitor.connect())
    [row] = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")
    with filler.database.transaction(filler.tenant) as db:
        mailboxes.set_status(db, filler.tenant, row.id, "needs_reauth", only_from=["active"], error="Revoked.")
    page = visitor.page("/")
    assert f"Google no longer lets us into {SHOP}" in seen(page)
    assert page.count('class="banner"') == 1
    back = visitor.connect(path=f"/mailboxes/{row.id}/reconnect")
    assert f"{SHOP} works again." in seen(visitor.come_back(back))
    assert filler.rows("SELECT id, status FROM mailbox WHERE tenant_id = :tenant") == [(row.id, "active")]


def test_reconnecting_a_paused_mailbox_leaves_it_paused(visitor: Visitor, filler: Filler) -> None:
    visitor.come_back(visitor.connect())
    [row] = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")
    visitor.post(f"/mailboxes/{row.id}/pause")
    page = visitor.come_back(visitor.connect(path=f"/mailboxes/{row.id}/reconnect"))
    assert f"{SHOP} is connected again, and still paused" in seen(page)
    assert filler.rows(STATUS) == [(SHOP, "paused")]


def test_reconnecting_with_another_account_connects_nothing_and_says_so(
    visitor: Visitor, filler: Filler, google: Google
) -> None:
    google.account(OTHER, "Somebody", "shop")
    visitor.come_back(visitor.connect())
    [row] = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")
    reconnect = f"/mailboxes/{row.id}/reconnect"
    page = seen(visitor.come_back(visitor.connect(path=reconnect, account=OTHER)))
    assert f"{SHOP} was to be reconnected, but the account chosen at Google is {OTHER}" in page
    assert filler.rows(STATUS) == [(SHOP, "active")]
    # Who then presses Connect means any account.
    visitor.connect(path=reconnect, account=OTHER)
    assert f"{OTHER} is connected." in seen(visitor.come_back(visitor.connect(account=OTHER)))
    assert filler.rows(STATUS) == [(SHOP, "active"), (OTHER, "active")]


def test_a_mailbox_that_was_disconnected_comes_back_with_its_conversations(visitor: Visitor, filler: Filler) -> None:
    visitor.come_back(visitor.connect())
    [row] = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")
    visitor.post(f"/mailboxes/{row.id}/disconnect")
    assert f"{SHOP} works again." in seen(visitor.come_back(visitor.connect()))
    assert filler.rows("SELECT id, status FROM mailbox WHERE tenant_id = :tenant") == [(row.id, "active")]


@pytest.mark.parametrize(
    ("how", "heading"),
    [({"decision": "deny"}, "Nothing was connected"), ({"granted": ()}, "One permission is missing")],
)
def test_denial_and_partial_consent_end_on_a_clear_page(
    visitor: Visitor, filler: Filler, how: dict, heading: str
) -> None:
    page = visitor.come_back(visitor.connect(**how))
    assert heading in seen(page)
    assert "Connect Gmail again" in seen(page)
    assert "nothing was read and nothing was changed" in seen(page)
    assert filler.rows(STATUS) == []


def test_a_replayed_answer_of_google_is_worth_nothing(visitor: Visitor, filler: Filler) -> None:
    address = visitor.connect()
    visitor.come_back(address)
    assert "was used before, is too old, or belongs to another session" in seen(visitor.come_back(address))
    assert filler.rows(STATUS) == [(SHOP, "active")]


def test_another_sessions_answer_of_google_is_worth_nothing(
    visitor: Visitor, workspace: Workspace, filler: Filler
) -> None:
    address = visitor.connect()
    assert visitor.sign_in(workspace.email).status_code == 302
    assert "This could not be connected" in seen(visitor.come_back(address))
    assert filler.rows(STATUS) == []


def test_an_account_that_is_active_elsewhere_is_refused(
    visitor: Visitor, filler: Filler, rival: Filler, google: Google
) -> None:
    rival.mailbox("elsewhere@rival.example", sub=google.world.accounts[SHOP].sub)
    page = visitor.come_back(visitor.connect())
    assert "This Google account is already connected in another workspace." in seen(page)
    assert "rival" not in page
    assert filler.rows(STATUS) == []


def test_without_google_the_page_says_so(browser: Browser, filler: Filler) -> None:
    page = browser.press("/mailboxes/connect")
    assert "Google did not answer" in seen(page)
    assert "Connect Gmail again" in page


def test_pause_and_resume_say_what_they_do(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    assert "Paused: no mail is fetched and none leaves." in seen(browser.press(f"/mailboxes/{mailbox}/pause"))
    assert filler.rows(STATUS) == [("support@lumen.example", "paused")]
    assert "Nothing was changed" in seen(browser.press(f"/mailboxes/{mailbox}/pause"))
    assert "It works again" in seen(browser.press(f"/mailboxes/{mailbox}/resume"))
    assert filler.rows(STATUS) == [("support@lumen.example", "active")]


def test_disconnecting_asks_first_and_then_erases(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    page = browser.page("/mailboxes/")
    confirm = page.split("Disconnect…</summary>")[1].split("</details>")[0]
    assert "Disconnect support@lumen.example?" in confirm
    assert f"/mailboxes/{mailbox}/disconnect" in confirm
    page = seen(browser.press(f"/mailboxes/{mailbox}/disconnect"))
    assert "The tokens are erased here" in page
    assert "Disconnected before (1)" in page
    assert filler.rows(STATUS) == [("support@lumen.example", "disconnected")]


def test_receiving_and_sending_health_stand_apart(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    with filler.database.transaction(filler.tenant) as db:
        mailboxes.note_sending(db, filler.tenant, mailbox, error="Gmail refused the reply.")
    filler.rows("UPDATE mailbox SET sync_state = 'live', last_ok_at = now() WHERE tenant_id = :tenant RETURNING 1")
    page = seen(browser.page("/mailboxes/"))
    assert "Receiving working Last asked" in page
    assert "Sending in trouble Gmail refused the reply." in page


def test_who_is_not_signed_in_comes_to_the_sign_in_page(app, workspace: Workspace) -> None:
    stranger = Browser(app.test_client())
    assert stranger.get("/mailboxes/callback?code=x&state=y").headers["Location"].startswith("/sign-in")
    assert signed_in(app, workspace.email).get("/mailboxes/").status_code == 200
