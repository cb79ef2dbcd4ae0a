"""Reminders on their whole way over the sandbox Google: asked, reminded in the thread, alerted, and stopped."""

from email import message_from_bytes

import pytest

from domain.errors import BadInput
from domain.supplier_request import BusinessDays, Rung, RungKind, SupplierRules
from storage import mailboxes, supplier_links, supplier_requests, supplier_rules, supplier_words, tenants
from storage.due import Kind
from tests.support.asking import ACME, EVERY_DAY, OPERATIONS, PURCHASE, Asking
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP


@pytest.fixture
def asking(shop):
    return Asking.of(shop)


def mails(asking, to=ACME):
    return [message_from_bytes(mail.letter.raw) for mail in asking.shop.received(to)]


def words_of(mail):
    return mail.get_payload(decode=True).decode()


def hear(asking, request):
    with asking.shop.services.database.transaction(asking.shop.tenant) as db:
        at = db.exec_driver_sql("SELECT now()").scalar()
        assert supplier_requests.heard(db, asking.shop.tenant, request, None, at=at)


def test_a_question_begins_the_ladder_when_it_has_left_and_is_reminded_of_in_its_thread(asking):
    asking.asked()
    request = asking.request()
    assert request.round == 1
    assert request.thread_id
    assert request.next_at - request.asked_at == SupplierRules().ladder[0].after
    (question,) = mails(asking)
    assert question["Subject"] == f"Our order {PURCHASE}"
    assert question["Auto-Submitted"] is None

    assert asking.climb() == 0
    asking.pass_time(25)
    assert asking.climb() == 1
    asking.deliver()
    assert asking.steps() == [("remind", "gmail", "done")]
    _, reminder = mails(asking)
    assert reminder["In-Reply-To"] == question["Message-ID"] == reminder["References"]
    assert reminder["Auto-Submitted"] == "auto-replied"
    assert reminder["Subject"] == f"Re: Our order {PURCHASE}"
    assert PURCHASE in words_of(reminder)
    (row,) = asking.rows("supplier_reminder")
    assert row.thread_id == request.thread_id

    asking.pass_time(24)
    asking.climb()
    asking.deliver()
    *_, second = mails(asking)
    assert second["In-Reply-To"] == reminder["Message-ID"]

    asking.pass_time(24)
    asking.climb()
    asking.deliver()
    (alert,) = mails(asking, OPERATIONS)
    assert "Acme has not answered" in alert["Subject"]
    assert "2 reminders have left" in words_of(alert)
    assert alert["In-Reply-To"] is None
    assert asking.steps()[-1] == ("alert", "gmail", "done")
    assert asking.request().next_at is None
    # None of them is a reply to a customer.
    assert asking.shop.one("SELECT count(*) FROM decision WHERE settlement = 'sent'") == 0


def test_an_answer_between_claim_and_send_stops_the_reminder(asking):
    """It comes in while the worker has the row, and lays down its draft."""
    request = asking.asked()
    asking.pass_time(25)
    asking.climb()
    claimed = asking.shop.services.open_mailbox
    shop = asking.shop

    def opened(tenant, mailbox):
        hear(asking, request)
        return claimed(tenant, mailbox)

    shop.services.open_mailbox = opened
    asking.deliver()
    (row,) = asking.rows("supplier_reminder")
    assert (row.state, row.last_error) == ("cancelled", "The supplier wrote on this purchase order.")
    assert asking.steps() == [("remind", "gmail", "cancelled")]
    assert len(mails(asking)) == 1
    assert len(shop.google.mailbox(SHOP).drafts) == 0


def test_a_reminder_waits_while_mail_is_there_that_nobody_has_decided_about(asking):
    asking.asked()
    asking.pass_time(25)
    asking.climb()
    asking.shop.google.deliver(SHOP, ACME, "Your order", "It is on its way.")
    asking.shop.change("UPDATE mailbox SET next_sync_at = now()")
    asking.shop.run(Kind.SYNC)
    asking.deliver()
    (row,) = asking.rows("supplier_reminder")
    assert row.state == "drafted"
    assert "may be the answer" in row.last_error
    asking.shop.change("UPDATE message SET state = 'decided' WHERE state = 'discovered'")
    asking.deliver()
    assert asking.steps() == [("remind", "gmail", "done")]


def test_the_kill_switch_and_a_paused_mailbox_hold_a_reminder_back_and_later_only_the_newest_leaves(asking):
    asking.asked()
    tenant, database = asking.shop.tenant, asking.shop.services.database
    with database.transaction(tenant) as db:
        tenants.set_answering(db, tenant, answering=False)
    for hours in (25, 24):
        asking.pass_time(hours)
        asking.climb()
        asking.deliver()
    assert [row.state for row in asking.rows("supplier_reminder")] == ["cancelled", "drafted"]
    # A pause may last for days: Gmail is not asked for the draft again every few seconds.
    assert asking.shop.one("SELECT next_at > now() + interval '1 minute' FROM outbox WHERE state = 'drafted'")
    assert len(mails(asking)) == 1
    with database.transaction(tenant) as db:
        tenants.set_answering(db, tenant, answering=True)
        mailboxes.set_status(db, tenant, asking.shop.mailbox, "paused", only_from=["active"])
    asking.deliver()
    assert len(mails(asking)) == 1
    with database.transaction(tenant) as db:
        mailboxes.set_status(db, tenant, asking.shop.mailbox, "active", only_from=["paused"])
    asking.deliver()
    assert len(mails(asking)) == 2


