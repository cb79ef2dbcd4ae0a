"""The sync machine of GMAIL.md 5.3: every branch of it, over the real client."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.letter import Letter
from storage import sync
from storage.due import Kind
from tests.support import pipeline
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP, Shop

MINUTE = timedelta(minutes=1)


def gmail_ids(shop: Shop) -> set[str]:
    return {row.gmail_id for row in shop.rows("SELECT gmail_id FROM message WHERE mailbox_id = %s", shop.mailbox)}


def in_gmail(shop: Shop, label: str = "INBOX", address: str = SHOP) -> set[str]:
    return {mail.id for mail in shop.google.mailbox(address).messages.values() if label in mail.labels}


def mailbox_row(shop: Shop):
    return shop.rows("SELECT * FROM mailbox WHERE id = %s", shop.mailbox)[0]


def write_some(shop: Shop, count: int, **more) -> None:
    for number in range(count):
        shop.write(f"other: mail number {number}", f"Subject {number}", **more)


def sync_again(shop: Shop) -> int:
    shop.change("UPDATE mailbox SET next_sync_at = now(), lease_until = NULL, blocked_until = NULL")
    return shop.run(Kind.SYNC)


def test_a_new_mailbox_is_listed_over_several_pages(shop):
    shop.google.settings.page_cap = 3
    write_some(shop, 10)
    assert shop.run(Kind.SYNC) == 1
    assert gmail_ids(shop) == in_gmail(shop)
    assert len(shop.google.calls("messages.list")) == 4
    row = mailbox_row(shop)
    assert (row.sync_state, row.sync_page, row.history_id) == ("live", "", shop.google.mailbox(SHOP).history_id)


def test_a_listing_that_broke_off_goes_on_where_it_stopped(shop):
    shop.google.settings.page_cap = 3
    write_some(shop, 10)
    shop.google.fault("messages.list", "503_before", skip=2)
    shop.run(Kind.SYNC)
    assert len(gmail_ids(shop)) == 6
    row = mailbox_row(shop)
    assert row.sync_page
    assert row.history_id is None
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert len(shop.google.calls("messages.list")) == 5  # three, then the third again and the fourth
    assert mailbox_row(shop).history_id == row.sync_history_id


def test_a_page_token_that_gmail_refuses_begins_the_listing_anew(shop):
    shop.google.settings.page_cap = 3
    write_some(shop, 10)
    shop.google.fault("messages.list", "503_before", skip=2)
    shop.run(Kind.SYNC)
    shop.change("UPDATE mailbox SET sync_page = 'inbox:long forgotten'")
    sync_again(shop)
    assert mailbox_row(shop).sync_page == ""
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert mailbox_row(shop).sync_state == "live"


def test_mail_that_arrives_while_the_mailbox_is_listed_is_not_lost(shop):
    shop.google.settings.page_cap = 3
    write_some(shop, 7)
    shop.google.fault("messages.list", "mail_arrives", page=2, count=4)
    shop.run(Kind.SYNC)
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert len(gmail_ids(shop)) == 11


def test_mail_between_the_connection_and_a_late_first_listing_is_not_lost(google, settings, workspace):
    from dataclasses import replace

    with pipeline.services_over(replace(settings, backfill_days=0), google) as services:
        shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
        shop.change("UPDATE mailbox SET connected_at = now() - interval '2 days'")
        shop.write("question: when does my parcel come?", at=google.world.clock() - 82_800)
        shop.settle()
        assert len(shop.received()) == 1


def test_changes_come_over_several_pages_from_one_start(shop):
    shop.run(Kind.SYNC)
    shop.google.settings.page_cap = 2
    write_some(shop, 7)
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    starts = {call.path.split("startHistoryId=")[1].split("&")[0] for call in shop.google.calls("history.list")}
    assert len(starts) == 1
    assert len(shop.google.calls("history.list")) >= 4


def test_mail_that_arrives_between_two_pages_of_changes_is_found_by_the_next_look(shop):
    shop.run(Kind.SYNC)
    shop.google.settings.page_cap = 2
    write_some(shop, 5)
    shop.google.fault("history.list", "mail_arrives", page=2, count=3)
    sync_again(shop)
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)


def test_a_page_of_changes_without_any_is_not_the_last(shop):
    shop.run(Kind.SYNC)
    write_some(shop, 3)
    shop.google.fault("history.list", "empty_page")
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)


def test_an_idle_poll_costs_two_units(shop):
    shop.settle()
    since = len(shop.google.calls())
    sync_again(shop)
    assert sum(call.units for call in shop.google.calls()[since:]) == 2


def test_a_404_in_the_middle_of_the_changes_leads_to_a_listing_and_loses_nothing(shop):
    shop.run(Kind.SYNC)
    shop.google.settings.page_cap = 2
    write_some(shop, 5)
    shop.google.fault("history.list", "404", page=2)
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert mailbox_row(shop).sync_state == "live"


def test_expired_history_lists_from_before_what_was_surely_known(shop):
    shop.settle()
    write_some(shop, 2)
    known = shop.google.mailbox(SHOP).history_id
    shop.change("UPDATE mailbox SET last_ok_at = now() - interval '12 days'")
    shop.write("other: while nobody looked", at=shop.google.world.clock() - 12 * 86_400 + 600)
    shop.google.expire_history(SHOP)
    write_some(shop, 1)
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    row = mailbox_row(shop)
    assert row.sync_state == "live"
    assert row.history_id > known
    write_some(shop, 1)
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)


def test_a_resync_that_broke_off_goes_on_as_one(shop):
    shop.settle()
    shop.google.settings.page_cap = 2
    write_some(shop, 7)
    shop.google.expire_history(SHOP)
    shop.google.fault("messages.list", "drop_before", skip=1)
    sync_again(shop)
    assert mailbox_row(shop).sync_state == "resync"
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert mailbox_row(shop).sync_state == "live"


def a_gap(shop: Shop, hours: int = 12) -> None:
    """Nobody looked for so long that Gmail forgot the history."""
    shop.change("UPDATE mailbox SET last_ok_at = now() - make_interval(hours => %s)", hours)
    shop.change("UPDATE mailbox SET connected_at = now() - interval '60 days'")
    shop.google.expire_history(SHOP)


def test_what_was_answered_by_hand_while_nobody_looked_is_not_answered_again(shop):
    shop.settle()
    shop.google.settings.page_cap = 1
    now = shop.google.world.clock()
    mail = shop.write("question: where is my parcel?", at=now - 7200)
    by_hand = letter(SHOP, CUSTOMER, "Re: A question", "By hand.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, by_hand, mail.thread_id)
    shop.write("question: where is my other parcel?", "Another", at=now - 3600)
    a_gap(shop)
    sync_again(shop)
    shop.settle_over_time(3)
    assert gmail_ids(shop) >= {mail.id} | in_gmail(shop, "SENT")
    assert shop.one("SELECT state FROM outbox WHERE thread_id = %s", mail.thread_id) == "cancelled"
    assert len(shop.received()) == 2  # what was written by hand, and the answer to the other mail


def test_who_writes_again_after_an_answer_by_hand_is_answered_whatever_the_listing_found_first(shop):
    shop.settle()
    first = shop.write("other: hello", at=shop.google.world.clock() - 7200)
    by_hand = letter(SHOP, CUSTOMER, "Re: A question", "By hand.", answers=first.letter.message_id)
    shop.google.send_as(SHOP, by_hand, first.thread_id)
    again = shop.write("question: where is my parcel?", "Re: A question", references=[first.letter.message_id])
    assert again.thread_id == first.thread_id
    a_gap(shop)
    sync_again(shop)
    shop.settle_over_time(3)
    (reply,) = shop.rows(
        "SELECT o.state FROM outbox o JOIN message m ON m.id = o.message_id WHERE m.gmail_id = %s", again.id
    )
    assert reply.state == "sent"


def test_nothing_is_decided_before_what_was_sent_by_hand_in_its_conversation_was_read(shop):
    shop.settle()
    mail = shop.write("question: where is my parcel?", at=shop.google.world.clock() - 7200)
    by_hand = letter(SHOP, CUSTOMER, "Re: A question", "By hand.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, by_hand, mail.thread_id)
    a_gap(shop)
    sync_again(shop)
    shop.google.fault("messages.get", "503_before")
    for kind in (Kind.FETCH, Kind.PROCESS):
        shop.run(kind)
    assert shop.one("SELECT state FROM message WHERE gmail_id = %s", mail.id) == "fetched"
    shop.settle_over_time(2)
    assert shop.one("SELECT state FROM outbox") == "cancelled"


def test_a_resync_that_broke_off_between_its_two_listings_goes_on_with_the_second(shop):
    shop.settle()
    write_some(shop, 3)
    a_gap(shop)
    shop.google.fault("messages.list", "503_before", skip=1)
    sync_again(shop)
    assert mailbox_row(shop).sync_page == "received:"
    before = len(shop.google.calls("messages.list"))
    sync_again(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert len(shop.google.calls("messages.list")) == before + 1


def test_what_was_archived_while_nobody_looked_is_found(shop):
    shop.settle()
    mail = shop.write("question: where is my parcel?")
    shop.google.mailbox(SHOP).relabel(mail, [], ["INBOX"])
    a_gap(shop)
    sync_again(shop)
    shop.settle_over_time(2)
    assert gmail_ids(shop) >= {mail.id}
    assert len(shop.received()) == 1


def test_what_is_found_after_more_than_a_day_waits_for_a_person(shop):
    shop.settle()
    shop.write("question: where is my parcel?", at=shop.google.world.clock() - 25 * 86_400)
    a_gap(shop, hours=26 * 24)
    sync_again(shop)
    shop.settle_over_time(2)
    assert shop.received() == []
    assert "older than 24 hours" in shop.one("SELECT reason FROM decision WHERE disposition = 'hold'")


def test_a_message_that_was_deleted_meanwhile_is_gone_and_blocks_nobody(shop):
    shop.settle()
    gone = shop.write("question: parcel?")
    shop.write("question: where is my parcel?")
    sync_again(shop)
    shop.google.delete_message(SHOP, gone.id)
    shop.settle()
    assert shop.one("SELECT state FROM message WHERE gmail_id = %s", gone.id) == "gone"
    assert len(shop.received()) == 1


def test_drafts_spam_trash_and_chats_are_passed_over(shop):
    shop.settle()
    shop.write("question: spam about a parcel", spam=True)
    box = shop.google.mailbox(SHOP)
    for label in ("DRAFT", "TRASH", "CHAT"):
        box.add(Letter(letter(CUSTOMER, SHOP, label, "question: parcel")), {label})
    wanted = shop.write("other: hello")
    sync_again(shop)
    assert gmail_ids(shop) == {wanted.id}


def test_google_asking_us_to_wait_rests_this_mailbox_alone_until_then(shop, sales, rival):
    shop.settle()
    shop.google.fault("history.list", "429", user=SHOP, retry_after=600)
    for one, address in ((shop, SHOP), (sales, "sales@shop.example"), (rival, "desk@rival.example")):
        one.write("question: where is my parcel?", to=address)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    rival.change("UPDATE mailbox SET next_sync_at = now()")
    shop.settle()
    blocked = mailbox_row(shop).blocked_until - datetime.now(UTC)
    assert timedelta(minutes=9) < blocked < timedelta(minutes=11)
    assert mailbox_row(sales).blocked_until is None
    assert len(shop.received()) == 2  # from sales and from the rival
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    before = len(shop.google.calls("history.list", SHOP))
    shop.settle()
    assert len(shop.google.calls("history.list", SHOP)) == before
    shop.due_again()
    shop.settle()
    assert len(shop.received()) == 3


@pytest.mark.parametrize("fault", ["503_before", "drop_before", "malformed_json", "short_read", "403_rate"])
@pytest.mark.parametrize("route", ["getProfile", "messages.list", "history.list"])
def test_trouble_while_syncing_is_tried_again_and_loses_nothing(shop, route, fault):
    if route == "history.list":
        shop.settle()
    shop.write("question: where is my parcel?")
    shop.google.fault(route, fault)
    before = shop.one("SELECT now()")
    sync_again(shop)
    assert mailbox_row(shop).last_error
    assert mailbox_row(shop).blocked_until > before + timedelta(seconds=1)
    shop.settle_over_time(2)
    assert mailbox_row(shop).last_error == ""
    assert len(shop.received()) == 1


def test_a_revoked_grant_stops_its_mailbox_alone_until_it_is_given_anew(shop, sales, rival):
    shop.settle()
    shop.google.revoke(SHOP)
    for one, address in ((shop, SHOP), (sales, "sales@shop.example"), (rival, "desk@rival.example")):
        one.write("question: where is my parcel?", to=address)
    shop.due_again()
    rival.due_again()
    shop.settle()
    assert mailbox_row(shop).status == "needs_reauth"
    assert mailbox_row(sales).status == mailbox_row(rival).status == "active"
    assert len(shop.received()) == 2
    calls = len(shop.google.calls(user=SHOP))
    shop.settle_over_time(2)
    assert len(shop.google.calls(user=SHOP)) == calls
    pipeline.connect_mailbox(shop.google, shop.services, shop.workspace)
    shop.settle()
    assert len(shop.received()) == 3


def test_the_sent_copy_of_our_reply_is_known_without_being_fetched(shop):
    shop.settle()
    shop.write("question: where is my parcel?")
    shop.sync_and_settle()
    fetched = len(shop.google.calls("messages.get"))
    shop.settle_over_time(2)
    assert [row.state for row in shop.rows("SELECT state FROM message WHERE direction = 'out'")] == ["noted"]
    assert len(shop.google.calls("messages.get")) == fetched
    assert len(shop.received()) == 1


def test_what_the_merchant_wrote_by_hand_is_kept_in_its_conversation(shop):
    shop.settle()
    mail = shop.write("other: hello")
    shop.sync_and_settle()
    answer = letter(SHOP, CUSTOMER, "Re: A question", "Hello Anna, by hand.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, answer, mail.thread_id)
    shop.settle_over_time(2)
    (row,) = shop.rows("SELECT state, conversation_id, parsed FROM message WHERE direction = 'out'")
    assert row.state == "noted"
    assert "by hand" in row.parsed["text"]
    assert row.conversation_id == shop.one("SELECT id FROM conversation")


def test_the_cursor_never_moves_backwards(shop):
    shop.settle()
    known = mailbox_row(shop).history_id
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    with shop.services.database.transaction(shop.tenant) as db:
        cursor = sync.claim(db, shop.tenant, MINUTE)
        assert sync.advance(db, cursor, (), state="live", history_id=int(known) - 1000)
    assert mailbox_row(shop).history_id == known


def test_two_workers_never_sync_one_mailbox_at_once(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        first = sync.claim(db, shop.tenant, MINUTE)
    with shop.services.database.transaction(shop.tenant) as db:
        assert sync.claim(db, shop.tenant, MINUTE) is None
    shop.change("UPDATE mailbox SET lease_until = now() - interval '1 second'")
    with shop.services.database.transaction(shop.tenant) as db:
        second = sync.claim(db, shop.tenant, MINUTE)
    with shop.services.database.transaction(shop.tenant) as db:
        assert not sync.advance(db, first, (), state="live", history_id=2**63)
        sync.finish(db, first, after=timedelta(hours=5))
    row = mailbox_row(shop)
    assert (row.sync_state, row.history_id, row.fence) == ("new", None, second.fence)
    assert row.lease_until > datetime.now(UTC)


def in_one_millisecond(shop: Shop) -> None:
    """Gmail took the shop's mails in the same millisecond, so that their times give no order."""
    mails = shop.google.mailbox(SHOP).messages.values()
    for mail in mails:
        mail.order = (max(each.internal_ms for each in mails), *mail.order[1:])


