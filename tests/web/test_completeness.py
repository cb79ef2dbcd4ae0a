"""Nothing is lost: the page accounts for every mail by day, and leads to the mails behind each number."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.completeness import Counted, Whereabouts, day_of, today
from storage import reconciliation
from tests.web.conftest import seen
from web.completeness_bars import HEIGHT, draw

W = Whereabouts
NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)
JUNE = "until=2026-06-01"


@pytest.fixture
def mailbox(filler):
    return filler.mailbox()


def compared(filler, mailbox, day: date, *, at_gmail: int, missing: int) -> None:
    with filler.database.transaction(filler.tenant) as db:
        reconciliation.keep(db, filler.tenant, mailbox, day=day, at_gmail=at_gmail, missing=missing)


def test_without_a_mailbox_the_page_says_what_it_will_be_good_for(browser):
    assert "Once one is, this page accounts for every mail" in seen(browser.page("/completeness"))


def test_each_number_leads_to_its_mails(browser, filler, mailbox):
    filler.released(mailbox, at=NOON)
    held = filler.held(mailbox, at=NOON)
    page = browser.page(f"/completeness?{JUNE}")
    assert "2 mails came in during these 30 days; each is in exactly one place, 0 missing." in seen(page)
    assert f'href="/completeness/{mailbox}?day=2026-06-01&amp;where=held"' in page
    assert f'href="/completeness/{mailbox}?day=2026-06-01"' in page
    waiting = browser.page(f"/completeness/{mailbox}?day=2026-06-01&where=held")
    assert f"/conversations/{held.conversation}" in waiting
    assert "It asks for a person." in waiting
    assert "Answered from Returns." not in waiting
    assert "Answered from Returns." in browser.page(f"/completeness/{mailbox}?day=2026-06-01")
    assert "None of this day" in browser.page(f"/completeness/{mailbox}?day=2026-06-02")


def test_a_list_that_is_long_comes_in_pages(browser, filler, mailbox):
    for number in range(51):
        filler.store(mailbox, None, state="unreadable", at=NOON - timedelta(minutes=number))
    first = browser.page(f"/completeness/{mailbox}?day=2026-06-01&where=missing")
    assert first.count("data-row") == 50
    [following] = [part.split('"')[0] for part in first.split('rel="next" href="')[1:]]
    second = browser.page(following.replace("&amp;", "&"))
    assert second.count("data-row") == 1
    assert "First page" in second


def test_what_is_in_no_place_is_said_first(browser, filler, mailbox):
    filler.store(mailbox, None, state="unreadable", at=NOON)
    page = seen(browser.page(f"/completeness?{JUNE}"))
    assert "1 mail came in during these 30 days, and 1 is in no place where anybody would see it." in page


def test_the_comparison_says_what_it_found(browser, filler, mailbox):
    assert "not compared yet" in seen(browser.page("/completeness"))
    day = today("Europe/Berlin", datetime.now(UTC))
    compared(filler, mailbox, day - timedelta(days=1), at_gmail=1412, missing=0)
    assert "1,412 there, 1,412 here, 0 missing." in seen(browser.page("/completeness"))
    compared(filler, mailbox, day, at_gmail=412, missing=2)
    page = seen(browser.page("/completeness"))
    assert "412 there, 410 here." in page
    assert "Gmail had not told us of 2 mails" in page
    assert "they were taken in then" in page
    filler.rows("UPDATE mailbox SET status = 'paused' WHERE tenant_id = :tenant RETURNING id")
    assert "It is not compared while the mailbox is paused." in seen(browser.page("/completeness"))


def test_a_comparison_that_is_late_says_so(browser, filler, mailbox):
    compared(filler, mailbox, date(2026, 6, 1), at_gmail=1, missing=0)
    filler.rows("UPDATE reconciliation SET looked_at = now() - interval '3 days' WHERE tenant_id = :tenant RETURNING 1")
    assert "The next comparison is late." in seen(browser.page("/completeness"))


def test_days_are_paged_backwards_as_far_as_there_is_mail_and_forwards_again(browser, filler, mailbox):
    assert "Earlier days" not in browser.page("/completeness")
    filler.held(mailbox, at=datetime.now(UTC) - timedelta(days=45))
    page = browser.page("/completeness")
    [earlier] = [part.split('"')[0] for part in page.split('rel="next" href="')[1:]]
    before = browser.page(earlier.replace("&amp;", "&"))
    assert "1 mail came in" in seen(before)
    assert "Earlier days" not in before
    assert 'rel="prev"' in before


def test_several_mailboxes_are_shown_one_at_a_time(browser, filler, mailbox):
    sales = filler.mailbox("sales@lumen.example")
    filler.held(sales)
    assert "0 mails came in" in seen(browser.page("/completeness"))
    page = browser.page(f"/completeness?mailbox={sales}")
    assert "1 mail came in" in seen(page)
    assert f'href="/completeness?mailbox={mailbox}"' in page


NONSENSE = ("until=2026-13-40", "until=0001-01-01", "until=99999", "until=2999-01-01", "mailbox=x")


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_in_the_address_is_as_good_as_none(browser, mailbox, nonsense):
    assert "Newest days" not in browser.page(f"/completeness?{nonsense}")


@pytest.mark.parametrize("query", ["", "?day=x", "?where=nowhere", "?day=0001-01-01&after=x"])
def test_a_list_of_no_day_is_that_of_today_and_of_no_place_that_of_all(browser, filler, mailbox, query):
    filler.held(mailbox, at=datetime.now(UTC))
    assert "Came in, " in seen(page := browser.page(f"/completeness/{mailbox}{query}"))
    assert "Sending the lamp back" in page


def test_another_workspaces_mailbox_does_not_exist(browser, rival):
    theirs = rival.mailbox("desk@rival.example")
    assert browser.get(f"/completeness?mailbox={theirs}").status_code == 404


def bars(*counts: dict[Whereabouts, int]):
    last = date(2026, 6, 30)
    return draw([Counted(day_of("UTC", last - timedelta(days=n)), one) for n, one in enumerate(counts)])


def test_nothing_is_drawn_where_nothing_came():
    assert bars({}, {}) is None


@pytest.mark.parametrize("n", [1, 2, 9, 10, 11, 99, 412, 12_345])
def test_a_bar_is_as_high_as_its_mails_and_stays_in_its_field(n):
    drawing = bars({W.ANSWERED: n, W.HELD: n, W.MISSING: 1}, {}, {W.PEOPLE: 1})
    assert [part.name for part in drawing.parts] == ["people", "itself", "waits", "missing"]
    assert all(part.top >= 16 and part.top + part.height <= HEIGHT - 44 + 0.01 for part in drawing.parts)
    assert all(part.height >= 1.5 for part in drawing.parts)
    assert drawing.ticks_up[2].at <= min(part.top for part in drawing.parts)
    assert [2 * int(drawing.ticks_up[1].label), drawing.ticks_up[0].label] == [int(drawing.ticks_up[2].label), "0"]


def test_a_month_has_few_words_below_it():
    drawing = bars(*({W.HELD: 1} for _ in range(30)))
    assert len(drawing.parts) == 30
    assert len(drawing.ticks_along) == 4
