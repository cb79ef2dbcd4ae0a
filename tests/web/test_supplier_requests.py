"""What suppliers owe an answer to, on pages: by age, in numbers and as a drawing, and as alerts until they are seen."""

import re
from datetime import date, timedelta

import pytest

from domain.response_times import Times
from domain.supplier_request import SupplierRules
from storage import supplier_rules
from tests.support.asked import asker
from tests.web.conftest import seen
from web.supplier_curve import draw
from web.supplier_times import span

EVERY = ("/suppliers/open", "/suppliers/times", "/suppliers/alerts", "/suppliers/reminders")


@pytest.fixture
def asked(database, workspace):
    return asker(database, workspace.id)


def test_empty_pages_say_what_will_stand_there(browser):
    said = [seen(browser.page(path)) for path in EVERY]
    for words, page in zip(
        ("No supplier owes an answer", "Nothing was asked in these 90 days", "No alert", "After 24 hours"),
        said, strict=True,
    ):  # fmt: skip
        assert words in page


def test_an_open_request_says_who_owes_what_since_when_and_what_comes_next(browser, asked, workspace):
    acme = asked.supplier("Acme Lamps")
    asked.ask(
        acme, 50, purchase="D400000123", order_number="LO-48120", asked_by=workspace.owner,
        next_at=asked.now + timedelta(hours=3),
    )  # fmt: skip
    page = browser.page("/suppliers/open")
    for words in ("Acme Lamps", "D400000123", "LO-48120", "2 d ago", "by Olivia Owner", "reminder 20"):
        assert words in seen(page)
    assert "1 to 3 days" in seen(page)
    assert f"/suppliers/{acme}" in page
    assert "/orders/LO-48120" in page


def test_what_has_not_left_and_what_is_overdue_and_what_is_a_persons_say_so(browser, asked):
    acme = asked.supplier()
    unsent = asked.ask(acme, 1)
    asked.rows(
        "UPDATE supplier_request SET asked_at = NULL, first_asked_at = NULL WHERE id = :id RETURNING 1", id=unsent
    )
    asked.ask(acme, 30, next_at=asked.now - timedelta(minutes=1))
    asked.silent(acme)
    page = seen(browser.page("/suppliers/open"))
    for words in ("has not left yet", "begins when our mail has left", "reminder due now", "it is for a person now"):
        assert words in page


def test_the_list_is_of_one_supplier_where_one_is_asked_for_and_pages_by_key(browser, asked):
    acme, bolt = asked.supplier("Acme"), asked.supplier("Bolt")
    for hours in range(1, 53):
        asked.ask(acme, hours, purchase=f"D5000000{hours:02}")
    asked.ask(bolt, 7, purchase="D600000001")
    first = browser.page("/suppliers/open")
    assert "D500000052" in first
    assert "D500000001" not in first
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    assert "D500000001" in browser.page(following)
    of_bolt = browser.page(f"/suppliers/open?supplier={bolt}")
    assert "D600000001" in of_bolt
    assert "D5000000" not in of_bolt
    assert "Nothing is open here" not in browser.page("/suppliers/open?supplier=nonsense&after=nonsense")


def test_who_needs_no_answer_any_more_closes_the_request(browser, asked):
    request = asked.ask(asked.supplier(), 30, purchase="D400000123")
    assert "Closed. Nobody is reminded" in seen(browser.press(f"/suppliers/requests/{request}/close"))
    assert "D400000123" not in browser.page("/suppliers/open")
    assert "answered or closed already" in seen(browser.press(f"/suppliers/requests/{request}/close"))


def test_an_alert_stands_in_the_rail_until_somebody_has_seen_it(browser, asked, join):
    acme = asked.supplier("Acme Lamps")
    _, alert = asked.silent(acme, purchase="D400000131", order_number="LO-1", subject="Where is it?")
    agent = join("agent")
    page = agent.page("/suppliers/alerts")
    for words in (
        "nobody has seen it", "Acme Lamps owes an answer on purchase order D400000131", "Reminded twice",
        "Where is it?", "alerts not seen: 1",
    ):  # fmt: skip
        assert words in seen(page)
    assert "Alerts (1" in seen(browser.page("/suppliers"))
    page = seen(agent.press(f"/suppliers/alerts/{alert}/seen"))
    assert "seen, still open" in page
    assert "Seen by Tom" in page
    assert "alerts not seen" not in page