def test_what_left_spam_for_the_inbox_is_found_by_the_daily_comparison(shop):
    shop.settle()
    mail = shop.write("question: where is my parcel?", spam=True)
    shop.sync_and_settle()
    shop.google.mailbox(SHOP).relabel(mail, ["INBOX"], ["SPAM"])
    shop.sync_and_settle()
    assert shop.received() == []
    shop.a_day_passes()
    shop.google.settings.page_cap = 1
    shop.google.fault("messages.list", "503_before")
    shop.settle_over_time(2)
    assert len(shop.received()) == 1
    listed = len(shop.google.calls("messages.list"))
    shop.settle_over_time(2)
    assert len(shop.google.calls("messages.list")) == listed


def test_what_gmail_never_told_of_is_counted_and_taken_in(shop):
    shop.settle()
    told = shop.write("other: told")
    shop.sync_and_settle()
    mail = shop.write("other: never told")
    history = shop.google.mailbox(SHOP).history
    history[:] = [one for one in history if one.message_id != mail.id]
    shop.sync_and_settle()
    assert mail.id not in gmail_ids(shop)
    shop.a_day_passes()
    shop.sync_and_settle()
    assert gmail_ids(shop) >= {told.id, mail.id}
    found = "SELECT at_gmail, here, missing FROM reconciliation"
    assert [tuple(row) for row in shop.rows(found)] == [(2, 1, 1)]
    shop.a_day_passes()
    shop.change("UPDATE reconciliation SET day = day - 1")
    shop.sync_and_settle()
    assert [tuple(row) for row in shop.rows(found + " ORDER BY day DESC")] == [(2, 2, 0), (2, 1, 1)]


