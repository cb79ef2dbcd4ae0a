"""Every route, every role, and another tenant's ids: what is not allowed answers 403 or 404 and changes nothing."""

from uuid import uuid4

import pytest

from storage import members
from tests.conftest import Workspace
from tests.web.conftest import Browser, signed_in
from tests.web.filling import Filler
from tests.web.test_isolation import FORM, TAKES, Rows, _filled
from web.session import ACTS, OPEN, ROLES, act_of

# What each act may be at least: a change of the table in web/session.py is a change here, seen by whoever reviews it.
MAY = {
    "look": {"owner", "admin", "agent", "viewer"},
    "account": {"owner", "admin", "agent", "viewer"},
    "answer": {"owner", "admin", "agent"},
    "write": {"owner", "admin", "agent"},
    "manage": {"owner", "admin"},
    "audit": {"owner", "admin"},
    "people": {"owner", "admin"},
    "data": {"owner", "admin"},
    "own": {"owner"},
}
READS = {"GET", "HEAD", "OPTIONS"}


def routes(app) -> list[tuple[str, str, str]]:
    """Endpoint, method and path of every route; ids are ones that nobody has."""
    adapter = app.url_map.bind("localhost")
    return [
        (rule.endpoint, method, adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, uuid4())))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        if not rule.endpoint.endswith("static")
    ]


def test_the_table_of_roles_is_the_one_that_was_agreed() -> None:
    assert {act: set(roles) for act, roles in ACTS.items()} == MAY
    assert set(ROLES) == MAY["look"]


def test_every_route_declares_who_may_or_is_listed_as_open(app) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    without = {one for one in endpoints if act_of(app, one) is None}
    assert without == OPEN & endpoints
    assert endpoints >= OPEN, "what is listed and is no route"
    assert {act_of(app, one) for one in endpoints - OPEN} <= set(ACTS)


def test_a_route_that_declares_nothing_answers_nobody(app, workspace: Workspace) -> None:
    app.add_url_rule("/forgotten-guard", "forgotten_guard", lambda: "everything", methods=["GET", "POST"])
    browser = signed_in(app, workspace.email)
    assert browser.get("/forgotten-guard").status_code == 403
    assert Browser(app.test_client()).get("/forgotten-guard").status_code == 403


def test_what_changes_something_is_not_for_viewers(app) -> None:
    """But for their own account, theme and views, signing out, the queue's ticks, and a mail that is only tried."""
    own = {"trying.try_it", "sign_in.sign_out", "queue.page", "views.save", "views.remove", *OPEN}
    for endpoint, method, _ in routes(app):
        if method not in READS and endpoint not in own:
            act = act_of(app, endpoint)
            assert act == "account" or "viewer" not in ACTS[act], endpoint


@pytest.fixture
def foreign(rival: Filler) -> Rows:
    return _filled(rival, "CANARY-ROLES")


def snapshot(owner, *tenants) -> list[str]:
    """Everything in the database but what every request leaves: when a session was seen, and counted attempts."""
    from tests.storage.test_isolation import everything_of

    kept = []
    for tenant in tenants:
        rows = everything_of(owner, tenant)
        rows.pop("web_session")
        kept.append(str(rows))
    return kept


@pytest.mark.parametrize("role", ["owner", "admin", "agent", "viewer"])
def test_what_a_role_may_not_is_refused_and_changes_nothing(
    app, workspace: Workspace, join, foreign: Rows, owner, role: str
) -> None:
    """With another tenant's id in every route that takes one, whether the role may ask it or not."""
    member = signed_in(app, workspace.email) if role == "owner" else join(role)
    token = member.token()
    before = snapshot(owner, workspace.id, foreign.filler.tenant)
    adapter, refused = app.url_map.bind("localhost"), 0
    for rule in app.url_map.iter_rules():
        act = act_of(app, rule.endpoint)
        if act is None:
            continue
        allowed = role in ACTS[act]
        if allowed and rule.endpoint not in TAKES:
            continue  # What it may, it may: tests/web/test_isolation.py asks those.
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            theirs = dict.fromkeys(rule.arguments, foreign.ids[TAKES[rule.endpoint]] if rule.arguments else "")
            path = adapter.build(rule.endpoint, theirs)
            data = {"csrf_token": token, **FORM} if method == "POST" else None
            answer = member.client.open(path, method=method, data=data)
            expected = {404} if allowed else {403, 404}
            assert answer.status_code in expected, f"{role} {method} {rule.endpoint}: {answer.status_code}"
            refused += 1
    assert refused > 25
    assert snapshot(owner, workspace.id, foreign.filler.tenant) == before


def test_without_a_session_every_guarded_route_leads_to_signing_in_and_changes_nothing(
    app, stranger: Browser, workspace: Workspace, foreign: Rows, owner
) -> None:
    token = stranger.token()
    before = snapshot(owner, workspace.id, foreign.filler.tenant)
    for endpoint, method, path in routes(app):
        if act_of(app, endpoint) is None:
            continue
        data = {"csrf_token": token, **FORM} if method == "POST" else None
        answer = stranger.client.open(path, method=method, data=data)
        assert answer.status_code == 302, endpoint
        assert answer.headers["Location"].startswith("/sign-in"), endpoint
    assert snapshot(owner, workspace.id, foreign.filler.tenant) == before


def test_a_member_of_another_tenant_is_nobody_here(
    app, workspace: Workspace, foreign: Rows, database, password_hash
) -> None:
    with database.transaction(foreign.filler.tenant) as db:
        values = {"name": "x", "password_hash": password_hash, "role": "owner"}
        members.add(db, foreign.filler.tenant, email="both@x.example", **values)
    other = signed_in(app, "both@x.example")
    page = other.page("/people")
    assert "rival.example" in page
    assert workspace.email not in page.replace("<wbr>", "")
