"""Who writes that something was done of which nothing is known is warned, keeps their words, and may say why."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.money import Money
from domain.order import Order
from storage import claims, ledger, orders
from tests.web.conftest import Browser, seen, version_on
from tests.web.filling import CITATION, Filler

REPLY = "Dear Anna,\n\nwe have refunded 20.00 EUR and your order has been cancelled."
OUTBOX = "SELECT state, text, claim_reason FROM outbox WHERE tenant_id = :tenant"
OVERRIDES = "SELECT actor, detail FROM event WHERE tenant_id = :tenant AND kind = 'claim_overridden'"
WARNING = "It tells the customer of something that was not done here"


def act(filler: Filler, decision, action: str = "refund", minor: int = 2000, *, state: str) -> None:
    key = uuid4()
    with filler.database.transaction(filler.tenant) as db:
        placed = text("SELECT now()")
        order = Order(
            "LO-1", "a@b.example", "paid", Money(9000, "EUR"), Money(0, "EUR"), db.execute(placed).scalar_one()
        )
        orders.save(db, filler.tenant, [order])
        db.execute(
            text("""
                INSERT INTO order_act (tenant_id, id, decision_id, action, order_number, amount_minor, currency,
                    approvals_needed, state)
                VALUES (:tenant, :id, :decision, :action, 'LO-1', :minor, 'EUR', 1, :state)
            """),
            {"tenant": filler.tenant, "id": key, "decision": decision, "action": action, "minor": minor}
            | {"state": state},
        )
        if state == "done":
            ledger.promise(db, filler.tenant, key)
            assert ledger.paid(db, filler.tenant, key, reference="shop-1")


def test_an_unproven_claim_is_shown_with_its_words_and_nothing_is_sent(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    page = browser.press(f"/decisions/{held.decision}/send", {"text": REPLY})
    assert WARNING in seen(page)
    assert "that money was paid back, 20.00 EUR: “ we have refunded ”" in seen(page)
    assert "that an order was cancelled: “ order has been cancelled ”" in seen(page)
    # What was written is kept, to be changed or sent all the same.
    assert re.search(r'<textarea[^>]*name="text"[^>]*>\nDear Anna,\n\nwe have refunded 20.00 EUR', page)
    assert re.search(r'<textarea[^>]*name="claim_reason"[^>]*required', page)
    assert "Send all the same" in seen(page)
    assert [row.state for row in filler.rows(OUTBOX)] == ["held"]
    assert filler.rows(OVERRIDES) == []


def test_with_a_reason_it_leaves_and_the_reason_is_recorded(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    form = {"text": REPLY, "claim_reason": " Refunded by hand\r\nin the shop. "}
    assert "It is leaving now." in seen(browser.press(f"/decisions/{held.decision}/send", form))
    assert [tuple(row) for row in filler.rows(OUTBOX)] == [("pending", REPLY, "Refunded by hand in the shop.")]
    [event] = filler.rows(OVERRIDES)
    assert event.actor == str(filler.member)
    assert event.detail == {"reason": "Refunded by hand in the shop.", "kinds": ["cancel", "refund"]}


@pytest.mark.parametrize("reason", ["", "   ", "\r\n", "\x00"])
def test_an_empty_reason_is_none(browser: Browser, filler: Filler, reason: str) -> None:
    held = filler.held(filler.mailbox())
    page = browser.press(f"/decisions/{held.decision}/send", {"text": REPLY, "claim_reason": reason})
    assert WARNING in seen(page)
    assert [row.state for row in filler.rows(OUTBOX)] == ["held"]


def test_what_was_changed_so_that_it_claims_nothing_leaves_without_a_reason(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    warned = browser.press(f"/decisions/{held.decision}/send", {"text": REPLY})
    changed = {"text": "Dear Anna,\n\nwe shall look into it.", "changed": "yes", "claim_reason": "Never mind."}
    changed["version"] = version_on(warned)
    assert "It is leaving now." in seen(browser.press(f"/decisions/{held.decision}/send", changed))
    assert [tuple(row) for row in filler.rows(OUTBOX)] == [("pending", "Dear Anna,\n\nwe shall look into it.", "")]
    assert filler.rows(OVERRIDES) == []


def test_what_was_done_needs_no_reason(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    act(filler, held.decision, state="done")
    answer = browser.press(f"/decisions/{held.decision}/send", {"text": "We have refunded 20.00 EUR."})
    assert "It is leaving now." in seen(answer)
    assert [row.claim_reason for row in filler.rows(OUTBOX)] == [""]


def test_what_is_only_proposed_was_not_done(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    act(filler, held.decision, state="held")
    page = browser.press(f"/decisions/{held.decision}/send", {"text": "We have refunded 20.00 EUR."})
    assert WARNING in seen(page)


def test_a_policy_is_no_claim(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    answer = browser.press(f"/decisions/{held.decision}/send", {"text": f"{CITATION.quote} We refund within 14 days."})
    assert "It is leaving now." in seen(answer)


def test_whoever_comes_second_is_told_so_also_with_a_claim(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    form = {"text": REPLY, "claim_reason": "By hand."}
    browser.press(f"/decisions/{held.decision}/send", form)
    page = browser.press(f"/decisions/{held.decision}/send", form)
    assert "Somebody has settled this already; nothing was sent twice." in seen(page)
    assert len(filler.rows(OVERRIDES)) == 1


def test_words_are_shown_as_words(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    page = browser.press(f"/decisions/{held.decision}/send", {"text": "We have <b>kindly</b> refunded you."})
    assert "<b>kindly</b>" not in page
    assert "We have &lt;b&gt;kindly&lt;/b&gt; refunded" in page


def test_who_approves_an_act_with_its_reply_is_warned_only_of_what_stays_false(filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    act(filler, held.decision, state="held")
    with filler.database.transaction(filler.tenant) as db:
        asked = db, filler.tenant, held.decision
        assert claims.unproven_once_done(*asked, "We have refunded 20.00 EUR.") == ()
        assert claims.unproven_once_done(*asked, "We have refunded 25.00 EUR.")
        [claim] = claims.unproven_once_done(*asked, REPLY)
        assert claim.kind.value == "cancel"
        assert claims.proven(*asked).done == ()
        assert len(claims.unproven_in(*asked, "We have refunded 20.00 EUR.")) == 1