def test_an_alert_that_was_answered_since_says_so(browser, asked):
    request, _ = asked.silent(asked.supplier())
    asked.rows("UPDATE supplier_request SET answered_at = now() WHERE id = :id RETURNING 1", id=request)
    page = browser.page("/suppliers/alerts")
    assert "answered since" in seen(page)
    assert "No answer needed" not in page


def test_a_viewer_reads_every_page_and_presses_nothing(browser, asked, join):
    request, alert = asked.silent(asked.supplier())
    viewer = join("viewer")
    for path in EVERY:
        assert 'action="/suppliers' not in viewer.page(path).replace('action="/suppliers/open"', "")
    for path in (f"/suppliers/requests/{request}/close", f"/suppliers/alerts/{alert}/seen", "/suppliers/reminders"):
        assert viewer.post(path).status_code == 403


def test_response_times_stand_in_numbers_by_supplier_and_by_week_and_as_a_drawing(browser, asked):
    acme, bolt = asked.supplier("Acme"), asked.supplier("Bolt")
    for took in (2, 4, 6, 8):
        asked.ask(acme, 24 * 14 + took, took=took)
    asked.ask(bolt, 24 * 14)
    page = browser.page("/suppliers/times?days=30")
    text = seen(page)
    # Of five, four were answered within 8 hours; the fifth waits for two weeks already.
    assert "Acme 4 4 4 h 8 h 4 of 4 (100 %)" in text
    assert "Bolt 1 0 not known yet not known yet 0 of 1 (0 %)" in text
    assert "In time: 4 of 5 80 %" in text
    assert '<title id="times-title">' in page
    assert 'class="curve-share"' in page
    assert "Nothing was asked" not in seen(browser.page("/suppliers/times?days=nonsense"))


def test_without_reminders_nothing_says_what_is_in_time(browser, asked, workspace, database):
    with database.transaction(workspace.id) as db:
        supplier_rules.put(db, workspace.id, SupplierRules(reminding=False), actor="test")
    asked.ask(asked.supplier(), 100, took=2)
    assert "nothing to judge yet" in seen(browser.page("/suppliers/times"))


def test_a_suppliers_own_page_is_for_every_role(browser, asked, join):
    acme = asked.supplier("Acme")
    asked.ask(acme, 90, took=2)
    asked.ask(acme, 30, purchase="D400000123")
    page = seen(join("viewer").page(f"/suppliers/{acme}"))
    for words in ("Asked in the last 365 days 2", "Answered 1", "D400000123", "desk @acme.example", "None yet."):
        assert words in page
    assert "Change" not in page


WEEK = timedelta(weeks=1)
MONDAY = date(2026, 11, 2)


def week(median: float | None, share: tuple[int, int] = (1, 2)) -> Times:
    took = None if median is None else timedelta(hours=median)
    return Times(4, 2, took, took, *share)


def test_a_week_without_a_number_breaks_the_line_and_a_week_without_requests_does_too():
    weeks = [(MONDAY, week(4)), (MONDAY + WEEK, week(6)), (MONDAY + 2 * WEEK, week(None)), (MONDAY + 4 * WEEK, week(8))]
    drawn = draw(weeks)
    assert [len(part) for part in drawn.median] == [2, 1]
    assert len(drawn.bars) == 4
    assert [tick.label for tick in drawn.ticks_up] == ["0 h", "4 h", "8 h"]


@pytest.mark.parametrize("hours", [0, 0.1, 4, 100, 335, 337, 5000])
def test_every_point_lies_within_the_drawing(hours):
    drawn = draw([(MONDAY, week(hours, (0, 3))), (MONDAY + 51 * WEEK, week(hours / 2, (3, 3)))])
    points = [point for line in (*drawn.median, *drawn.ninetieth) for point in line]
    assert all(72 <= x <= 624 and 16 <= y <= 216 for x, y in points)
    assert all(bar.top >= 256 and bar.top + bar.height <= 336.1 and bar.height > 0 for bar in drawn.bars)
    assert len(drawn.ticks_along) <= 7


def test_nothing_to_draw_draws_nothing():
    assert draw([]) is None
    assert draw([(MONDAY, week(None, (0, 0)))]) is None


@pytest.mark.parametrize(
    ("hours", "said"), [(0.2, "12 min"), (1, "1 h"), (26.4, "26 h"), (47.6, "2.0 days"), (100, "4.2 days")]
)
def test_a_time_is_said_as_a_person_would(hours, said):
    assert span(timedelta(hours=hours)) == said