def test_a_mail_that_comes_while_it_is_compared_is_new_and_was_not_missing(shop):
    shop.settle()
    write_some(shop, 3)
    shop.sync_and_settle()
    shop.a_day_passes()
    shop.google.fault("messages.list", "mail_arrives", page=1, count=2)
    shop.sync_and_settle()
    assert gmail_ids(shop) >= in_gmail(shop)
    assert [tuple(row) for row in shop.rows("SELECT at_gmail, here, missing FROM reconciliation")] == [(5, 5, 0)]


def test_what_is_found_late_and_was_answered_by_hand_is_not_answered_again(shop):
    shop.settle()
    mail = shop.write("question: where is my parcel?", spam=True)
    shop.google.mailbox(SHOP).relabel(mail, ["INBOX"], ["SPAM"])
    by_hand = letter(SHOP, CUSTOMER, "Re: A question", "By hand.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, by_hand, mail.thread_id)
    in_one_millisecond(shop)
    shop.settle_over_time(2)
    shop.a_day_passes()
    shop.settle_over_time(2)
    assert gmail_ids(shop) >= {mail.id}
    assert shop.one("SELECT state FROM outbox") == "cancelled"
    assert len(shop.received()) == 1


def test_a_paused_mailbox_is_not_asked_and_misses_nothing(shop):
    shop.settle()
    shop.change("UPDATE mailbox SET status = 'paused'")
    shop.write("question: where is my parcel?")
    calls = len(shop.google.calls())
    shop.settle_over_time(2)
    assert len(shop.google.calls()) == calls
    shop.change("UPDATE mailbox SET status = 'active'")
    shop.settle_over_time(2)
    assert len(shop.received()) == 1
