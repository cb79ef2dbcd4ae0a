"""Who answers a customer is warned of what is a supplier's before they press the button, and again when they do."""

import re

import pytest

from domain.supplier import Purpose, Supplier
from storage import suppliers
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler

ACME = Supplier("Acme Möbel GmbH", ("acme.example",), (), {Purpose.GENERAL: "desk@acme.example"})
REPLY = "Dear Anna,\n\nAcme Möbel sends it this week."
OVER = "Customers and suppliers are not to learn of each other. It names the supplier Acme Möbel GmbH."
OUTBOX = "SELECT state, text, claim_reason, wall_reason FROM outbox WHERE tenant_id = :tenant"
EVENTS = "SELECT actor, detail FROM event WHERE tenant_id = :tenant AND kind = 'wall_overridden'"


@pytest.fixture(autouse=True)
def acme(filler: Filler) -> None:
    with filler.database.transaction(filler.tenant) as db:
        suppliers.save(db, filler.tenant, ACME, actor="test")


def test_a_draft_that_names_a_supplier_is_warned_of_beside_its_recipient(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox(), draft=REPLY)
    page = browser.page(f"/conversations/{held.conversation}")
    assert OVER in seen(page)
    assert page.index("anna@") < page.index("wall_reason") < page.index("data-reply")


def test_a_draft_that_names_nobody_shows_no_such_field(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    page = browser.page(f"/conversations/{held.conversation}")
    assert "wall_reason" not in page
    assert "are not to learn" not in page


def test_what_a_person_writes_is_stopped_and_kept(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    page = browser.press(f"/decisions/{held.decision}/send", {"text": REPLY})
    assert "Nothing was sent: customers and suppliers are not to learn of each other." in seen(page)
    assert OVER in seen(page)
    assert re.search(r'<textarea[^>]*name="text"[^>]*>\nDear Anna,\n\nAcme', page)
    assert re.search(r'<textarea[^>]*name="wall_reason"[^>]*required', page)
    assert [row.state for row in filler.rows(OUTBOX)] == ["held"]
    assert filler.rows(EVENTS) == []


def test_with_a_reason_it_leaves_and_the_reason_is_kept(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    form = {"text": REPLY, "wall_reason": " She bought it there. "}
    assert "It is leaving now." in seen(browser.press(f"/decisions/{held.decision}/send", form))
    assert [tuple(row) for row in filler.rows(OUTBOX)] == [("pending", REPLY, "", "She bought it there.")]
    [event] = filler.rows(EVENTS)
    assert (event.actor, event.detail) == (str(filler.member), {"reason": "She bought it there."})


def test_a_reason_where_nothing_objects_is_not_kept(browser: Browser, filler: Filler) -> None:
    """So that it covers nothing that is learned later: the wall is asked again when the mail leaves."""
    held = filler.held(filler.mailbox())
    browser.press(f"/decisions/{held.decision}/send", {"text": "Dear Anna, soon.", "wall_reason": "Never mind."})
    assert [tuple(row) for row in filler.rows(OUTBOX)] == [("pending", "Dear Anna, soon.", "", "")]
    assert filler.rows(EVENTS) == []


def test_each_of_two_objections_needs_its_own_reason(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    words = f"{REPLY} We have refunded 20.00 EUR."
    for given in ({"wall_reason": "A."}, {"claim_reason": "B."}):
        browser.press(f"/decisions/{held.decision}/send", {"text": words, **given})
        assert [row.state for row in filler.rows(OUTBOX)] == ["held"]
    browser.press(f"/decisions/{held.decision}/send", {"text": words, "wall_reason": "A.", "claim_reason": "B."})
    assert [(row.state, row.claim_reason, row.wall_reason) for row in filler.rows(OUTBOX)] == [("pending", "B.", "A.")]


def test_an_answer_to_a_supplier_may_name_them(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    address = ACME.contacts[Purpose.GENERAL]
    for change in ("message SET sender_address", "outbox SET recipient", "conversation SET customer_address"):
        filler.rows(f"UPDATE {change} = :address WHERE tenant_id = :tenant RETURNING 1", address=address)
    assert "It is leaving now." in seen(browser.press(f"/decisions/{held.decision}/send", {"text": REPLY}))
