"""What web writes into its log: each request with ids, and never a body, an address, a query or a token."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from adapters import logs
from storage import members
from tests.conftest import PASSWORD
from tests.web.conftest import Browser
from tests.web.filling import Filler


class Written(io.StringIO):
    """Standard error of a program, read as the objects that stand in it."""

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def requests(self) -> list[dict]:
        return [line for line in self.lines() if line["event"] == "request"]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """The log as a program writes it at level INFO, into memory."""
    stream = Written()
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("INFO")
    yield stream
    monkeypatch.undo()
    root.handlers[:], root.level = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_request_is_told_by_the_name_of_its_page_with_ids_and_time(
    written: Written, browser: Browser, workspace, filler: Filler
) -> None:
    held = filler.held(filler.mailbox())
    browser.page(f"/conversations/{held.conversation}")
    line = written.requests()[-1]
    assert line["method"] == "GET"
    assert line["endpoint"] == "conversation.page"
    assert line["status"] == 200
    assert line["milliseconds"] > 0
    assert (line["tenant"], line["member"]) == (str(workspace.id), str(workspace.owner))
    assert str(held.conversation) not in json.dumps(line)


def test_a_stranger_and_a_page_that_is_not_there_are_told_too(written: Written, stranger: Browser) -> None:
    stranger.get("/no/such/page?q=canary")
    line = written.requests()[-1]
    assert (line["endpoint"], line["status"], line["tenant"], line["member"]) == ("", 404, None, None)


def test_files_and_health_are_not_worth_a_line(written: Written, stranger: Browser) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/static/desk.css"):
        stranger.get(path).close()
    assert written.requests() == []


def test_an_id_of_a_proxy_is_kept_and_told_back(written: Written, stranger: Browser) -> None:
    answer = stranger.get("/sign-in", headers={"X-Request-Id": "0a1b2c3d-proxy-77"})
    assert written.requests()[-1]["request"] == answer.headers["X-Request-Id"] == "0a1b2c3d-proxy-77"


@pytest.mark.parametrize(
    "given", ["short", "a" * 65, "an id with spaces", 'x"}{"event": 1', "<script>abc</script>", "ä" * 9]
)
def test_what_is_no_plain_id_is_not_taken_over(written: Written, stranger: Browser, given: str) -> None:
    answer = stranger.get("/sign-in", headers={"X-Request-Id": given})
    made = answer.headers["X-Request-Id"]
    assert written.requests()[-1]["request"] == made
    assert len(made) == 32
    assert given not in written.getvalue()


def test_each_request_has_an_id_of_its_own(written: Written, stranger: Browser) -> None:
    ids = {stranger.get("/sign-in").headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    assert ids == {line["request"] for line in written.requests()}


def test_a_page_that_breaks_says_where_and_nothing_of_what_was_asked(written: Written, app, stranger: Browser) -> None:
    def broken(secret: str) -> str:
        raise RuntimeError(f"canary words of a customer, {secret}")

    app.testing = False
    app.add_url_rule("/broken/<secret>", "static.broken", broken)
    app.before_request_funcs[None] = app.before_request_funcs[None][:1]  # its guard would refuse a page of nobody
    assert stranger.get("/broken/canary-token").status_code == 500
    [line] = [line for line in written.lines() if line["event"] == "request_broke"]
    assert line["error"] == "RuntimeError"
    assert any("test_request_log.py" in place for place in line["places"])
    assert line["request"] == written.requests()[-1]["request"]
    assert "canary" not in written.getvalue()


def test_a_day_at_the_desk_leaves_no_body_no_address_and_no_token_in_the_log(
    written: Written, app, workspace, filler: Filler, database
) -> None:
    stranger = Browser(app.test_client())
    stranger.sign_in(workspace.email, "canary-wrong-password")
    browser = Browser(app.test_client())
    browser.sign_in(workspace.email)
    held = filler.held(filler.mailbox("canary@lumen.example"))
    for path in ("/", "/alerts", "/people", "/account", "/mailboxes/", "/settings"):
        browser.page(path)
    browser.get("/conversations?q=canary+words&address=anna@example.org")
    browser.get("/invitation/canary-secret-of-a-link")
    browser.post(f"/decisions/{held.decision}/send", {"text": "canary text of a reply"})
    browser.post("/people/invite", {"email": "canary-new@lumen.example", "role": "agent"})
    browser.get("/metrics", headers={"Authorization": "Bearer canary-token"})
    with database.transaction(workspace.id) as db:
        cookie = members.open_session(db, workspace.id, workspace.owner)
    browser.client.set_cookie("mailwright", f"{workspace.id}.{cookie}")
    browser.page("/")
    log = written.getvalue()
    assert len(written.requests()) >= 12
    for secret in ("canary", "@", "anna", PASSWORD, cookie, "Sending the lamp", "csrf", "Bearer"):
        assert secret.lower() not in log.lower(), secret
