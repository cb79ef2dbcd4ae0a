"""In the instant before a mail leaves, the wall between suppliers and customers is asked once more, with the rows."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from domain.message import Address
from domain.money import Money
from domain.order import Order, OrderItem
from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, FoundBy, ToAsk
from storage import desk, orders, supplier_open, supplier_requests, suppliers, walls
from storage.due import Kind
from storage.supplier_requests import Anchor
from storage.walls import UNLISTED, Letter
from tests.support.pipeline import CUSTOMER

ASKED = "question: when does my parcel come?"
ADDRESS = "desk@acme.example"
ACME = Supplier("Acme Möbel GmbH", ("acme.example",), (), {Purpose.GENERAL: ADDRESS})
OFFER = "We charge you 12.40 EUR for it, and 49.00 EUR is what your shop takes."
NUMBER = "D400000001"


@pytest.fixture
def decided(shop):
    """A reply that nobody approved, decided and not yet carried out, in a workspace with one supplier."""
    with shop.services.database.transaction(shop.tenant) as db:
        suppliers.save(db, shop.tenant, ACME, actor="test")
    shop.write(ASKED)
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        shop.run(kind)
    assert shop.one("SELECT state FROM outbox") == "pending"
    return shop


def says(shop, words):
    shop.change("UPDATE outbox SET text = %s, draft_text = %s", words, words)


def ask(shop, **more):
    """Acme is asked on a purchase order, for the conversation at hand; returns the request."""
    row = shop.rows("SELECT id, conversation_id FROM message WHERE direction = 'in' LIMIT 1")[0]
    with shop.services.database.transaction(shop.tenant) as db:
        (acme,) = suppliers.directory(db, shop.tenant).suppliers
        wish = ToAsk(acme.id, NUMBER, Purpose.GENERAL, ADDRESS, "A question", "Where is it?", **more)
        anchor = Anchor(shop.mailbox, row.id, row.conversation_id)
        return supplier_requests.ask(db, shop.tenant, wish, anchor, channel=Channel.GMAIL, member=shop.workspace.owner)


def offer(shop, request):
    """Acme's mail about the request, in a thread of its own, as the other stages would leave it."""
    with shop.services.database.transaction(shop.tenant) as db:
        mail = db.execute(
            text("""
                INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, sender_address, parsed,
                    state, received_at)
                VALUES (:tenant, gen_random_uuid(), :mailbox, 'offer', 'offer', 'in', :sender,
                    jsonb_build_object('text', CAST(:words AS text)), 'decided', now()) RETURNING id
            """),
            {"tenant": shop.tenant, "mailbox": shop.mailbox, "sender": ADDRESS, "words": OFFER},
        ).scalar_one()
        supplier_requests.link(db, shop.tenant, mail, request, FoundBy.PURCHASE_ORDER, answers=True)


def doubt(shop, kind="reply"):
    """What the wall says of the newest row of this kind."""
    row = shop.rows("SELECT id, subject FROM outbox WHERE kind = %s ORDER BY created_at DESC LIMIT 1", kind)[0]
    with shop.services.database.transaction(shop.tenant) as db:
        return walls.doubt(db, _Row(shop.tenant, row.id, row.subject))


class _Row:
    def __init__(self, tenant, row, subject):
        self.tenant, self.id, self.subject = tenant, row, subject


def how_it_stands(shop):
    shop.run(Kind.DELIVER)
    return shop.rows("SELECT o.state, d.disposition, d.reason FROM outbox o JOIN decision d ON d.id = o.decision_id")[0]


def test_the_machine_does_not_name_a_supplier(decided):
    says(decided, "Acme Mo\u200bbel sends it this week.")
    row = how_it_stands(decided)
    assert (row.state, row.disposition) == ("held", "hold")
    assert row.reason == "It names the supplier Acme Möbel GmbH. A person decides."
    assert decided.received() == []


def test_what_names_nobody_leaves(decided):
    assert how_it_stands(decided).state == "sent"
    assert len(decided.received()) == 1


def test_what_nobody_approved_has_no_reason_whatever_its_row_says(decided):
    says(decided, "Acme Möbel sends it.")
    decided.change("UPDATE outbox SET wall_reason = 'The machine thought so.'")
    assert how_it_stands(decided).state == "held"


