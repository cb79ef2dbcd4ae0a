"""From a Gmail id to a message that waits for its decision: whatever a mail is made of, it concerns itself alone."""

from datetime import timedelta

import pytest

from domain.errors import Unreadable
from storage import messages
from storage.due import Kind
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP
from tests.web.conftest import signed_in

PARCEL = "question: when does my parcel come?"


class PickyJail:
    """The real jail, but it cannot read mails that say so."""

    def __init__(self, jail):
        self._jail = jail

    def read(self, raw):
        if b"unreadable" in raw:
            raise Unreadable("the test says so")
        if b"broken parser" in raw:
            raise RuntimeError("nobody expected that")
        return self._jail.read(raw)

    def close(self):
        self._jail.close()


@pytest.fixture
def picky(shop):
    shop.services.jail = PickyJail(shop.services.jail)
    shop.settle()
    return shop


@pytest.fixture
def browser(app, workspace):
    return signed_in(app, workspace.email)


def only(shop, sql, *values):
    (row,) = shop.rows(sql, *values)
    return row


def test_bytes_that_cannot_be_read_are_kept_and_held(picky):
    bad = picky.write("this is unreadable")
    picky.write(PARCEL)
    picky.sync_and_settle()
    row = only(picky, "SELECT * FROM message m JOIN raw_mail r ON r.message_id = m.id WHERE gmail_id = %s", bad.id)
    assert row.state == "unreadable"
    assert bytes(row.raw) == picky.google.mailbox(SHOP).messages[bad.id].letter.raw
    held = only(picky, "SELECT disposition, reason FROM decision WHERE message_id = %s", row.id)
    assert held.disposition == "hold"
    assert "cannot be read" in held.reason
    assert len(picky.received()) == 1


def test_a_mail_over_25_megabytes_is_held_with_the_reason(shop):
    shop.settle()
    raw = letter(CUSTOMER, SHOP, "Large", "x") + b"y" * 26_500_000
    large = shop.google.deliver_raw(SHOP, raw)
    shop.write(PARCEL)
    shop.sync_and_settle()
    row = only(shop, "SELECT id, state, size FROM message WHERE gmail_id = %s", large.id)
    assert row.state == "unreadable"
    assert row.size > 25_000_000
    assert "larger than 25 MB" in shop.one("SELECT reason FROM decision WHERE message_id = %s", row.id)
    assert len(shop.received()) == 1


def test_a_message_that_is_gone_is_noted_as_gone(shop):
    shop.settle()
    shop.write(PARCEL)
    shop.google.fault("messages.get", "delete_message")
    shop.sync_and_settle()
    assert shop.one("SELECT state FROM message") == "gone"


@pytest.mark.parametrize("fault", ["500_before", "429"])
def test_passing_trouble_with_one_mail_is_waited_out_however_often_it_comes(shop, fault):
    shop.settle()
    shop.write(PARCEL)
    shop.google.fault("messages.get", fault, times=8)
    shop.sync_and_settle()
    shop.settle_over_time(9)
    assert len(shop.received()) == 1


def test_a_mail_that_gmail_does_not_give_for_three_days_is_held_with_what_went_wrong(shop):
    shop.settle()
    shop.write(PARCEL)
    shop.google.fault("messages.get", "500_before", times=3)
    shop.sync_and_settle()
    shop.settle_over_time(1)
    assert shop.one("SELECT count(*) FROM decision") == 0
    shop.change("UPDATE message SET discovered_at = now() - interval '73 hours'")
    shop.settle_over_time(1)
    assert "could not be fetched for 72 hours" in shop.one("SELECT reason FROM decision WHERE disposition = 'hold'")
    assert shop.received() == []


def test_what_waited_for_days_while_nobody_tried_is_fetched(shop):
    shop.settle()
    shop.write(PARCEL)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    shop.run(Kind.SYNC)
    shop.change("UPDATE message SET discovered_at = now() - interval '80 hours'")
    shop.settle()
    assert len(shop.received()) == 1


def test_a_mail_that_cannot_be_fetched_is_shown_in_the_queue_and_opens(picky, browser):
    shop, mail = picky, picky.write("here is the broken parser")
    shop.sync_and_settle()
    shop.settle_over_time(6)
    held = only(shop, "SELECT id, conversation_id FROM decision WHERE disposition = 'hold'")
    assert held.conversation_id is not None
    assert shop.one("SELECT thread_id FROM conversation WHERE id = %s", held.conversation_id) == mail.thread_id
    queue = browser.page("/")
    assert "could not be fetched" in queue
    assert f"/conversations/{held.conversation_id}" in queue
    assert "could not be fetched" in browser.page(f"/conversations/{held.conversation_id}")
    assert "(no subject)" in browser.page("/conversations")


