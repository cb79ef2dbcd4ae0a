"""A supplier's mail on its whole way: whose it is, what it answers, and what it never does."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from domain.order import Order
from storage import orders, supplier_links, suppliers
from storage.due import Kind
from tests.support.supplied import ACME, BOLT, CUSTOMER, PURCHASE, Supplied

# What the question's handler says of a second mail: no handler of suppliers' mail was asked.
PROMISED = "The mail answers an automatic reply: it was promised to a person."
STRANGER = "eve@stranger.example"
WAREHOUSE = "hall7@parcels.example"
NEWS = f"Your purchase order {PURCHASE} left today."


@pytest.fixture
def desk(shop) -> Supplied:
    return Supplied(shop)


def test_a_suppliers_mail_that_names_the_purchase_order_answers_it(desk):
    asked = desk.ask()
    found = desk.write(NEWS)
    assert found.disposition == "hold"
    assert f"Mail of the supplier Acme Lamps on purchase order {PURCHASE}" in found.reason
    assert "It answers what we asked" in found.reason
    row = desk.request(asked)
    assert (row.answered_by, row.answered_at, row.next_at) == (found.message_id, desk.mails()[-1].received_at, None)
    assert desk.links() == [(PURCHASE, "purchase_order", True)]


@pytest.mark.parametrize(
    "sender",
    [ACME, "anybody@mail.acme.example", "jo@gmail.com", "jo+orders@gmail.com"],
)
def test_it_is_known_by_address_or_domain(desk, sender):
    asked = desk.ask()
    desk.write(NEWS, sender)
    assert desk.is_heard(asked)


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        (STRANGER, "Acme Lamps"),
        (STRANGER, "desk@acme.example"),
        ("desk@acme.example.evil.example", ""),
        ("desk@notacme.example", ""),
        ("desk@xn--cme-5cd.example", ""),
        ("desk@gmail.com", "Acme Lamps"),
    ],
)
def test_who_only_looks_like_a_supplier_answers_nothing_and_a_person_has_their_mail(desk, sender, name):
    asked = desk.ask()
    found = desk.write(NEWS, sender, from_name=name)
    assert (found.disposition, desk.is_heard(asked), desk.links()) == ("hold", False, [])
    assert "is not on the list of suppliers. Anybody can write a number." in str(found.checks)


def test_a_sender_whom_a_server_refutes_is_never_taken_for_the_supplier(desk):
    asked = desk.ask(thread=desk.thread())
    found = desk.in_thread(NEWS, auth="fail")
    assert (found.disposition, desk.is_heard(asked), desk.links()) == ("hold", False, [])
    assert found.reason.startswith("The sender may be forged: it says to be the supplier Acme Lamps")


def test_an_answer_in_the_thread_that_we_began_counts_whoever_writes_it(desk):
    asked, other = desk.ask(thread=desk.thread()), desk.ask("D400000002")
    found = desk.in_thread("It left, and so did D400000002.", WAREHOUSE)
    assert f"Mail from {WAREHOUSE} in the thread in which we asked the supplier Acme Lamps" in found.reason
    assert desk.is_heard(asked)
    assert desk.is_heard(other)
    assert desk.links() == [(PURCHASE, "thread", True), ("D400000002", "purchase_order", True)]


def test_a_thread_of_the_same_id_in_another_mailbox_is_another_thread(desk, sales):
    asked = desk.ask(thread=desk.thread())
    desk.shop.change("UPDATE supplier_request SET mailbox_id = %s", sales.mailbox)
    desk.in_thread("It left.")
    assert not desk.is_heard(asked)


@pytest.mark.parametrize("known_as", ["behind", "order", "wrote before"])
def test_a_customer_in_the_thread_stays_a_customer(desk, known_as):
    mail = desk.customer(message_id="<anna@customer.example>")
    if known_as == "order":
        known = Order("LO-1", CUSTOMER, "shipped", Money(100, "EUR"), Money(0, "EUR"), datetime(2026, 1, 2, tzinfo=UTC))
        with desk.shop.services.database.transaction(desk.tenant) as db:
            orders.save(db, desk.tenant, [known])
    thread = mail.thread_id if known_as == "wrote before" else desk.thread()
    asked = desk.ask(thread=thread, behind=mail if known_as == "behind" else None, left=timedelta())
    text = f"question: what about the parcel {PURCHASE}?"
    found = desk.under(text) if known_as == "wrote before" else desk.in_thread(text, CUSTOMER)
    assert desk.mails()[-1].thread_id == thread
    assert found.category == "question"
    assert found.reason == PROMISED if known_as == "wrote before" else found.disposition == "release"
    assert not desk.is_heard(asked)


def test_a_customer_who_quotes_a_purchase_order_in_their_own_thread_stays_a_customer(desk):
    desk.customer(message_id="<anna@customer.example>")
    asked = desk.ask()
    found = desk.under(f"question: what is {PURCHASE}, my parcel?")
    assert (found.category, found.reason, desk.is_heard(asked)) == ("question", PROMISED, False)


@pytest.mark.parametrize(
    "text",
    [
        f"question: is this my parcel?\n\nOn Mon, 2 Nov 2026 at 10:00, Acme <{ACME}> wrote:\n> {NEWS}\n",
        f"question: is this my parcel?\n\n---------- Forwarded message ---------\nFrom: {ACME}\nSubject: A\n\n{NEWS}\n",
    ],
)
def test_a_number_that_a_stranger_only_quotes_or_forwards_is_not_theirs(desk, text):
    asked = desk.ask()
    found = desk.write(text, STRANGER)
    assert (found.category, found.disposition, desk.is_heard(asked)) == ("question", "release", False)


def test_a_supplier_who_answers_above_our_quoted_question_answers_it(desk):
    asked = desk.ask()
    desk.write(f"It left.\n\nOn Mon, 2 Nov 2026 at 10:00, Shop <s@shop.example> wrote:\n> Where is {PURCHASE}?\n")
    assert desk.is_heard(asked)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("It left.", "Re: D 400 000 001"), ("On d400 000 001: it left.", "News"),
        ("\uff24\uff14" + 7 * "\uff10" + "\uff11 left.", "News"),  # of full width
        ("D400.000.001 left.", "News"), ("It left.", "AW: d-400000001"),
    ],
)  # fmt: skip
def test_a_supplier_who_writes_the_number_in_a_way_of_their_own_is_reminded_no_more(desk, text, subject):
    asked, other = desk.ask(), desk.ask("D400000002")
    desk.write(text, subject=subject)
    assert (desk.is_heard(asked), desk.is_heard(other)) == (True, False)


@pytest.mark.parametrize("text", ["D4000000011", "1D400000001", "D40000001", "D400000002"])
def test_a_number_that_only_looks_like_it_answers_nothing(desk, text):
    asked = desk.ask()
    desk.write(f"{text} left.")
    assert not desk.is_heard(asked)


def test_two_suppliers_with_one_number_answer_each_for_themselves(desk):
    acmes, bolts = desk.ask(), desk.ask(supplier=desk.bolt)
    desk.write(NEWS, BOLT)
    assert (desk.is_heard(acmes), desk.is_heard(bolts)) == (False, True)


def test_a_number_of_another_tenant_is_nobodys_here(desk, rival):
    theirs = Supplied(rival)
    rival.write("other: a word", to="desk@rival.example")
    rival.sync_and_settle()
    asked = theirs.ask()
    found = desk.write(f"question: the parcel {PURCHASE}", STRANGER)
    assert (found.category, found.disposition) == ("question", "release")
    desk.write(NEWS)
    assert (theirs.is_heard(asked), desk.links()) == (False, [])


def test_what_came_before_the_question_does_not_answer_it(desk):
    asked, later = desk.ask(left=-timedelta(hours=1)), desk.ask("D400000002", left=None)
    desk.write(f"{NEWS} And D400000002.")
    assert not desk.is_heard(asked)
    assert desk.request(later).answered_at is None
    assert [answers for _, _, answers in desk.links()] == [False, False]


def test_an_answer_that_was_read_before_we_knew_that_our_question_left_counts_once_we_do(desk):
    asked = desk.ask(left=None)
    desk.write(NEWS)
    left = "UPDATE supplier_request SET first_asked_at = now(), asked_at = %s"
    for hours, heard in ((1, False), (-1, True)):
        desk.shop.change(left, datetime.now(UTC) + timedelta(hours=hours))
        with desk.shop.services.database.transaction(desk.tenant) as db:
            assert supplier_links.catch_up(db, desk.tenant, asked) is heard
        assert desk.is_heard(asked) is heard


def test_an_absence_notice_is_linked_and_answers_nothing(desk):
    asked = desk.ask()
    found = desk.write(f"I am away. {PURCHASE}", headers={"Auto-Submitted": "auto-replied"})
    assert (found.disposition, desk.is_heard(asked)) == ("ignore", False)
    assert desk.links() == [(PURCHASE, "purchase_order", False)]


def test_a_mail_of_ten_thousand_characters_is_read_like_any_other(desk):
    asked = desk.ask()
    found = desk.write(f"{NEWS}\n" + "All the best to you. " * 500)
    assert (found.disposition, desk.is_heard(asked)) == ("hold", True)


def test_an_order_that_the_supplier_names_is_found_by_its_number(desk):
    asked = desk.ask(order="LO-77701")
    desk.write("About your order LO-77701: it left.")
    assert (desk.is_heard(asked), desk.links()) == (True, [(PURCHASE, "order", True)])


def test_what_a_supplier_writes_moves_no_case_and_answers_nobody(desk):
    desk.customer(f"refund: for order {'LO-1'}, please", message_id="<anna@customer.example>")
    cases = desk.shop.rows("SELECT * FROM support_case ORDER BY id")
    replies = desk.shop.rows("SELECT id, state FROM outbox WHERE kind = 'reply' ORDER BY id")
    desk.ask()
    desk.write(f"refund: yes, {PURCHASE} is wrong", ACME, "Re: My parcel", references=("<anna@customer.example>",))
    assert desk.mails()[-1].thread_id == desk.mails()[0].thread_id
    assert desk.shop.rows("SELECT * FROM support_case ORDER BY id") == cases
    desk.shop.settle_over_time(2)
    assert desk.shop.rows("SELECT id, state FROM outbox WHERE kind = 'reply' ORDER BY id") == replies
    assert desk.shop.received(ACME) == []


def test_a_mail_that_cannot_be_understood_is_heard_by_its_thread(desk):
    asked = desk.ask(thread=desk.thread())
    desk.shop.write("It left.", "Re: Our letter", ACME, references=(desk.ours,))
    desk.shop.change("UPDATE mailbox SET next_sync_at = now()")
    desk.shop.run(Kind.SYNC)
    desk.shop.run(Kind.FETCH)
    desk.shop.change("UPDATE message SET attempts = 3 WHERE state = 'fetched'")
    desk.shop.settle()
    assert "It was tried 3 times in vain" in desk.decision().reason
    assert desk.is_heard(asked)


def test_a_removed_suppliers_thread_is_still_a_suppliers(desk):
    asked = desk.ask(thread=desk.thread())
    with desk.shop.services.database.transaction(desk.tenant) as db:
        assert suppliers.remove(db, desk.tenant, desk.acme, actor="test")
    found = desk.in_thread("question: which parcel?")
    assert (found.disposition, desk.is_heard(asked)) == ("hold", True)


def test_a_person_links_by_hand_and_takes_a_wrong_link_back(desk):
    asked, member = desk.ask(), desk.shop.workspace.owner
    found = desk.write("It left.")
    assert not desk.is_heard(asked)
    with desk.shop.services.database.transaction(desk.tenant) as db:
        assert supplier_links.by_person(db, desk.tenant, found.message_id, asked, member=member)
    assert (desk.is_heard(asked), desk.links()) == (True, [(PURCHASE, "person", True)])
    with desk.shop.services.database.transaction(desk.tenant) as db:
        assert supplier_links.take_back(db, desk.tenant, found.message_id, asked, member=member)
        assert not supplier_links.take_back(db, desk.tenant, found.message_id, asked, member=member)
    assert (desk.is_heard(asked), desk.links()) == (False, [(PURCHASE, "person", False)])


def test_a_link_that_was_taken_back_leaves_the_answer_of_another_mail(desk):
    asked = desk.ask()
    first, second = desk.write(NEWS), desk.write(NEWS)
    with desk.shop.services.database.transaction(desk.tenant) as db:
        supplier_links.take_back(db, desk.tenant, first.message_id, asked, member=desk.shop.workspace.owner)
    assert desk.request(asked).answered_by == second.message_id