@pytest.mark.parametrize(("reason", "state"), [("They bought it there.", "sent"), ("", "held")])
def test_a_person_who_gave_a_reason_is_answerable(decided, reason, state):
    says(decided, "A draft.")
    decided.change("UPDATE decision SET disposition = 'hold'")
    decided.change("UPDATE outbox SET state = 'held'")
    decision = decided.one("SELECT id FROM decision")
    with decided.services.database.transaction(decided.tenant) as db:
        assert desk.send(
            db, decided.tenant, decision, member=decided.workspace.owner, text_to_send="Acme Möbel sends it.",
            reference="ABCDEF", wall_reason=reason,
        )  # fmt: skip
    assert how_it_stands(decided).state == state


def test_what_was_written_for_a_customer_does_not_go_to_a_supplier(decided):
    decided.change("UPDATE outbox SET recipient = %s", ADDRESS)
    assert doubt(decided) == f"{ADDRESS} is a supplier's address, and this was written for a customer."


def test_an_answer_to_a_supplier_may_name_them_and_no_customer_of_theirs(decided):
    ask(decided)
    decided.change("UPDATE message SET sender_address = %s", ADDRESS)
    decided.change("UPDATE outbox SET recipient = %s WHERE kind = 'reply'", ADDRESS)
    says(decided, f"Dear Acme Möbel, {NUMBER} is late.")
    assert doubt(decided) == ""
    says(decided, f"Please write to {CUSTOMER}.")
    assert doubt(decided) == f"It shows the customer's address {CUSTOMER}."


def test_a_purchase_order_of_ours_is_not_told(decided):
    says(decided, f"It is our order {NUMBER}.")
    assert doubt(decided) == ""
    ask(decided)
    says(decided, f"It is our order {NUMBER}.")
    assert doubt(decided) == f"It shows the purchase order {NUMBER}."


def test_what_a_supplier_charges_is_not_told_and_what_the_customer_pays_is(decided):
    placed = datetime(2026, 1, 2, tzinfo=UTC)
    order = Order(
        "LO-1", CUSTOMER, "shipped", Money(4900, "EUR"), Money(0, "EUR"), placed,
        items=(OrderItem("SKU-1", "Lamp", 2, 2450),), customer_name="Anna Winter",
    )  # fmt: skip
    with decided.services.database.transaction(decided.tenant) as db:
        orders.save(db, decided.tenant, [order])
    offer(decided, ask(decided, order_number="LO-1"))
    decided.change("UPDATE decision SET understanding = jsonb_set(understanding, '{order_numbers}', '[\"LO-1\"]')")
    for words, objection in (
        ("It was 49.00 EUR, so 24.50 EUR each.", ""),
        ("It costs us 12.40 EUR.", "It shows 12.40 EUR, which only a supplier wrote."),
        ("It costs us 99.00 EUR.", ""),
    ):
        says(decided, words)
        assert doubt(decided) == objection


def test_a_supplier_hears_of_no_customer_behind_the_question(decided):
    placed = datetime(2026, 1, 2, tzinfo=UTC)
    known = Order("LO-1", "bill@other.example", "shipped", Money(1, "EUR"), Money(0, "EUR"), placed)
    with decided.services.database.transaction(decided.tenant) as db:
        orders.save(db, decided.tenant, [replace(known, customer_name="Anna Winter")])
    ask(decided, order_number="LO-1")
    assert doubt(decided, "supplier_mail") == ""
    for words in (CUSTOMER, "bill@other.example", "Frau Winter", "Winter,\n Anna"):
        decided.change("UPDATE outbox SET text = %s WHERE kind = 'supplier_mail'", f"For {words}.")
        assert doubt(decided, "supplier_mail").startswith("It ")
    decided.change("UPDATE outbox SET text = 'Well.', subject = 'For Anna Winter' WHERE kind = 'supplier_mail'")
    assert doubt(decided, "supplier_mail") == "It names the customer Anna Winter."
    decided.change("UPDATE outbox SET wall_reason = 'They know each other.' WHERE kind = 'supplier_mail'")
    assert doubt(decided, "supplier_mail") == ""


