"""Nobody holds a request to a supplier while they wait for what carries its words: workers never block each other."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from domain.decision import WordsFor
from domain.delivery import WordsState
from domain.supplier import Supplier
from domain.supplier_mail import About, KnownBy, SupplierMail
from domain.supplier_request import Channel, FoundBy
from storage import supplier_open, supplier_requests, ticket_release, tickets, tickets_waiting
from storage.due import Kind
from storage.supplier_notes import SupplierNote
from storage.tickets import Words
from tests.support.supplied import ACME, PURCHASE, Supplied
from tests.support.ticketing import ORDER, Bridged
from worker.supplier_answers import Answer


@pytest.fixture
def desk(shop) -> Supplied:
    return Supplied(shop)


@pytest.fixture
def bridge(desk, ticketing):
    ticketing.reset()
    found = Bridged(desk.shop, ticketing)
    found.connect()
    return found


@contextmanager
def held_by_a_worker(desk, carries: str):
    """What carries the words is locked by a worker, who then takes the request itself: it must be free."""
    database = desk.shop.services.database
    with database.transaction(desk.tenant) as worker:
        assert worker.exec_driver_sql(f"SELECT FROM {carries} FOR UPDATE").all()
        with database.transaction(desk.tenant) as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                yield other
            worker.exec_driver_sql("SELECT FROM supplier_request FOR UPDATE NOWAIT")
            other.rollback()


def test_a_suppliers_answer_waits_for_the_ticket_before_it_holds_the_request(desk, bridge):
    asked = desk.customer(f"question: Where is the parcel of {ORDER} ?")
    request = desk.ask(order=ORDER, behind=asked)
    with desk.shop.services.database.transaction(desk.tenant) as db:
        (found,) = supplier_requests.find(db, desk.tenant, desk.acme, purchase_orders=[PURCHASE])
    mail = SupplierMail(KnownBy.SENDER, Supplier("Acme"), (About(found.request, FoundBy.PURCHASE_ORDER, answers=True),))
    note = SupplierNote(ORDER, "They answered.", asked.conversation_id)
    answer = Answer(desk.tenant, asked.id, mail, datetime.now(UTC), (note,))
    with held_by_a_worker(desk, "ticket") as db:
        answer.write(db)
    with desk.shop.services.database.transaction(desk.tenant) as db:
        answer.write(db)
    assert desk.is_heard(request)


def test_closing_waits_for_the_mail_before_it_holds_the_request(desk):
    request = desk.ask()
    desk.shop.change("UPDATE outbox SET state = 'pending', lease_until = NULL WHERE kind = 'supplier_mail'")
    with held_by_a_worker(desk, "outbox") as db:
        supplier_open.close(db, desk.tenant, request, member=desk.shop.workspace.owner)


def test_what_is_closed_calls_off_a_reminder_that_was_set_aside_and_its_step(desk, bridge):
    asked = desk.customer(f"question: Where is the parcel of {ORDER} ?")
    with desk.shop.services.database.transaction(desk.tenant) as db:
        ticket = tickets.open_one(db, desk.tenant, ORDER, asked.conversation_id, asked.id, about=2)
    request = desk.ask(order=ORDER, behind=asked, ticket=ticket)
    desk.shop.change("UPDATE supplier_request SET mailbox_id = NULL, asked_at = asked_at - interval '9 days'")
    desk.shop.change("UPDATE supplier_request SET next_at = now() - interval '1 minute'")
    desk.shop.run(Kind.REMIND)
    assert [step.channel for step in desk.shop.rows("SELECT channel FROM supplier_step")] == [Channel.TICKET]
    desk.shop.change("UPDATE ticket_words SET state = 'waiting' WHERE side = 'supplier'")
    with desk.shop.services.database.transaction(desk.tenant) as db:
        assert supplier_open.close(db, desk.tenant, request, member=desk.shop.workspace.owner)
    assert desk.shop.one("SELECT state FROM ticket_words WHERE side = 'supplier'") == "cancelled"
    assert desk.shop.one("SELECT state FROM supplier_step") == "cancelled"


def test_held_words_that_no_customer_stands_behind_are_released_where_they_were_asked_for(desk, bridge):
    """Asked from the supplier's own conversation: the words have none, but the mail has."""
    asked = desk.customer("other: a word")
    with desk.shop.services.database.transaction(desk.tenant) as db:
        ticket = tickets.open_one(db, desk.tenant, ORDER, None, asked.id, about=2)
        asking = Words(WordsFor.SUPPLIER, "Where is it?", ACME, automatic=False, message=asked.id)
        words = tickets.write(db, desk.tenant, ticket, asking, state=WordsState.HELD)
        (waiting,) = tickets_waiting.page(db, desk.tenant)
        assert waiting.words[0].conversation == asked.conversation_id
        (held,) = ticket_release.of_conversation(db, desk.tenant, asked.conversation_id)
        assert held.id == words
        assert ticket_release.conversation_of(db, desk.tenant, words) == asked.conversation_id
