"""A mailbox with very much to tell is read a few pages a turn: nothing is lost, and the others are asked meanwhile."""

from storage.due import Kind
from tests.support.pipeline import SHOP, Shop
from tests.worker.test_sync import gmail_ids, in_gmail, mailbox_row, sync_again, write_some
from worker.sync import PAGES

FULL = PAGES * 2


def full_turns(shop: Shop) -> int:
    """Run the stage for as long as the mailbox is due; how many turns that were."""
    turns = 0
    while shop.run(Kind.SYNC):
        turns += 1
        assert turns < 20
    return turns


def test_a_long_history_is_read_in_several_turns_and_its_cursor_moves_when_all_is_stored(shop):
    shop.run(Kind.SYNC)
    before = mailbox_row(shop)
    shop.google.settings.page_cap = 2
    write_some(shop, FULL + 3)
    assert sync_again(shop) == 1
    row = mailbox_row(shop)
    assert len(gmail_ids(shop)) == FULL
    assert (row.history_id, row.last_ok_at) == (before.history_id, before.last_ok_at)
    assert row.sync_page
    assert full_turns(shop) == 1  # due again at once, and then no more
    row = mailbox_row(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert (row.sync_page, row.history_id) == ("", shop.google.mailbox(SHOP).history_id)
    starts = {call.path.split("startHistoryId=")[1].split("&")[0] for call in shop.google.calls("history.list")}
    assert starts == {str(before.history_id)}


def test_what_arrives_between_two_turns_is_found_by_the_next_look(shop):
    shop.run(Kind.SYNC)
    shop.google.settings.page_cap = 2
    write_some(shop, FULL + 3)
    sync_again(shop)
    write_some(shop, 4)
    full_turns(shop)
    sync_again(shop)
    full_turns(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert shop.one("SELECT count(*) FROM message") == FULL + 7


def test_a_place_in_the_history_that_gmail_refuses_begins_it_anew(shop):
    shop.run(Kind.SYNC)
    shop.google.settings.page_cap = 2
    write_some(shop, FULL + 3)
    sync_again(shop)
    shop.change("UPDATE mailbox SET sync_page = 'long forgotten'")
    shop.run(Kind.SYNC)
    assert mailbox_row(shop).sync_page == ""
    sync_again(shop)
    full_turns(shop)
    assert gmail_ids(shop) == in_gmail(shop)
    assert shop.one("SELECT count(*) FROM message") == FULL + 3


def test_a_history_that_expires_between_two_turns_is_followed_by_a_listing(shop):
    shop.run(Kind.SYNC)
    shop.google.settings.page_cap = 2
    write_some(shop, FULL + 3)
    sync_again(shop)
    shop.google.expire_history(SHOP)
    full_turns(shop)
    row = mailbox_row(shop)
    assert (row.sync_state, row.sync_page) == ("live", "")
    assert gmail_ids(shop) == in_gmail(shop)


def test_a_long_first_listing_takes_several_turns(shop):
    shop.google.settings.page_cap = 2
    write_some(shop, FULL + 3)
    assert shop.run(Kind.SYNC) == 1
    row = mailbox_row(shop)
    assert (row.sync_state, row.history_id, row.last_ok_at) == ("new", None, None)
    assert len(gmail_ids(shop)) == FULL
    assert full_turns(shop) == 1
    assert gmail_ids(shop) == in_gmail(shop)
    assert mailbox_row(shop).sync_state == "live"
