"""What protects the desk: headers, forgery, hosts, sizes, hostile mail, and pages for everything that goes wrong."""

import re
from dataclasses import replace
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest

from adapters.mime.parse import parse
from bootstrap import build
from domain.decision import Check, Citation, Decision, Reply
from domain.errors import Collided
from domain.message import Address, Attachment
from settings import Settings
from tests.conftest import Workspace
from tests.support.compiled import app_over
from tests.web.conftest import Browser, seen, signed_in
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler
from web.errors import TOLD
from web.session import signed_in as signed_in_page

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
TURNED = "lamp\u202egpj.exe"


def test_no_page_has_a_style_or_a_script_of_its_own(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    for path in ("/", "/conversations", f"/conversations/{held.conversation}", "/mailboxes/", "/nothing/here"):
        answer = browser.get(path)
        nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])[1]
        assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text)
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text), "nothing comes from another site"
        for script in re.findall(r"<script[^>]*>", answer.text):
            assert f'nonce="{nonce}"' in script
            assert " src=" in script
    assert browser.get("/").headers["Content-Security-Policy"] != browser.get("/").headers["Content-Security-Policy"]


def test_the_mails_own_layout_stays_in_a_frame_without_rights(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    held, plain = filler.held(mailbox), filler.held(mailbox, replace(MESSAGE, html=""))
    answer = browser.get(f"/messages/{held.message}/formatted")
    assert "<b>send it back</b>" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert browser.get(f"/messages/{plain.message}/formatted").status_code == 404
    assert "<iframe sandbox " in browser.page(f"/conversations/{held.conversation}")


def test_a_form_without_its_token_changes_nothing(app, browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    for rule in app.url_map.iter_rules():
        # A customer's page acts by no cookie: its form carries the link's own token (tests/web/test_confirm.py).
        if "POST" in rule.methods and rule.endpoint != "confirm.confirm":
            path = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, held.decision))
            answer = browser.client.post(path, data={"text": "x", "on": "no"})
            assert answer.status_code == 400, path
            assert "This form is too old" in answer.text
    assert filler.rows("SELECT state FROM outbox WHERE tenant_id = :tenant") == [("held",)]
    assert filler.rows("SELECT answering FROM tenant WHERE tenant_id = :tenant") == [(True,)]


def test_another_site_cannot_press_a_button_even_with_a_token(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    path = f"/decisions/{held.decision}/dismiss"
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:1"},
    ):
        assert browser.post(path, headers=headers).status_code == 403, headers
    assert filler.rows("SELECT state FROM outbox WHERE tenant_id = :tenant") == [("held",)]
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, {"Origin": "null"}):
        assert browser.post(path, headers=headers).status_code == 302, headers


def test_a_host_that_is_not_ours_gets_no_page(browser: Browser) -> None:
    for host in ("evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example"):
        answer = browser.get("/", headers={"Host": host})
        assert answer.status_code == 400, host
        assert host not in answer.text