@pytest.mark.parametrize("automatic", [False, True])
def test_what_names_a_customer_does_not_leave_for_a_supplier_and_the_request_says_why(decided, automatic):
    request = ask(decided)
    kind = "supplier_reminder" if automatic else "supplier_mail"
    decided.change("UPDATE message SET state = 'decided'")
    decided.change("UPDATE outbox SET state = 'cancelled' WHERE kind = 'reply'")
    decided.change(
        "UPDATE outbox SET kind = %s, automatic = %s, text = %s WHERE kind = 'supplier_mail'",
        kind, automatic, f"For {CUSTOMER}.",
    )  # fmt: skip
    decided.run(Kind.DELIVER)
    (row,) = decided.rows("SELECT state, last_error FROM outbox WHERE kind = %s", kind)
    assert (row.state, row.last_error) == ("held", f"It shows the customer's address {CUSTOMER}. A person decides.")
    assert decided.one("SELECT last_error FROM supplier_request") == row.last_error
    with decided.services.database.transaction(decided.tenant) as db:
        assert [(one.id, one.last_error) for one in supplier_open.page(db, decided.tenant)] == [
            (request, row.last_error)
        ]


def test_a_question_over_the_wall_leaves_with_the_reason_of_whoever_asked(decided):
    ask(decided, wall_reason="They know each other.")
    decided.change("UPDATE outbox SET text = %s WHERE kind = 'supplier_mail'", f"For {CUSTOMER}.")
    decided.run(Kind.DELIVER)
    assert decided.one("SELECT state FROM outbox WHERE kind = 'supplier_mail'") == "sent"


def test_what_is_for_a_supplier_goes_to_nobody_who_is_on_no_list(decided):
    ask(decided)
    decided.change("UPDATE supplier SET domains = '{else.example}', contacts = '{}'")
    assert doubt(decided, "supplier_mail") == UNLISTED.format(address=ADDRESS)


def test_an_alert_for_our_own_people_does_not_go_to_a_supplier(decided):
    ask(decided)
    decided.change("UPDATE outbox SET kind = 'operations_alert', text = 'Acme is late.' WHERE kind = 'supplier_mail'")
    assert (
        doubt(decided, "operations_alert")
        == f"{ADDRESS} is a supplier's address, and this was written for our own people."
    )
    decided.change("UPDATE outbox SET recipient = 'ops@shop.example' WHERE kind = 'operations_alert'")
    assert doubt(decided, "operations_alert") == ""


def test_a_colleague_of_the_supplier_who_is_on_no_list_is_no_customer(decided):
    """A mail that was found to be theirs by its thread: they may be greeted by their name."""
    request = ask(decided)
    decided.change(
        "UPDATE message SET sender_address = 'kim@home.example', sender_name = 'Kim Long' WHERE direction = 'in'"
    )
    decided.change("UPDATE conversation SET customer_address = 'kim@home.example', customer_name = 'Kim Long'")
    letter = Letter(Address(ADDRESS), "Dear Kim Long,", for_supplier=True, request=request)
    message = decided.one("SELECT id FROM message WHERE direction = 'in'")
    with decided.services.database.transaction(decided.tenant) as db:
        assert walls.objection(db, decided.tenant, letter) == "It names the customer Kim Long."
        supplier_requests.link(db, decided.tenant, message, request, FoundBy.THREAD, answers=True)
        assert walls.objection(db, decided.tenant, letter) == ""


def test_a_question_that_would_tell_a_supplier_who_the_customer_is_does_not_leave(decided):
    ask(decided)
    decided.change("UPDATE outbox SET text = %s WHERE kind = 'supplier_mail'", f"It is for {CUSTOMER}.")
    decided.run(Kind.DELIVER)
    row = decided.rows("SELECT state, last_error FROM outbox WHERE kind = 'supplier_mail'")[0]
    assert row.state == "held"
    assert row.last_error == f"It shows the customer's address {CUSTOMER}. A person decides."
    assert decided.one("SELECT asked_at FROM supplier_request") is None
    assert decided.one("SELECT last_error FROM supplier_request") == row.last_error
