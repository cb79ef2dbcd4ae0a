"""Requests on an order's ticket: the ladder begins when the words are there, and what is written there stops it."""

from uuid import UUID

import pytest

from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, ToAsk
from domain.ticket import Side
from storage import (
    requests_shown,
    supplier_requests,
    suppliers,
    tenants,
    ticket_release,
    tickets_waiting,
    walls,
)
from storage.due import Kind
from storage.supplier_requests import Anchor
from tests.support.asking import ACME, OPERATIONS, PURCHASE, Asking
from tests.support.ticketing import ORDER


@pytest.fixture
def asking(bridge):
    return Asking.of(bridge.shop)


def ask_on_ticket(bridge, asking, channel=Channel.TICKET):
    bridge.shop.write("question: hello")
    bridge.shop.sync_and_settle()
    request = asking.ask(f"Where is {PURCHASE}?", "Our order", order=ORDER, channel=channel)
    bridge.later(2)
    asking.deliver()
    return request


def supplier_writes(bridge):
    bridge.desk.writes(bridge.ticket().external_id, "It leaves tomorrow.", Side.SUPPLIER)


def test_words_on_a_ticket_begin_the_ladder_and_the_reminder_goes_there_too(bridge, asking):
    ask_on_ticket(bridge, asking)
    assert asking.request().round == 1
    asking.pass_time(25)
    asking.climb()
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "done")]
    assert bridge.calls().count("supplier") == 2
    assert asking.request().round == 1, "a reminder asks nothing anew"


def test_what_the_supplier_wrote_on_the_ticket_stops_the_reminder_there(bridge, asking):
    ask_on_ticket(bridge, asking)
    asking.pass_time(25)
    supplier_writes(bridge)
    asking.climb()
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "cancelled")]
    assert bridge.calls().count("supplier") == 1
    assert asking.request().answered_at is not None


def test_what_the_supplier_wrote_on_the_ticket_stops_a_reminder_by_mail(bridge, asking):
    ask_on_ticket(bridge, asking, Channel.GMAIL)
    asking.pass_time(25)
    supplier_writes(bridge)
    asking.climb()
    asking.deliver()
    assert asking.steps() == [("remind", "gmail", "cancelled")]
    assert len(bridge.shop.received(ACME)) == 1


def test_what_the_supplier_wrote_on_the_ticket_stops_an_alert_too(bridge, asking):
    ask_on_ticket(bridge, asking, Channel.GMAIL)
    for hours in (25, 25, 25):
        asking.pass_time(hours)
        asking.climb()
        if not asking.rows("operations_alert"):
            asking.deliver()
    assert asking.steps()[-1] == ("alert", "gmail", "pending")
    supplier_writes(bridge)
    asking.deliver()
    assert asking.steps()[-1] == ("alert", "gmail", "cancelled")
    assert bridge.shop.received(OPERATIONS) == []
    assert asking.request().answered_at is not None


def another_supplier_is_asked_too(bridge, asking) -> None:
    bolt = Supplier("Bolt", ("bolt.example",), contacts={Purpose.TRACKING: "desk@bolt.example"})
    tenant, message = bridge.shop.tenant, bridge.one("SELECT id FROM message WHERE direction = 'in' LIMIT 1")
    with bridge.shop.services.database.transaction(tenant) as db:
        other = suppliers.save(db, tenant, bolt, actor="test")
        wish = ToAsk(other, "D400000002", Purpose.TRACKING, "desk@bolt.example", "Ours", "Where is it?", ORDER)
        member = bridge.shop.workspace.owner
        anchor = Anchor(bridge.shop.mailbox, message)
        request = supplier_requests.ask(db, tenant, wish, anchor, channel=Channel.GMAIL, member=member)
    bridge.shop.change("UPDATE supplier_request SET asked_at = now(), next_at = NULL WHERE id = %s", request)
    bridge.shop.change("UPDATE outbox SET state = 'sent' WHERE request_id = %s", request)