def test_the_queue_shows_also_what_was_held_without_a_conversation(shop, browser):
    shop.settle()
    shop.write("question: do you sell boats?", "Boats")
    shop.sync_and_settle()
    shop.change("UPDATE decision SET conversation_id = NULL")
    assert "Boats" in browser.page("/")


def test_a_parser_that_breaks_holds_that_mail_alone(picky):
    picky.write("here is the broken parser")
    for _ in range(3):
        picky.write(PARCEL)
    picky.sync_and_settle()
    assert len(picky.received()) == 3
    picky.settle_over_time(6)
    assert picky.one("SELECT disposition FROM decision WHERE disposition = 'hold'") == "hold"
    assert len(picky.received()) == 3


def test_the_merchants_own_mail_never_lands_in_the_queue(picky):
    mail = picky.write("other: hello")
    picky.sync_and_settle()
    picky.google.send_as(SHOP, letter(SHOP, CUSTOMER, "Re", "broken parser", answers=mail.letter.message_id))
    picky.settle_over_time(8)
    assert picky.one("SELECT state FROM message WHERE direction = 'out'") == "noted"
    assert picky.one("SELECT count(*) FROM decision") == 1


def test_an_html_bomb_does_not_block_the_others(shop):
    shop.settle()
    bomb = "<div>" * 200_000 + "hello" + "<table><tr><td>" * 50_000
    shop.write("other: see the other part", html=bomb)
    for _ in range(3):
        shop.write(PARCEL)
    shop.sync_and_settle()
    assert len(shop.received()) == 3
    assert shop.one("SELECT count(*) FROM message WHERE state = 'discovered'") == 0


def test_gmail_being_out_of_order_blames_no_mail(shop):
    shop.settle()
    shop.write(PARCEL)
    shop.google.fault("messages.get", "drop_before", times=8)
    shop.sync_and_settle()
    shop.settle_over_time(9)
    assert len(shop.received()) == 1


def test_a_lost_lease_stores_nothing(shop):
    shop.settle()
    mail = shop.write(PARCEL)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    shop.run(Kind.SYNC)
    with shop.services.database.transaction(shop.tenant) as db:
        (claim,) = messages.claim_discovered(db, shop.tenant, limit=20, lease=timedelta(minutes=2))
    shop.change("UPDATE message SET lease_until = now() - interval '1 second'")
    with shop.services.database.transaction(shop.tenant) as db:
        (later,) = messages.claim_discovered(db, shop.tenant, limit=20, lease=timedelta(minutes=2))
    assert later.fence > claim.fence
    with shop.services.database.transaction(shop.tenant) as db:
        assert not messages.end(db, claim, "gone")
        messages.retry(db, claim, after=timedelta(days=3), error="late")
    assert shop.one("SELECT state FROM message WHERE gmail_id = %s", mail.id) == "discovered"
    shop.settle_over_time(2)
    assert len(shop.received()) == 1


def test_what_failed_twice_is_fetched_alone_and_after_the_others(shop):
    shop.settle()
    for _ in range(4):
        shop.write(PARCEL)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    shop.run(Kind.SYNC)
    shop.change("UPDATE message SET attempts = 2 WHERE seq <= (SELECT min(seq) + 1 FROM message)")
    sizes = []
    for _ in range(3):
        with shop.services.database.transaction(shop.tenant) as db:
            sizes.append(len(messages.claim_discovered(db, shop.tenant, limit=20, lease=timedelta(minutes=2))))
    assert sizes == [2, 1, 1]


def test_a_label_waits_for_its_own_mailbox_alone(shop, sales):
    shop.settle()
    shop.write(PARCEL)
    sales.write(PARCEL, to="sales@shop.example")
    shop.google.fault("messages.modify", "503_before", times=2)
    shop.sync_and_settle()
    shop.change("UPDATE message SET label_due = true, next_at = now(), lease_until = NULL WHERE direction = 'in'")
    shop.change("UPDATE mailbox SET status = 'needs_reauth' WHERE id = %s", shop.mailbox)
    shop.change("UPDATE mailbox SET blocked_until = NULL")
    for _ in range(3):
        shop.run(Kind.LABEL)
    due = {row.mailbox_id for row in shop.rows("SELECT mailbox_id FROM message WHERE label_due")}
    assert due == {shop.mailbox}
