"""What the log tells of those who sign in, fail to, or try what they may not: who, from where, and no secret."""

import json

from structlog.testing import capture_logs

from tests.conftest import PASSWORD, Workspace
from tests.web.conftest import Browser, signed_in
from tests.web.filling import Filler
from web import sign_in

WRONG = "a wrong password with canary"


def told(lines: list, event: str) -> list:
    return [one for one in lines if one["event"] == event]


def test_signing_in_and_failing_to_is_told_with_time_network_and_who(
    app, stranger: Browser, workspace: Workspace
) -> None:
    with capture_logs() as lines:
        stranger.sign_in(workspace.email, WRONG)
        stranger.sign_in("nobody@x.example", WRONG)
        stranger.sign_in(workspace.email)
        stranger.post("/sign-out")
    wrong, unknown = told(lines, "sign_in_failed")
    assert (wrong["network"], wrong["known"], unknown["known"]) == ("127.0.0.0/24", True, False)
    [once] = told(lines, "signed_in")
    assert (once["tenant"], once["member"], once["way"]) == (workspace.id, workspace.owner, "sign_in.sign_in")
    assert told(lines, "session_ended")[0]["member"] == workspace.owner
    written = json.dumps(lines, default=str)
    assert not any(secret in written for secret in (WRONG, PASSWORD, workspace.email, "nobody@x.example"))


def test_a_wrong_second_step_is_told(app, browser: Browser, workspace: Workspace, filler: Filler, services) -> None:
    sealed = services.vault.seal(
        b"JBSWY3DPEHPK3PXP", tenant=workspace.id, mailbox=workspace.owner, field="second_factor"
    )
    filler.rows(
        "INSERT INTO second_factor (tenant_id, member_id, secret_sealed, confirmed_at, last_step)"
        " VALUES (:tenant, :member, :sealed, now(), 1) RETURNING 1",
        member=workspace.owner, sealed=sealed.value,
    )  # fmt: skip
    other = Browser(app.test_client())
    other.sign_in(workspace.email)
    with capture_logs() as lines:
        other.post("/sign-in/code", {"code": "canary"})
    [line] = told(lines, "second_step_failed")
    assert (line["member"], line["network"]) == (workspace.owner, "127.0.0.0/24")
    assert "canary" not in json.dumps(lines, default=str)


def test_who_tries_what_they_may_not_is_told(app, join, workspace: Workspace) -> None:
    """A page that is not theirs, a forged form, another site, a wrong method, another host."""
    tom = join("viewer")
    with capture_logs() as lines:
        tom.get("/record")
        tom.client.post("/account/name", data={"name": "canary"})
        tom.client.post("/account/name", headers={"Sec-Fetch-Site": "cross-site"})
        tom.get("/sign-out")
        tom.get("/", headers={"Host": "evil.example"})
    found = [(one["status"], one["endpoint"], one["why"]) for one in told(lines, "refused")]
    assert found[:3] == [
        (403, "audit.page", "Forbidden"),
        (400, "account.rename", "form token"),
        (403, "account.rename", "Forbidden"),
    ]
    assert [status for status, _, _ in found[3:]] == [405, 400]
    assert told(lines, "refused")[0]["tenant"] == workspace.id
    assert told(lines, "refused")[0]["member"] is not None
    assert "canary" not in json.dumps(lines, default=str)


def test_too_many_attempts_are_told(stranger: Browser, workspace: Workspace, monkeypatch) -> None:
    monkeypatch.setattr(sign_in, "ATTEMPTS_PER_ADDRESS", 1)
    with capture_logs() as lines:
        for _ in range(3):
            stranger.sign_in(workspace.email, WRONG)
    [line] = told(lines, "too_many_attempts")  # once an hour, not once for each
    assert (line["limit"], line["what"], len(line["under"])) == (1, "email", 8)
    assert workspace.email not in json.dumps(lines, default=str)


def test_nobody_who_does_what_they_may_is_told_of(app, workspace: Workspace) -> None:
    browser = signed_in(app, workspace.email)
    with capture_logs() as lines:
        browser.page("/")
        browser.press("/account/name", {"name": "Olivia Reed"})
    assert told(lines, "refused") == []
