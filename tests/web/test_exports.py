"""What any page gives away as a file: found by asking every route, and opened to look for others' words."""

import io
import zipfile
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.web.conftest import Browser, signed_in
from tests.web.filling import Filler
from tests.web.test_isolation import CANARY, FORM, TAKE_NOTHING, TAKES, Rows, foreign, own

__all__ = ["foreign", "own"]

# The routes that answer with a file. A new one is found, and fails until it stands here and was looked through.
EXPORTS = {"refunds.export", "data_rights.copy", "conversation.original", "conversation.attachment"}

# These end what the others need.
LAST = {"sign_in.sign_out", "data_rights.erase", "demonstration.remove", "account.end_others", "account.end_session"}


def contents(data: bytes) -> bytes:
    """What stands in a file; of an archive, in all that it holds, with their names."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"\n".join(one.encode() + b"\n" + archive.read(one) for one in archive.namelist())


def files(app, browser: Browser, rows: Rows, address: str) -> Iterator[tuple[str, bytes]]:
    """Every answer that is a file, of every route and method, with our own ids and this customer's address."""
    token, adapter = browser.token(), app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in TAKES.keys() | TAKE_NOTHING or rule.endpoint in LAST:
            continue
        one = rows.ids.get(TAKES.get(rule.endpoint, ""))
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, one))
        for method in sorted(rule.methods & {"GET", "POST"}):
            data = {"csrf_token": token, **FORM, "address": address} if method == "POST" else None
            answer = browser.client.open(path, method=method, data=data)
            if "attachment" in answer.headers.get("Content-Disposition", ""):
                yield rule.endpoint, contents(answer.data)


@pytest.fixture
def twins(rival: Filler, own: Rows, foreign: Rows) -> Rows:
    """Both have a customer of the same address, an order of the same number and a document at the same path."""
    customer = "both@customer.example"
    for one in (own.filler, rival):
        for statement in (
            "UPDATE conversation SET customer_address = :to WHERE tenant_id = :tenant RETURNING 1",
            "UPDATE message SET sender_address = :to WHERE tenant_id = :tenant RETURNING 1",
            "UPDATE shop_order SET customer_email = :to WHERE tenant_id = :tenant RETURNING 1",
        ):
            assert one.rows(statement, to=customer)
    return own


def test_every_file_holds_what_is_ours_and_nothing_of_a_twin(app, browser: Browser, twins: Rows, caplog) -> None:
    with capture_logs() as said:
        found: dict[str, bytes] = {}
        for endpoint, held in files(app, browser, twins, "both@customer.example"):
            found[endpoint] = found.get(endpoint, b"") + held
    assert set(found) == EXPORTS
    for endpoint, held in found.items():
        assert CANARY.lower().encode() not in held.lower(), endpoint
    assert b"OWN" in found["data_rights.copy"]
    assert b"OWN reference" in found["refunds.export"]
    for ours_and_of_libraries in (str(said), caplog.text):
        assert CANARY.lower() not in ours_and_of_libraries.lower()


def test_the_other_workspaces_own_copy_holds_it(app, twins: Rows, other_workspace) -> None:
    """The control: what was looked for is there to be found, under the same address."""
    theirs = signed_in(app, other_workspace.email)
    answer = theirs.post("/data/copy", {"address": "both@customer.example"})
    assert CANARY.encode() in contents(answer.data)


def test_an_archive_is_opened_before_it_is_looked_through() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("words.txt", f"{CANARY} " * 50)
    assert CANARY.encode() not in packed.getvalue()
    assert CANARY.encode() in contents(packed.getvalue())
