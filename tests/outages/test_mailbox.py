"""One mailbox of a workspace is revoked for an hour: it waits, the others go on, and reconnecting brings it all in."""

from datetime import timedelta

from storage.due import Kind
from tests.support import pipeline
from tests.support.outages import pass_time, read
from tests.support.pipeline import SHOP

SALES = "sales@shop.example"
HOUR = timedelta(hours=1)
RECONNECT = f"Google no longer lets us into {SHOP} Its mail waits at Gmail; nothing is lost. Reconnect"


def revoke(google, shop) -> None:
    """Google ends our access, and the next look finds that out before anything that was fetched is decided."""
    google.revoke(SHOP)
    google.expire_access_tokens(SHOP)
    shop.change("UPDATE mailbox SET next_sync_at = now() WHERE id = %s", shop.mailbox)
    while shop.run(Kind.SYNC):
        pass
    assert shop.one("SELECT status FROM mailbox WHERE id = %s", shop.mailbox) == "needs_reauth"


def test_a_revoked_mailbox_waits_while_the_others_of_the_workspace_go_on(
    ground, google, shop, letters, browser, capsys
):
    google.account(SALES, "Sales", "shop")
    pipeline.connect_mailbox(google, shop.services, shop.workspace, SALES)
    shop.settle()
    # Fetched and not decided, when Google ends our access.
    letters.write_all()
    shop.fetch()
    revoke(google, shop)
    for _ in range(2):
        letters.write_all()
        letters.write_all(to=SALES)
        pass_time(ground, shop, HOUR / 4)
    assert letters.ends_of(SALES) == letters.wanted_of(SALES)
    assert set(letters.copies_of(SHOP).values()) == {0}
    for path in ("/", "/conversations", "/mailboxes/"):
        assert RECONNECT in read(browser, path), path
    card = read(browser, "/mailboxes/")
    assert "Receiving stopped Google no longer lets us in. Mail waits at Gmail." in card
    assert "Sending stopped Replies wait until it is reconnected." in card
    assert f"{SALES} working" in card
    assert f"stopped Google no longer lets us into {SHOP}" in read(browser, "/alerts")
    asked = len(google.calls(user=SHOP))
    pass_time(ground, shop, HOUR / 2)
    assert len(google.calls(user=SHOP)) == asked, "who has no access asks nothing"
    pipeline.connect_mailbox(google, shop.services, shop.workspace)
    took = pass_time(ground, shop, HOUR, lambda: letters.all_ended)
    with capsys.disabled():
        print(f"\nrevoked for an hour: all was done {took.total_seconds():.1f} s after it was reconnected")
    assert took < timedelta(minutes=2)
    letters.check()
    assert "Google no longer lets us into" not in read(browser, "/")


def test_a_reply_that_waited_for_a_day_is_a_persons_and_leaves_by_itself_no_more(ground, google, shop, letters):
    shop.settle()
    letters.write("answered")
    shop.fetch()
    revoke(google, shop)
    shop.settle()
    assert letters.ends() == {letters.newest: "release pending"}
    ground.leap(timedelta(hours=25))
    pipeline.connect_mailbox(google, shop.services, shop.workspace)
    pass_time(ground, shop, timedelta(minutes=5))
    assert letters.ends() == {letters.newest: "held"}
    assert shop.one("SELECT reason FROM decision") == "It could not leave for a day: it may be settled already."
    assert letters.copies()[letters.newest] == 0