def test_a_reminder_that_gmail_refuses_stops_no_alert(asking):
    asking.asked()
    asking.pass_time(25)
    asking.climb()
    asking.shop.change("UPDATE outbox SET recipient = 'nobody at all' WHERE kind = 'supplier_reminder'")
    asking.deliver()
    assert asking.steps() == [("remind", "gmail", "failed")]
    assert asking.request().last_error
    asking.pass_time(60)
    asking.climb()
    asking.climb()
    asking.deliver()
    assert ("alert", "gmail", "done") in asking.steps()
    assert len(mails(asking, OPERATIONS)) == 1


def test_what_the_program_cannot_send_for_a_person_is_kept_with_the_request(asking):
    asking.shop.write("question: hello")
    asking.shop.sync_and_settle()
    asking.ask()
    asking.shop.change("UPDATE outbox SET recipient = 'nobody at all' WHERE kind = 'supplier_mail'")
    asking.deliver()
    assert asking.request().last_error
    assert asking.request().asked_at is None
    assert asking.climb() == 0


BY_HAND = f"Hello,\n\nwhere is {PURCHASE}?\n\nSupport"


def write_by_hand(asking, text=BY_HAND, to=ACME):
    """Staff write in Gmail itself."""
    raw = letter(SHOP, to, "Our order", text)
    with asking.shop.services.open_mailbox(asking.shop.tenant, asking.shop.mailbox) as gmail:
        sent = gmail.outgoing.send_draft(gmail.outgoing.create_draft(raw, "").draft_id)
    asking.shop.sync_and_settle()
    asking.shop.due_again()
    asking.shop.settle()
    return sent


def test_a_question_that_staff_wrote_by_hand_begins_the_ladder_in_its_own_thread(asking):
    asking.shop.sync_and_settle()
    sent = write_by_hand(asking)
    request = asking.request()
    assert (request.purchase_order, request.round, request.thread_id) == (PURCHASE, 1, sent.thread_id)
    assert request.asked_by is None
    asking.pass_time(25)
    asking.climb()
    asking.deliver()
    question, reminder = mails(asking)
    assert reminder["In-Reply-To"] == question["Message-ID"]
    # Neither our reminder's copy nor the question itself, seen again, asks anew.
    asking.shop.settle_over_time(2)
    assert asking.request().round == 1


@pytest.mark.parametrize(("text", "to"), [
    (f"Thank you, {PURCHASE} has arrived.", ACME), ("Where is it?", ACME),
    (f"Where is {PURCHASE}?", "anna@customer.example"),
    (f"Thank you.\n\nOn Mon, 2 Nov 2026 Acme wrote:\n> where is {PURCHASE}?", ACME),
])  # fmt: skip
def test_by_hand_what_asks_nothing_names_nothing_or_goes_elsewhere_begins_nothing(asking, text, to):
    asking.shop.sync_and_settle()
    write_by_hand(asking, text, to)
    assert asking.shop.one("SELECT count(*) FROM supplier_request") == 0


def rules_of(asking, **changes):
    with asking.shop.services.database.transaction(asking.shop.tenant) as db:
        return supplier_rules.put(db, asking.shop.tenant, SupplierRules(**changes), actor="test")


def test_rules_that_change_time_open_requests_anew_and_none_is_due_without_reminding(asking):
    asking.asked()
    rules_of(asking, reminding=False)
    assert asking.request().next_at is None
    two_hours = SupplierRules().ladder[0].after / 12
    rules_of(asking, ladder=(Rung(RungKind.ALERT, two_hours),), days=EVERY_DAY)
    assert asking.request().next_at == asking.request().asked_at + two_hours
    asking.pass_time(3)
    asking.climb()
    assert asking.steps() == [("alert", "desk", "done")]


def test_who_shortens_the_ladder_loses_no_alert_by_it(asking):
    asking.asked()
    hour = SupplierRules().ladder[0].after / 24
    rules_of(asking, ladder=(Rung(RungKind.REMIND, hour), Rung(RungKind.REMIND, 2 * hour)), days=EVERY_DAY)
    asking.pass_time(1.5)
    asking.climb()
    assert [kind for kind, _, _ in asking.steps()] == ["remind"]
    rules_of(asking, ladder=(Rung(RungKind.ALERT, 3 * hour),), days=EVERY_DAY)
    assert asking.request().next_at == asking.request().asked_at + 3 * hour
    asking.pass_time(2)
    asking.climb()
    asking.climb()
    assert [kind for kind, _, _ in asking.steps()] == ["remind", "alert"]
    assert asking.request().next_at is None


