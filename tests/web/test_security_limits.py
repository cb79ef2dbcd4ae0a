"""How often somebody may try, under which network they are counted, and what answers tell of accounts."""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from storage import members, resets
from tests.conftest import Workspace
from tests.support.compiled import app_over
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler
from tests.web.test_isolation import FORM, Rows
from tests.web.walking import everything, full_workspace, ways
from web import limits, sign_in
from web.session import OPEN

# What strangers may send that asks the database nothing: a cookie of the browser's own.
COOKIES_ALONE = {"workspace.theme", "workspace.density"}
COSTLY = {
    "queue.every", "customers.page", "knowledge.search", "trying.try_it", "knowledge_upload.upload", "orders.bring",
    "data_rights.copy", "refunds.export",
}  # fmt: skip


@pytest.fixture
def full(filler: Filler) -> Rows:
    return full_workspace(filler)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every attempt is one too many; returns what they were counted under."""
    keys: list[str] = []
    count = members.count_attempt

    def none_left(db, key: str, limit: int) -> bool:
        del limit
        keys.append(key)
        return count(db, key, 0)

    monkeypatch.setattr(members, "count_attempt", none_left)
    return keys


def test_every_form_for_strangers_is_limited_by_network(
    app, stranger: Browser, full: Rows, owner, counted: list[str]
) -> None:
    """Each form that needs no member, found by itself: a new one that counts nothing fails here."""
    token, asked, posts = stranger.token(), set(), ways(app, full, ("POST",))
    before = everything(owner)
    for way in posts:
        if way.endpoint not in OPEN - COOKIES_ALONE - {"second_step.check"}:
            continue
        counted.clear()
        form = {"csrf_token": token, **FORM, "password": "a password that is long enough"}
        answer = stranger.client.post(way.path, data=form, follow_redirects=True)
        assert any("127.0.0.0/24" in key for key in counted), way.endpoint
        assert answer.status_code == 429 or "Too many attempts" in seen(answer.text), way.endpoint
        asked.add(way.endpoint)
    assert len(asked) == 7
    assert everything(owner) == before


def test_what_costs_much_is_limited_by_member(app, browser: Browser, full: Rows, counted: list[str]) -> None:
    """Each of them, and no page that is looked at all day."""
    token, limited = browser.token(), set()
    for way in ways(app, full, ("GET", "POST")):
        counted.clear()
        if way.endpoint in OPEN or way.endpoint == "sign_in.sign_out":
            continue
        form = {"csrf_token": token, **FORM} if way.method == "POST" else None
        answer = browser.client.open(way.path, method=way.method, data=form, query_string={"q": "lamp"})
        if any(key.startswith(tuple(f"{name} of" for name in limits.AN_HOUR)) for key in counted):
            limited.add(way.endpoint)
            assert answer.status_code == 429
            assert "That was too often" in answer.text
    assert limited == COSTLY


def test_a_limit_is_one_members_and_far_above_what_a_person_does(
    browser: Browser, join, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert min(limits.AN_HOUR.values()) >= 60
    tom = join("agent")
    monkeypatch.setitem(limits.AN_HOUR, "search", 2)
    assert [browser.get("/conversations?q=lamp").status_code for _ in range(3)] == [200, 200, 429]
    assert browser.get("/conversations").status_code == 200, "a look at the list is no search"
    assert tom.get("/conversations?q=lamp").status_code == 200


@pytest.mark.parametrize("proxies", [0, 1])
def test_nobody_chooses_the_network_they_are_counted_under(
    settings, services, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, proxies: int
) -> None:
    """Without a proxy the header counts for nothing; behind one, what the proxy wrote and nothing before it."""
    monkeypatch.setattr(sign_in, "ATTEMPTS_PER_NETWORK", 2)
    browser = Browser(app_over(replace(settings, trusted_proxies=proxies), services).test_client())
    token = browser.token()
    said = []
    for number in range(3):
        told = f"198.51.{number}.7, 203.0.113.9" if proxies else f"198.51.{number}.7"
        answer = browser.client.post(
            "/sign-in",
            data={"csrf_token": token, "email": f"nobody{number}@x.example", "password": "wrong"},
            headers={"X-Forwarded-For": told, "X-Real-IP": told, "Forwarded": f"for={told}", "Client-IP": told},
        )
        said.append("Too many attempts" in seen(answer.text))
    assert said == [False, False, True]


def test_a_stranger_elsewhere_does_not_lock_the_owner_out(
    settings, services, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "ATTEMPTS_PER_ADDRESS", 2)
    browser = Browser(app_over(replace(settings, trusted_proxies=1), services).test_client())
    token = browser.token()

    def tried(network: str, password: str) -> int:
        form = {"csrf_token": token, "email": workspace.email, "password": password}
        return browser.client.post("/sign-in", data=form, headers={"X-Forwarded-For": network}).status_code

    assert [tried("198.51.100.7", "wrong") for _ in range(4)] == [200] * 4
    assert tried("203.0.113.9", workspace.password) == 302


def costs(ask: Callable[[str], None], known: str) -> float:
    """How much more work a known address makes than one that nobody has, by the medians of nine tries each in turn.

    The processor's time of this thread, which other programs do not change.
    """
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(10):
        for is_known in (True, False):
            began = time.thread_time()
            ask(known if is_known else f"n{number}{known[2:]}")
            if number:  # What is made once, at the first time, counts for neither.
                spent[is_known].append(time.thread_time() - began)
    return statistics.median(spent[True]) / statistics.median(spent[False])


def test_signing_in_makes_the_same_work_for_an_address_that_nobody_has(
    stranger: Browser, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "ATTEMPTS_PER_ADDRESS", 100)
    token = stranger.token()

    def ask(email: str) -> None:
        form = {"csrf_token": token, "email": email, "password": "wrong"}
        assert "do not go together" in stranger.client.post("/sign-in", data=form).text

    assert 0.7 < costs(ask, workspace.email) < 1.4


def test_the_bytes_tell_nothing_of_accounts_links_or_factors(
    app, stranger: Browser, workspace: Workspace, filler: Filler, database
) -> None:
    """Signing in and forgotten passwords by address; links that were never made, are used up, or belong elsewhere."""
    token = stranger.token()

    def answered(path: str, form: dict[str, str]) -> tuple[int, str]:
        answer = stranger.client.post(path, data={"csrf_token": token, **form})
        body = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)  # the same token, signed at another second
        return answer.status_code, body.replace(form.get("email", "-"), "X")

    for path, more in (("/sign-in", {"password": "wrong"}), ("/forgotten", {})):
        known = answered(path, {"email": workspace.email, **more})
        assert known == answered(path, {"email": "nobody@lumen.example", **more}), path
    with database.transaction(workspace.id) as db:
        used = resets.make(db, workspace.id, workspace.owner, by_mail=True)
        assert resets.use(db, workspace.id, used, "x") == workspace.owner
    dead = {
        stranger.get(f"/new-password/{link}").data
        for link in ("nonsense", "0" * 96, workspace.id.hex + "0" * 64, workspace.id.hex + used)
    }
    assert len(dead) == 1
    dead = {stranger.get(f"/invitation/{link}").data for link in ("nonsense", "0" * 96, workspace.id.hex + "0" * 64)}
    assert len(dead) == 1
