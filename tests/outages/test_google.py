"""Google answers 503 for an hour: what staff read at each moment, how rarely it is asked, and how soon all is done."""

from datetime import timedelta

from sandbox.faults import Fault
from tests.support.outages import pass_time, read
from tests.support.pipeline import SHOP

ALWAYS = 10**6
MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE


def in_flight(ground, shop, letters) -> None:
    """All is well for a while, and then two mails have been fetched and not been answered yet."""
    shop.settle()
    letters.write_all()
    pass_time(ground, shop, 5 * MINUTE, lambda: letters.all_ended)
    for end in ("answered", "held"):
        letters.write(end)
    shop.fetch()


def test_an_hour_of_503_costs_time_alone_and_staff_read_since_when(ground, shop, letters, browser, capsys):
    in_flight(ground, shop, letters)
    shop.google.world.faults.add(Fault("*", "503_before", times=ALWAYS))
    before = len(shop.google.calls())
    letters.write_all()
    pass_time(ground, shop, 5 * MINUTE)
    card = read(browser, "/mailboxes/")
    assert f"{SHOP} in trouble Receiving" in card
    assert "Last read 5 min ago. New mail waits at Gmail; nothing is lost. We ask again" in card
    assert "Gmail answered 503" in card
    assert "Sending in trouble Gmail answered 503" in card
    assert "Replies wait here and are tried again." in card
    assert "Nothing needs looking at." in read(browser, "/alerts"), "for so long it is a hiccup"
    for _ in range(11):
        letters.write_all()
        pass_time(ground, shop, 5 * MINUTE)
    alert = read(browser, "/alerts")
    assert f"not read {SHOP} was last read 60 min ago" in alert or f"not read {SHOP} was last read 1 h ago" in alert
    assert "New mail waits at Gmail, and replies wait here. Nothing is lost" in alert
    asked = len(shop.google.calls()) - before
    # Full jitter up to a quarter of an hour: rarely enough for Google, and often enough for us.
    assert 5 <= asked <= 40
    shop.google.world.faults.clear()
    took = pass_time(ground, shop, HOUR, lambda: letters.all_ended)
    with capsys.disabled():
        print(f"\n503 for an hour: asked {asked} times; all was done {took.total_seconds() / 60:.1f} min after its end")
    assert took <= 16 * MINUTE
    letters.check()
    assert "in trouble" not in read(browser, "/mailboxes/")
    assert "Nothing needs looking at." in read(browser, "/alerts")


def test_when_gmail_lists_and_takes_no_reply_for_an_hour_staff_read_that(ground, shop, letters, browser):
    in_flight(ground, shop, letters)
    shop.google.world.faults.add(Fault("drafts.create", "503_before", times=ALWAYS))
    pass_time(ground, shop, 10 * MINUTE)
    card = read(browser, "/mailboxes/")
    assert "Sending in trouble Gmail answered 503" in card
    assert "Replies wait here and are tried again." in card
    assert "Nothing needs looking at." in read(browser, "/alerts")
    pass_time(ground, shop, 50 * MINUTE)
    alert = read(browser, "/alerts")
    assert f"not sent A reply waits to leave {SHOP} , for" in alert, alert
    assert "nothing is sent twice" in alert
    shop.google.world.faults.clear()
    assert pass_time(ground, shop, HOUR, lambda: letters.all_ended) <= 16 * MINUTE
    letters.check()
    assert "Sending working" in read(browser, "/mailboxes/")
    assert "Nothing needs looking at." in read(browser, "/alerts")