@pytest.mark.parametrize("changes", [
    {"ladder": ()}, {"ladder": SupplierRules().ladder[::-1]}, {"days": BusinessDays("Nowhere")},
    {"days": BusinessDays(weekdays=frozenset())}, {"days": BusinessDays(weekdays=frozenset({0}))},
    {"operations_address": "nobody"}, {"operations_address": SHOP}, {"operations_address": SHOP.replace("@", "+ops@")},
    {"operations_address": ACME},
], ids=["no ladder", "falling", "no zone", "no day", "no such day", "no address", "our own mailbox", "with a tag",
        "a supplier's"])  # fmt: skip
def test_rules_that_cannot_be_kept_are_refused_in_one_sentence(asking, changes):
    with pytest.raises(BadInput) as refused:
        rules_of(asking, **changes)
    assert refused.value.reason.endswith(".")


def test_a_reminder_is_in_the_suppliers_language_and_names_no_customer(shop):
    asking = Asking.of(shop, language="de")
    asking.asked()
    asking.pass_time(25)
    asking.climb()
    (row,) = asking.rows("supplier_reminder")
    assert "Guten Tag" in row.text
    assert "anna" not in row.text.lower()


def test_a_supplier_that_wrote_before_our_mail_left_still_owes_an_answer(asking):
    asking.shop.write("question: hello")
    asking.shop.sync_and_settle()
    request = asking.ask()
    hear(asking, request)
    asking.deliver()
    assert asking.request().answered_at is None
    assert asking.request().next_at is not None


def test_a_persons_word_that_a_mail_answers_stands_when_a_question_leaves_that_waited(asking):
    asking.shop.write("question: hello")
    asking.shop.sync_and_settle()
    request = asking.ask()
    services, tenant, owner = asking.shop.services, asking.shop.tenant, asking.shop.workspace.owner
    message = asking.shop.one("SELECT id FROM message WHERE direction = 'in'")
    with services.database.transaction(tenant) as db:
        assert supplier_links.by_person(db, tenant, message, request, member=owner)
    asking.deliver()
    assert len(mails(asking)) == 1
    assert (asking.request().answered_by, asking.request().next_at) == (message, None)


def test_reminding_that_is_switched_off_and_an_address_that_is_told_no_more_stop_what_waits(asking):
    asking.asked()
    for hours in (25, 25, 25):
        asking.pass_time(hours)
        asking.climb()
    services, tenant = asking.shop.services, asking.shop.tenant
    with services.database.transaction(tenant) as db:
        rules = SupplierRules(days=EVERY_DAY, operations_address="boss@merchant.example", reminding=False)
        supplier_rules.put(db, tenant, rules, actor="test")
    asking.deliver()
    reminder, alert = asking.rows("supplier_reminder")[-1], asking.rows("operations_alert")[0]
    assert (reminder.state, reminder.last_error) == ("cancelled", supplier_words.SWITCHED_OFF)
    assert (alert.state, alert.last_error) == ("cancelled", supplier_words.SWITCHED_OFF)
    assert mails(asking, OPERATIONS) == []


def test_an_alert_goes_to_nobody_who_is_not_told_any_more(asking):
    asking.asked()
    for hours in (25, 25, 25):
        asking.pass_time(hours)
        asking.climb()
    asking.shop.change("UPDATE supplier_rules SET operations_address = 'boss@merchant.example'")
    asking.deliver()
    (alert,) = asking.rows("operations_alert")
    assert (alert.state, alert.last_error) == ("cancelled", "Somebody else is told of this by now.")
    assert mails(asking, OPERATIONS) == []


@pytest.mark.parametrize(("becomes", "why"), [
    (SHOP, "would come back"), (SHOP.replace("@", "+x@"), "would come back"), (ACME, "a supplier's"),
    (CUSTOMER, "the customer's"),
], ids=["our mailbox", "a tag of it", "a supplier's", "the customer's"])  # fmt: skip
def test_an_alert_leaves_to_nobody_who_is_not_of_operations_by_now(asking, becomes, why):
    asking.asked()
    for hours in (25, 25, 25):
        asking.pass_time(hours)
        asking.climb()
    asking.shop.change("UPDATE outbox SET recipient = %s WHERE kind = 'operations_alert'", becomes)
    asking.shop.change("UPDATE supplier_rules SET operations_address = %s", becomes)
    asking.deliver()
    (row,) = asking.rows("operations_alert")
    assert (row.state in {"held", "needs_person", "failed", "cancelled"}, why in row.last_error) == (True, True)
    assert row.sent_gmail_id is None
    assert ("alert", "gmail", "done") not in asking.steps()
