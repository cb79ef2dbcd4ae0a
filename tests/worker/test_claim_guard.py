"""In the instant before a reply leaves, what it says was done is held against what was done."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.case import Case
from domain.money import Money
from domain.order import Order
from storage import cases, desk, ledger, orders
from storage.due import Kind

ASKED = "question: when does my parcel come?"

INSERT_ACT = text("""
    INSERT INTO order_act (tenant_id, id, decision_id, action, order_number, amount_minor, currency, approvals_needed,
        state)
    SELECT :tenant, :id, d.id, :action, 'LO-1', :minor, 'EUR', 1, :state FROM decision d WHERE d.tenant_id = :tenant
    ORDER BY d.created_at LIMIT 1
""")


@pytest.fixture
def decided(shop):
    """A reply that nobody approved, decided and not yet carried out."""
    return ask(shop)


def ask(shop):
    shop.write(ASKED)
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        shop.run(kind)
    assert shop.one("SELECT state FROM outbox") == "pending"
    return shop


def says(shop, words):
    shop.change("UPDATE outbox SET text = %s, draft_text = %s", words, words)


def act(shop, action, minor=None, *, state="done", paid=True):
    """An act of the decision, and where it paid something, its entries in the ledger."""
    key = uuid4()
    with shop.services.database.transaction(shop.tenant) as db:
        now = datetime.now(UTC)
        orders.save(db, shop.tenant, [Order("LO-1", "a@b.example", "paid", Money(9000, "EUR"), Money(0, "EUR"), now)])
        values = {"tenant": shop.tenant, "id": key, "action": action, "minor": minor, "state": state}
        assert db.execute(INSERT_ACT, values).rowcount == 1
        if minor is not None:
            ledger.promise(db, shop.tenant, key)
            if paid:
                assert ledger.paid(db, shop.tenant, key, reference="shop-1")


def approve(shop, words, claim_reason=""):
    with shop.services.database.transaction(shop.tenant) as db:
        (row,) = db.exec_driver_sql("SELECT decision_id FROM outbox")
        assert desk.send(
            db, shop.tenant, row.decision_id, member=shop.workspace.owner, text_to_send=words, reference="ABCDEF",
            claim_reason=claim_reason,
        )  # fmt: skip


def how_it_stands(shop):
    shop.run(Kind.DELIVER)
    (row,) = shop.rows("SELECT o.state, d.disposition, d.reason FROM outbox o JOIN decision d ON d.id = o.decision_id")
    return row


@pytest.mark.parametrize(
    "words",
    [
        "We have refunded you.",
        "Ihre Bestellung wurde storniert.",
        "Nous avons échangé la lampe.",
        "Le hemos enviado un reemplazo.",
        "Your parcel takes three days. Votre commande a été annulée.",
    ],
)
def test_the_machine_does_not_say_what_was_not_done(decided, words):
    says(decided, words)
    row = how_it_stands(decided)
    assert (row.state, row.disposition) == ("held", "hold")
    assert row.reason.startswith("It says that ")
    assert row.reason.endswith("which the ledger does not have. A person decides.")
    assert decided.received() == []


def test_the_reason_names_the_words(decided):
    says(decided, "Hello, we have refunded you 12,50 €. Kind regards")
    assert how_it_stands(decided).reason == (
        "It says that money was paid back, 12.50 EUR (“we have refunded”), which the ledger does not have. "
        "A person decides."
    )


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("We have refunded you.", ("refund", 2000)),
        ("We have refunded 20.00 EUR.", ("refund", 2000)),
        ("Ihre Bestellung wurde storniert.", ("cancel",)),
        ("Your order has been cancelled and 20 EUR were refunded.", ("cancel", 2000)),
        ("A replacement has been sent to you.", ("replacement",)),
    ],
)
def test_what_was_done_may_be_said(decided, words, done):
    act(decided, *done)
    says(decided, words)
    assert how_it_stands(decided).state == "sent"
    assert len(decided.received()) == 1


@pytest.mark.parametrize("state", ["held", "pending", "sending", "uncertain", "refused", "needs_person", "cancelled"])
def test_what_is_not_done_yet_or_was_refused_may_not(decided, state):
    act(decided, "refund", 2000, state=state, paid=False)
    says(decided, "We have refunded you.")
    assert how_it_stands(decided).state == "held"


def test_an_act_that_is_done_but_of_which_the_ledger_has_no_payment_proves_no_refund(decided):
    act(decided, "refund", 2000, paid=False)
    says(decided, "We have refunded you.")
    assert how_it_stands(decided).state == "held"


def test_another_amount_than_was_paid_may_not_be_said(decided):
    act(decided, "refund", 2000)
    says(decided, "We have refunded 200.00 EUR.")
    assert how_it_stands(decided).state == "held"


def test_what_was_done_in_another_conversation_proves_nothing(decided):
    act(decided, "refund", 2000)
    decided.write(ASKED, "Another thing", sender="bo@customer.example")
    decided.change("UPDATE mailbox SET next_sync_at = now()")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        decided.run(kind)
    assert decided.one("SELECT count(DISTINCT conversation_id) FROM decision") == 2
    decided.change("UPDATE outbox SET text = 'We have refunded you.'")
    decided.run(Kind.DELIVER)
    states = decided.rows(
        "SELECT o.recipient, o.state FROM outbox o LEFT JOIN order_act a ON a.decision_id = o.decision_id ORDER BY 1"
    )
    assert [tuple(row) for row in states] == [("anna@customer.example", "sent"), ("bo@customer.example", "held")]


def test_what_the_rival_did_proves_nothing_here(decided, rival):
    rival.write(ASKED, to="desk@rival.example")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        rival.run(kind)
    act(rival, "refund", 2000)
    says(decided, "We have refunded you.")
    assert how_it_stands(decided).state == "held"


def test_what_was_done_for_a_case_of_the_conversation_may_be_said_whichever_mail_asked_for_it(decided):
    act(decided, "refund", 2000)
    conversation = decided.one("SELECT conversation_id FROM decision")
    with decided.services.database.transaction(decided.tenant) as db:
        case = cases.move(db, decided.tenant, conversation, Case("refund"))
    decided.change("UPDATE order_act SET decision_id = NULL")
    says(decided, "We have refunded you 20 EUR.")
    assert how_it_stands(decided).state == "held"
    decided.change("UPDATE order_act SET case_id = %s", case)
    decided.change("UPDATE outbox SET state = 'pending', next_at = now(), draft_id = NULL")
    assert how_it_stands(decided).state == "sent"


def test_a_person_is_stopped_too_and_gets_through_with_a_reason(decided):
    decided.change("UPDATE outbox SET text = 'We have refunded you.'")
    assert how_it_stands(decided).state == "held"
    approve(decided, "We have refunded you by hand.")
    assert how_it_stands(decided).state == "held"
    approve(decided, "We have refunded you by hand.", claim_reason="Paid by bank transfer on Monday.")
    assert how_it_stands(decided).state == "sent"
    assert len(decided.received()) == 1


def test_a_reason_opens_no_way_for_the_machine(decided):
    says(decided, "We have refunded you.")
    decided.change("UPDATE outbox SET claim_reason = 'x'")
    assert decided.one("SELECT automatic FROM outbox") is True
    assert how_it_stands(decided).state == "held"


def test_what_claims_nothing_leaves(decided):
    says(decided, "We refund the price within 14 days once we have received the lamp.")
    assert how_it_stands(decided).state == "sent"