@pytest.mark.parametrize(
    ("channel", "becomes"), [(Channel.TICKET, "needs_person"), (Channel.GMAIL, "failed")], ids=["ticket", "gmail"]
)
def test_what_one_of_two_suppliers_wrote_on_a_ticket_is_a_persons_to_tell_apart(bridge, asking, channel, becomes):
    ask_on_ticket(bridge, asking, channel)
    another_supplier_is_asked_too(bridge, asking)
    asking.pass_time(25)
    supplier_writes(bridge)
    asking.climb()
    bridge.later(2)
    asking.deliver()
    assert asking.steps() == [("remind", channel, becomes)]
    assert bridge.one("SELECT last_error FROM supplier_step") == supplier_requests.WHOSE
    assert bridge.shop.rows("SELECT FROM supplier_request WHERE answered_at IS NOT NULL") == []
    assert bridge.calls().count("supplier") + len(bridge.shop.received(ACME)) == 1


def test_a_supplier_who_was_taken_off_the_list_is_not_reminded_on_the_ticket(bridge, asking):
    ask_on_ticket(bridge, asking)
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        suppliers.remove(db, bridge.shop.tenant, asking.supplier, actor="test")
    asking.pass_time(25)
    asking.climb()
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "needs_person")]
    assert bridge.calls().count("supplier") == 1
    reason = bridge.one("SELECT last_error FROM ticket_words WHERE automatic AND side = 'supplier'")
    assert reason == walls.UNLISTED.format(address=ACME)


def a_held_reminder(bridge, asking) -> UUID:
    ask_on_ticket(bridge, asking)
    asking.pass_time(25)
    asking.climb()
    words = bridge.one("SELECT id FROM ticket_words WHERE automatic AND side = 'supplier'")
    bridge.shop.change("UPDATE ticket_words SET state = 'held' WHERE id = %s", words)
    bridge.shop.change("UPDATE supplier_step SET state = 'needs_person'")
    return words


def released(bridge, words: UUID) -> bool:
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        return ticket_release.release(db, bridge.shop.tenant, words, member=bridge.shop.workspace.owner)


def test_a_reminder_that_a_person_releases_asks_nothing_anew(bridge, asking):
    assert released(bridge, a_held_reminder(bridge, asking))
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "done")]
    assert asking.request().round == 1


def test_a_reminder_that_a_person_releases_after_the_answer_does_not_leave(bridge, asking):
    words = a_held_reminder(bridge, asking)
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        now = db.exec_driver_sql("SELECT now()").scalar()
        assert supplier_requests.heard(db, bridge.shop.tenant, asking.request().id, None, at=now)
    assert released(bridge, words)
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "cancelled")]
    assert (asking.request().round, asking.request().answered_at) == (1, now)
    assert bridge.calls().count("supplier") == 1


@pytest.mark.parametrize("how", ["drop", "settle"])
def test_who_drops_or_sees_to_a_reminder_ends_its_step(bridge, asking, how):
    words = a_held_reminder(bridge, asking)
    tenant, owner = bridge.shop.tenant, bridge.shop.workspace.owner
    with bridge.shop.services.database.transaction(tenant) as db:
        if how == "drop":
            assert ticket_release.drop(db, tenant, words, member=owner)
        else:
            db.exec_driver_sql("UPDATE ticket_words SET state = 'needs_person' WHERE state = 'held'")
            assert tickets_waiting.settle(db, tenant, words, member=owner)
    assert asking.steps() == [("remind", "ticket", "cancelled")]


def test_a_reminder_for_a_ticket_that_a_person_has_is_theirs_with_its_step(bridge, asking):
    ask_on_ticket(bridge, asking)
    bridge.shop.change("UPDATE ticket SET state = 'needs_person', last_error = 'It is hidden.', next_at = NULL")
    asking.pass_time(25)
    asking.climb()
    assert asking.steps() == [("remind", "ticket", "needs_person")]
    assert bridge.one("SELECT last_error FROM supplier_step") == "It is hidden."