def test_a_request_that_is_too_large_is_told_so(browser: Browser) -> None:
    answer = browser.client.post("/sign-in", data={"email": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "This is too large" in answer.text


def test_the_wrong_method_is_told_so(browser: Browser) -> None:
    answer = browser.get("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "wrong method" in answer.text


def test_an_error_of_ours_says_what_it_means_for_the_mail(app, workspace: Workspace) -> None:
    app.testing = False
    app.add_url_rule("/breaks", "breaks", signed_in_page(lambda: {}["a secret detail"]))
    answer = signed_in(app, workspace.email).get("/breaks")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "Mail keeps being fetched" in answer.text
    assert "secret" not in answer.text


def test_every_error_page_says_what_happened_what_it_means_and_what_to_press() -> None:
    assert {400, 403, 404, 413, 500, 503} <= set(TOLD)
    for told in TOLD.values():
        assert told.happened.endswith(".")
        assert told.mail.endswith(".")
        assert all(told.press)


def test_who_gives_way_to_somebody_else_is_told_so_and_not_that_the_database_is_away(
    browser: Browser, filler: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collides(*_words: object, **_more: object) -> bool:
        raise Collided

    held = filler.held(filler.mailbox())
    monkeypatch.setattr("storage.desk.dismiss", collides)
    answer = browser.post(f"/decisions/{held.decision}/dismiss")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "Somebody else was changing this" in answer.text
    assert "not reachable" not in answer.text


def test_while_postgres_is_away_every_page_says_so(settings: Settings, workspace: Workspace) -> None:
    away = build(replace(settings, database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    browser = Browser(app_over(away.settings, away).test_client())
    assert browser.get("/sign-in").status_code == 200
    assert browser.get("/healthz").text == "alive\n"
    assert browser.get("/readyz").status_code == 503
    browser.client.set_cookie("mailwright", f"{workspace.id}.token")
    for path in ("/", "/mailboxes/", "/sign-in", f"/conversations/{uuid4()}"):
        answer = browser.get(path)
        assert answer.status_code == 503, path
        assert answer.headers["Retry-After"] == "1"
        assert "The database is not reachable" in answer.text
        assert "No mail is lost" in answer.text
    away.close()


def _hostile(filler: Filler) -> tuple[UUID, UUID]:
    """A conversation in which everything that a stranger can choose is an attack."""
    mailbox = filler.mailbox()
    message = replace(
        MESSAGE,
        sender=Address("evil@example.org", f"{EVIL}{TURNED}"),
        subject=f"{EVIL}{TURNED}",
        text=f"{EVIL}\n{TURNED}",
        attachments=(Attachment(f"{EVIL}{TURNED}", EVIL, 1, "0" * 64),),
    )
    read = replace(
        UNDERSTANDING, text=f"{EVIL}\n{TURNED}</textarea>", quoted=EVIL, signature=EVIL, importance_reason=EVIL,
        order_numbers=(EVIL,), threat=EVIL, sub_intent=EVIL, language=EVIL[:8],
    )  # fmt: skip
    decision = (
        Decision.hold(f"{EVIL}{TURNED}", Reply(message.sender, message.subject, f"</textarea>{EVIL}{TURNED}"))
        .proven_by(Citation(EVIL, f"{EVIL}{TURNED}", 0, 1, f"{EVIL}{TURNED}", EVIL))
        .checked(Check(f"{EVIL}{TURNED}", passed=False))
    )
    claim = filler.store(mailbox, message)
    return claim.conversation, filler.decide(claim, decision, read)


def test_what_a_stranger_wrote_is_text_on_every_page(browser: Browser, filler: Filler) -> None:
    conversation, decision = _hostile(filler)
    paths = ["/", "/conversations", f"/conversations/{conversation}", "/mailboxes/", "/?q=" + EVIL.replace(" ", "+")]

    def check() -> None:
        for path in paths:
            page = browser.page(path)
            assert "<script>alert" not in page, path
            assert "<img src=x" not in page, path
            assert "\u202e" not in page, path

    check()
    assert "lampgpj.exe" in seen(browser.page("/"))
    assert "</textarea><" not in browser.page(paths[2]).split("<textarea")[1].split("</textarea>")[0]
    browser.press(f"/decisions/{decision}/send", {"text": f"</textarea>{EVIL}{TURNED}"})
    for state in ("failed", "needs_person", "sent", "uncertain", "cancelled"):
        filler.move(decision, state, error=EVIL)
        check()


def test_a_workspace_may_be_named_anything(browser: Browser, filler: Filler) -> None:
    filler.rows("UPDATE tenant SET name = :name WHERE tenant_id = :tenant RETURNING 1", name=EVIL)
    filler.rows("UPDATE member SET name = :name WHERE tenant_id = :tenant RETURNING 1", name=EVIL)
    assert "<script>alert" not in browser.page("/")


@pytest.mark.parametrize("query", ["q=%00", "after=%00", "q=%ed%a0%80", "category=%ff", "q=" + "x" * 5000])
def test_nonsense_in_the_address_bar_breaks_nothing(browser: Browser, query: str) -> None:
    assert browser.get(f"/?{query}").status_code == 200
    assert browser.get(f"/conversations?{query}").status_code == 200
    assert browser.get(f"/sign-in?next={query}").status_code == 302


def test_an_attachment_is_saved_and_never_shown(browser, filler) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "anna@customer.example", "support@lumen.example", "Look"
    mail.set_content("See the page.")
    mail.add_attachment(b"<script>alert(1)</script>", maintype="text", subtype="html", filename="../../evil\u202e.html")
    raw = mail.as_bytes()
    held = filler.held(filler.mailbox(), parse(raw), raw=raw)
    assert f"/messages/{held.message}/attachment?number=0" in browser.page(f"/conversations/{held.conversation}")
    answer = browser.get(f"/messages/{held.message}/attachment?number=0")
    assert (answer.status_code, answer.data) == (200, b"<script>alert(1)</script>")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "/" not in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for nothing in ("number=1", "number=-1", "number=99999999999999999999"):
        assert browser.get(f"/messages/{held.message}/attachment?{nothing}").status_code == 404


def test_a_mail_can_be_saved_as_it_came(browser, filler) -> None:
    held = filler.held(filler.mailbox(), raw=b"From: somebody\r\n\r\nthe bytes")
    answer = browser.get(f"/messages/{held.message}/original")
    assert answer.data == b"From: somebody\r\n\r\nthe bytes"
    assert answer.mimetype == "application/octet-stream"
