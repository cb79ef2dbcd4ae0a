"""Nobody presses a button for somebody else: every route that changes something, and every way to forge a request."""

import json

import pytest

from tests.conftest import Workspace
from tests.web.conftest import Browser, signed_in
from tests.web.filling import Filler
from tests.web.test_isolation import FORM, Rows
from tests.web.walking import everything, full_workspace, ways

# A customer's page acts by no cookie: its form carries the link's own token (tests/web/test_confirm.py).
BY_ITS_LINK = "confirm.confirm"
FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://evil.example@localhost"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
)


@pytest.fixture
def full(filler: Filler) -> Rows:
    return full_workspace(filler)


@pytest.fixture
def posts(app, full: Rows) -> list[tuple[str, str]]:
    """Endpoint and path of everything that takes a form."""
    return [(way.endpoint, way.path) for way in ways(app, full, ("POST",))]


def test_a_form_with_no_token_or_somebody_elses_is_refused_by_every_route(
    app, browser: Browser, workspace: Workspace, posts, owner
) -> None:
    """Another session's, a broken one, one in the address, and JSON in place of a form."""
    good, theirs = browser.token(), signed_in(app, workspace.email).token()
    forged = [
        {"data": FORM},
        {"data": {**FORM, "csrf_token": ""}},
        {"data": {**FORM, "csrf_token": theirs}},
        {"data": {**FORM, "csrf_token": good[:-1]}},
        {"data": FORM, "query_string": {"csrf_token": good}},
        {"data": json.dumps({**FORM, "csrf_token": good}), "content_type": "application/json"},
        {"data": json.dumps({**FORM, "csrf_token": good}), "content_type": "text/plain"},
    ]
    before = everything(owner)
    for endpoint, path in posts:
        for more in forged if endpoint != BY_ITS_LINK else []:
            answer = browser.client.post(path, **more)
            assert answer.status_code == 400, f"{endpoint} {more}"
            assert "This form is too old" in answer.text, endpoint
    assert len(posts) > 70
    assert everything(owner) == before


def test_a_request_from_elsewhere_is_refused_by_every_route_even_with_the_right_token(
    browser: Browser, posts, owner
) -> None:
    """Also from a neighbour: another host of the same domain is another site to us."""
    form = {**FORM, "csrf_token": browser.token()}
    before = everything(owner)
    for endpoint, path in posts:
        for headers in FOREIGN:
            answer = browser.client.post(path, data=form, headers=headers)
            assert answer.status_code == 403, f"{endpoint} {headers}"
    assert everything(owner) == before


def test_the_same_requests_with_the_right_token_are_taken(browser: Browser, posts, owner) -> None:
    """The control of the tests above: they would be worth nothing if these forms never did anything."""
    before = everything(owner)
    refused = []
    for endpoint, path in posts:
        if endpoint == "sign_in.sign_out":
            continue
        form = {**FORM, "csrf_token": browser.token()}
        answer = browser.client.post(path, data=form, headers={"Sec-Fetch-Site": "same-origin"})
        if "This form is too old" in answer.text:
            refused.append(endpoint)
    assert refused == []
    changed = {name for name, hashed in everything(owner).items() if hashed != before[name]}
    assert len(changed) > 12