def test_a_ticket_that_a_person_has_keeps_a_reminder_that_was_set_aside_for_them(bridge, asking):
    a_reminder_set_aside(bridge, asking)
    bridge.shop.change("UPDATE ticket SET state = 'needs_person', last_error = 'It is hidden.', next_at = NULL")
    bridge.shop.change("UPDATE supplier_request SET next_at = now() - interval '1 second'")
    bridge.shop.run(Kind.REMIND)
    assert bridge.one("SELECT state FROM ticket_words WHERE automatic AND side = 'supplier'") == "needs_person"
    assert asking.steps() == [("remind", "ticket", "needs_person")]


def a_reminder_set_aside(bridge, asking) -> None:
    ask_on_ticket(bridge, asking)
    asking.pass_time(25)
    asking.climb()
    bridge.shop.change("UPDATE message SET state = 'fetched', discovered_at = now(), received_at = now()")
    bridge.later(2)
    assert bridge.one("SELECT state FROM ticket_words WHERE automatic AND side = 'supplier'") == "waiting"


def test_a_reminder_set_aside_for_the_very_mail_that_answers_is_called_off(bridge, asking):
    a_reminder_set_aside(bridge, asking)
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        now = db.exec_driver_sql("SELECT now()").scalar()
        assert supplier_requests.heard(db, bridge.shop.tenant, asking.request().id, None, at=now)
    bridge.shop.change("UPDATE message SET state = 'decided'")
    assert bridge.shop.run(Kind.REMIND) == 1
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "cancelled")]
    assert asking.request().next_at is None
    assert bridge.shop.run(Kind.REMIND) == 0


def test_a_ticket_that_cannot_be_read_is_no_trouble_of_the_mailbox(bridge, asking):
    ask_on_ticket(bridge, asking, Channel.GMAIL)
    asking.pass_time(25)
    asking.climb()
    bridge.fault("get", "503_before", times=1)
    asking.deliver()
    assert asking.steps() == [("remind", "gmail", "pending")]
    (reminder,) = asking.rows("supplier_reminder")
    assert (reminder.state, reminder.last_error) == ("pending", "The order's ticket cannot be read now.")
    assert bridge.one("SELECT last_send_error FROM mailbox") == ""
    asking.deliver()
    assert asking.steps() == [("remind", "gmail", "done")]


def test_the_kill_switch_sets_a_reminder_aside_and_notes_behind_it_go_on(bridge, asking):
    ask_on_ticket(bridge, asking)
    shop = bridge.shop
    asking.pass_time(25)
    asking.climb()
    with shop.services.database.transaction(shop.tenant) as db:
        tenants.set_answering(db, shop.tenant, answering=False)
    approved = bridge.words(text="A person's own note.", automatic=False)
    bridge.later(2)
    assert bridge.state(approved) == "done"
    assert asking.steps() == [("remind", "ticket", "pending")]
    conversation = shop.one("SELECT conversation_id FROM message WHERE direction = 'in' ORDER BY seq DESC LIMIT 1")
    with shop.services.database.transaction(shop.tenant) as db:
        (shown,) = requests_shown.of_conversation(db, shop.tenant, conversation)
        assert (shown.state, shown.by_ticket) == ("asked", True), "it is the reminder that waits"
        tenants.set_answering(db, shop.tenant, answering=True)
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "done")]


def test_a_reminder_set_aside_for_undecided_mail_goes_on_by_the_ladders_own_stage(bridge, asking):
    ask_on_ticket(bridge, asking)
    asking.pass_time(25)
    asking.climb()
    bridge.shop.change("UPDATE message SET state = 'fetched', discovered_at = now(), received_at = now()")
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "pending")]
    bridge.shop.change("UPDATE message SET state = 'decided'")
    bridge.shop.change("UPDATE supplier_request SET next_at = now() - interval '1 second'")
    bridge.shop.run(Kind.REMIND)
    bridge.later(2)
    assert asking.steps() == [("remind", "ticket", "done")]
