"""The second factor: set up, asked for, each code once, recovery codes, and a workspace that requires it."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pyotp
import pytest

from adapters.one_time_codes import address, fresh_secret, picture, step_of
from adapters.vault import CannotOpen, Vault
from storage import second_factor
from tests.conftest import PASSWORD, Workspace
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler
from web import second_step

NOW = datetime(2026, 11, 26, 12, 0, 15, tzinfo=UTC)


def code_of(secret: str, moment: datetime | None = None) -> str:
    return pyotp.TOTP(secret).at(moment or datetime.now(UTC))


def set_up(browser: Browser) -> tuple[str, list[str]]:
    """Switch it on; returns the secret and the recovery codes that were shown."""
    page = browser.press("/account/second-factor")
    secret = page.split("Letters:</span> <code>")[1].split("<")[0].replace(" ", "")
    page = browser.press("/account/second-factor/confirm", {"code": code_of(secret)})
    return secret, re.findall(r"<li><code>([a-z0-9-]+)</code></li>", page)


def forget_steps(filler: Filler) -> None:
    """As if half a minute had passed since the last code was taken."""
    filler.rows("UPDATE second_factor SET last_step = 0 WHERE tenant_id = :tenant RETURNING 1")


@pytest.fixture
def locked(browser: Browser, filler: Filler) -> tuple[str, list[str]]:
    found = set_up(browser)
    forget_steps(filler)
    return found


def with_password(app, workspace: Workspace) -> Browser:
    one = Browser(app.test_client())
    assert one.sign_in(workspace.email).headers["Location"] == "/sign-in/code"
    return one


def test_with_a_code_one_is_in_and_without_one_is_not(app, locked, workspace: Workspace) -> None:
    other = with_password(app, workspace)
    assert other.get("/").status_code == 302
    assert "no code of now" in seen(other.post("/sign-in/code", {"code": "000000"}).text)
    assert other.get("/").status_code == 302
    assert other.post("/sign-in/code", {"code": code_of(locked[0])}).headers["Location"] == "/"
    assert other.get("/").status_code == 200


def test_a_code_is_taken_once(app, locked, workspace: Workspace) -> None:
    code = code_of(locked[0])
    first, second = with_password(app, workspace), with_password(app, workspace)
    assert first.post("/sign-in/code", {"code": code}).status_code == 302
    assert "no code of now" in seen(second.post("/sign-in/code", {"code": code}).text)


def test_the_code_that_confirmed_it_does_not_sign_in(
    app, browser: Browser, filler: Filler, workspace: Workspace
) -> None:
    secret, _ = set_up(browser)
    one = with_password(app, workspace)
    [(taken,)] = filler.rows("SELECT last_step FROM second_factor WHERE tenant_id = :tenant")
    assert "no code of now" in seen(one.post("/sign-in/code", {"code": pyotp.HOTP(secret).at(taken)}).text)
    assert one.get("/").status_code == 302


def test_a_recovery_code_signs_in_once_however_it_is_typed(app, locked, workspace: Workspace) -> None:
    _, codes = locked
    assert len(set(codes)) == 10
    one = with_password(app, workspace)
    assert one.post("/sign-in/code", {"code": codes[0].upper().replace("-", " ")}).status_code == 302
    assert "9 recovery codes are left" in seen(one.page("/account"))
    another = with_password(app, workspace)
    assert "no code of now" in seen(another.post("/sign-in/code", {"code": codes[0]}).text)


def test_a_recovery_code_signs_in_also_where_the_key_of_the_telephones_secret_is_lost(
    app, locked, workspace: Workspace, monkeypatch
) -> None:
    def lost(*_args: object, **_names: object) -> bytes:
        raise CannotOpen("It is sealed with a key that the ring does not have.")

    monkeypatch.setattr(Vault, "open", lost)
    one = with_password(app, workspace)
    assert "no code of now" in seen(one.post("/sign-in/code", {"code": code_of(locked[0])}).text)
    assert one.post("/sign-in/code", {"code": locked[1][0]}).status_code == 302
    assert one.get("/").status_code == 200


def test_guessing_ends_after_ten_tries_and_the_right_code_comes_too_late(
    app, locked, workspace: Workspace, monkeypatch
) -> None:
    monkeypatch.setattr(second_step, "ATTEMPTS", 2)
    one = with_password(app, workspace)
    for _ in range(2):
        one.post("/sign-in/code", {"code": "000000"})
    assert "Too many attempts" in seen(one.post("/sign-in/code", {"code": code_of(locked[0])}).text)
    assert one.get("/").status_code == 302


def test_the_second_step_needs_the_first_one_and_not_long_ago(app, locked, workspace, monkeypatch) -> None:
    nobody = Browser(app.test_client())
    assert nobody.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert nobody.post("/sign-in/code", {"code": code_of(locked[0])}).headers["Location"] == "/sign-in"
    late = with_password(app, workspace)
    monkeypatch.setattr(second_step, "LASTS_S", 0)
    assert late.post("/sign-in/code", {"code": code_of(locked[0])}).headers["Location"] == "/sign-in"


def test_the_secret_is_sealed_for_its_member_and_opens_nowhere_else(app, locked, services, filler: Filler) -> None:
    [row] = filler.rows("SELECT secret_sealed FROM second_factor WHERE tenant_id = :tenant")
    assert locked[0].encode() not in bytes(row.secret_sealed)
    with services.database.transaction(filler.tenant) as db:
        sealed = second_factor.find(db, filler.tenant, filler.member).secret
    good = {"tenant": filler.tenant, "mailbox": filler.member, "field": "second_factor"}
    assert services.vault.open(sealed, **good).decode() == locked[0]
    for wrong in ({"tenant": uuid4()}, {"mailbox": uuid4()}, {"field": "refresh"}):
        with pytest.raises(CannotOpen):
            services.vault.open(sealed, **{**good, **wrong})


def test_recovery_codes_are_hashed_and_made_anew_with_a_code(browser: Browser, locked, filler: Filler) -> None:
    kept = str(filler.rows("SELECT * FROM recovery_code WHERE tenant_id = :tenant"))
    assert not any(code in kept or code.replace("-", "") in kept for code in locked[1])
    page = browser.press("/account/second-factor/codes", {"code": code_of(locked[0])})
    anew = re.findall(r"<li><code>([a-z0-9-]+)</code></li>", page)
    assert len(anew) == 10
    assert not set(anew) & set(locked[1])
    assert "no code of now" in seen(browser.press("/account/second-factor/remove", {"code": locked[1][0]}))


def test_it_is_removed_with_a_code_only_and_others_are_signed_out(
    app, browser: Browser, locked, workspace: Workspace, filler: Filler
) -> None:
    other = with_password(app, workspace)
    other.post("/sign-in/code", {"code": locked[1][0]})
    assert "Nothing was changed" in seen(browser.press("/account/second-factor/remove", {"code": "123456"}))
    forget_steps(filler)
    browser.press("/account/second-factor/remove", {"code": code_of(locked[0])})
    assert other.get("/").status_code == 302
    assert Browser(app.test_client()).sign_in(workspace.email).headers["Location"] == "/"


def test_what_was_not_confirmed_is_not_asked_for(app, browser: Browser, workspace: Workspace) -> None:
    page = browser.press("/account/second-factor")
    assert "<svg" in page
    assert "style=" not in page.split("<svg")[1].split("</svg>")[0]
    assert "no code of now" in seen(browser.press("/account/second-factor/confirm", {"code": "12345"}))
    assert Browser(app.test_client()).sign_in(workspace.email).headers["Location"] == "/"


def test_a_workspace_that_requires_it_shows_nothing_else_until_then(browser: Browser, join) -> None:
    tom = join("agent")
    browser.press("/people/second-factor", {"on": "yes"})
    for path in ("/", "/conversations", "/settings", "/people"):
        assert tom.get(path).headers["Location"] == "/account", path
    assert tom.post("/answering", {"on": "no"}).headers["Location"] == "/account"
    assert "until then you see no other page" in seen(tom.page("/account"))
    set_up(tom)
    assert tom.get("/").status_code == 200
    assert browser.get("/").status_code == 302, "owners are no exception"
    set_up(browser)
    browser.press("/people/second-factor", {"on": "no"})


def test_codes_are_those_of_their_half_minute_and_its_neighbours() -> None:
    secret = fresh_secret()
    steps = [step_of(secret, code_of(secret, NOW + timedelta(seconds=30 * near)), NOW) for near in (-2, -1, 0, 1, 2)]
    now = int(NOW.timestamp()) // 30
    assert steps == [None, now - 1, now, now + 1, None]
    for nonsense in ("", "12345", "1234567", "abcdef", "１２３４５６", "12 34"):
        assert step_of(secret, nonsense, NOW) is None
    assert step_of("JBSWY3DPEHPK3PXP" * 2, code_of("JBSWY3DPEHPK3PXP" * 2, NOW), NOW) == now


def test_the_picture_is_the_address_and_nothing_that_the_policy_of_the_page_forbids() -> None:
    where = address("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "a+b@x.example")
    assert where.startswith("otpauth://totp/Mailwright:a%2Bb%40x.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    drawn = picture(where)
    assert drawn.startswith("<svg")
    assert not re.search(r"style|script|href|on\w+=", drawn)


def test_a_wrong_password_does_not_tell_whether_there_is_a_second_factor(app, locked, workspace: Workspace) -> None:
    answer = Browser(app.test_client()).sign_in(workspace.email, "not " + PASSWORD)
    assert "do not go together" in seen(answer.text)
