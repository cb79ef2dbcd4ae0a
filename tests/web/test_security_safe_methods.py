"""What only looks changes nothing, and no other word for a method does either: every route, over a full workspace."""

import pytest

from tests.web.conftest import Browser
from tests.web.filling import Filler
from tests.web.test_isolation import FORM, Rows
from tests.web.walking import everything, full_workspace, ways

# Methods that no route offers; some make other frameworks act, some tell what a proxy added.
TAMPERED = ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "POSTX")
OVERRIDES = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST", "X-Method-Override": "POST"}


@pytest.fixture
def full(filler: Filler) -> Rows:
    return full_workspace(filler)


def test_looking_changes_no_row_of_any_table(app, browser: Browser, full: Rows, owner) -> None:
    """Also with everything in the address that a form would send, and where the request claims to be another one."""
    asked = ways(app, full, ("GET", "HEAD", "OPTIONS"))
    form = {**FORM, "csrf_token": "x", "_method": "POST"}
    before = everything(owner)
    assert len(before) > 60
    for way in asked:
        plain: list[dict] = [{}] if way.method == "GET" else []
        for more in [*plain, {"query_string": form, "headers": OVERRIDES}]:
            answer = browser.client.open(way.path, method=way.method, **more)
            answer.close()
            assert answer.status_code < 500, way
    after = everything(owner)
    assert len(asked) > 200
    assert {name for name in after if after[name] != before[name]} == set()


def test_a_method_that_a_page_does_not_offer_is_refused_and_changes_nothing(
    app, browser: Browser, full: Rows, owner
) -> None:
    token, asked = browser.token(), {way.path: way.endpoint for way in ways(app, full)}
    before = everything(owner)
    for path, endpoint in asked.items():
        for method in TAMPERED:
            answer = browser.client.open(path, method=method, data={"csrf_token": token, **FORM})
            answer.close()
            assert answer.status_code == 405, f"{method} {endpoint}"
    assert everything(owner) == before
