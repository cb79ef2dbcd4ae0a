"""Requests on an order's ticket: the ladder begins when the words are there, and what is written there stops it."""

import pytest

from domain.supplier_request import Channel
from domain.ticket import Side
from storage import requests_shown, tenants
from storage.due import Kind
from tests.support.asking import ACME, PURCHASE, Asking
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
