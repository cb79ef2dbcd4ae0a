"""A mailbox is disconnected in the moment in which mail to a supplier is written for it: none waits there for ever."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection

from domain.errors import BadInput
from storage import disconnecting, supplier_steps
from tests.support.asking import Asking
from tests.support.waiting import until
from worker import remind


@pytest.fixture
def asking(shop) -> Asking:
    return Asking.of(shop)


@pytest.fixture
def due(asking) -> Asking:
    """A supplier was asked a day ago, and is reminded now."""
    asking.asked()
    asking.pass_time(25)
    return asking


def disconnect(db: Connection, asking: Asking) -> bool:
    return disconnecting.disconnect(db, asking.shop.tenant, asking.shop.mailbox)


def somebody_waits(asking: Asking) -> bool:
    return bool(asking.shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))


def test_a_reminder_that_is_due_while_somebody_disconnects_waits_for_nobody_and_then_stands_at_the_desk(due):
    with due.shop.services.database.transaction(due.shop.tenant) as db:
        assert disconnect(db, due)
        assert due.climb() == 1
        assert due.shop.rows("SELECT FROM supplier_step") == []
    due.shop.change("UPDATE supplier_request SET next_at = now() - interval '1 minute'")
    assert due.climb() == 1
    (step,) = due.shop.rows("SELECT * FROM supplier_step")
    assert (step.state, step.last_error, due.rows("supplier_reminder")) == ("needs_person", remind.NO_MAILBOX, [])


def test_who_disconnects_while_a_reminder_is_written_waits_for_it_and_finds_it(due, monkeypatch):
    climb = supplier_steps.climb

    def climb_slowly(*words: object, **more: object) -> bool:
        """It is written, and its transaction is open until who disconnects waits for it."""
        written = climb(*words, **more)
        late.append(pool.submit(disconnect_apart))
        until(lambda: somebody_waits(due))
        return written

    def disconnect_apart() -> bool:
        with due.shop.services.database.transaction(due.shop.tenant) as db:
            return disconnect(db, due)

    late = []
    monkeypatch.setattr(supplier_steps, "climb", climb_slowly)
    with ThreadPoolExecutor(1) as pool:
        assert due.climb() == 1
        assert late[0].result()
    (mail,) = due.rows("supplier_reminder")
    (step,) = due.shop.rows("SELECT * FROM supplier_step")
    assert (mail.state, step.state, step.last_error) == ("failed", "failed", disconnecting.NOT_LEFT)


def test_who_asks_while_somebody_disconnects_is_told_so(asking):
    asking.shop.write("question: hello")
    asking.shop.sync_and_settle()
    with ThreadPoolExecutor(1) as pool:
        with asking.shop.services.database.transaction(asking.shop.tenant) as db:
            assert disconnect(db, asking)
            late = pool.submit(asking.ask)
            until(lambda: somebody_waits(asking))
        with pytest.raises(BadInput, match="This mailbox is disconnected"):
            late.result()
    assert asking.shop.rows("SELECT FROM supplier_request") == []
    assert asking.rows("supplier_mail") == []
