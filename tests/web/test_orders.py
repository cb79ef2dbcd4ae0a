"""The orders: found, filtered, paged, each with what became of it, and brought in from a file of a person's own."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.order import OrderItem
from storage import orders
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler
from tests.web.refunding import DRAFT, LAMP, Till

HEADING = "order_number,customer_email,status,currency,total_minor,placed_at,items,customer_name\n"
NUMBERS = "SELECT number FROM shop_order WHERE tenant_id = :tenant ORDER BY number"


@pytest.fixture
def till(filler: Filler) -> Till:
    return Till(filler)


def bring(browser: Browser, content: str | bytes, name: str = "orders.csv"):
    content = content.encode() if isinstance(content, str) else content
    # Written here, since the client of the tests leaves the file open in which it puts a large body.
    head = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{browser.token()}\r\n--x\r\n'
    head += f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    body = head.encode() + content + b"\r\n--x--\r\n"
    return browser.client.post("/orders/upload", data=body, content_type="multipart/form-data; boundary=x")


def rows_of(html: str) -> list[str]:
    return [seen(row.split("</tr>")[0]) for row in html.split("<tr data-row>")[1:]]


def test_an_empty_list_says_what_to_do(browser: Browser, join) -> None:
    assert "No orders yet" in browser.page("/orders")
    assert "Bring orders in" in browser.page("/orders")
    page = join("agent").page("/orders")
    assert "An owner or admin of this workspace can do that." in page
    assert "Bring orders in" not in page


def test_the_list_shows_each_order_with_its_money(browser: Browser, till: Till) -> None:
    till.order("LO-1", 12_050)
    [row] = rows_of(browser.page("/orders"))
    assert row == "LO-1 Anna Winter anna @example.org delivered Total 120.50 EUR Paid back none Placed 9 d ago"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=lo-2", ["LO-2"]),
        ("q=%23LO-", ["LO-3", "LO-2", "LO-1"]),
        ("q=bert", ["LO-2"]),
        ("q=bert%40example", ["LO-2"]),
        ("status=shipped", ["LO-3"]),
        ("status=shipped&q=bert", []),
        ("status=nonsense", ["LO-3", "LO-2", "LO-1"]),
        ("q=%25", []),
        ("after=LO-3", ["LO-2", "LO-1"]),
        ("after=LO-1", []),
    ],
)
def test_orders_are_found_by_number_customer_address_and_state(
    browser: Browser, till: Till, query: str, found: list[str]
) -> None:
    now = datetime.now(UTC)
    till.order("LO-1", placed_at=now - timedelta(days=3))
    till.order("LO-2", placed_at=now - timedelta(days=2), email="bert@example.org", name="Bert")
    till.order("LO-3", placed_at=now - timedelta(days=1), status="shipped")
    html = browser.page(f"/orders?{query}")
    assert [row.split()[0] for row in rows_of(html)] == found
    if not found:
        assert "Nothing here fits" in html or "Nothing further down" in html


def test_the_list_pages_by_key(browser: Browser, till: Till) -> None:
    now = datetime.now(UTC)
    for number in range(51):
        till.order(f"LO-{number:03}", placed_at=now - timedelta(hours=number))
    html = browser.page("/orders")
    assert len(rows_of(html)) == 50
    assert "after=LO-049" in html
    html = browser.page("/orders?after=LO-049")
    assert [row.split()[0] for row in rows_of(html)] == ["LO-050"]
    assert "Next page" not in html


def test_an_order_shows_items_money_ledger_cases_acts_and_conversations(
    browser: Browser, filler: Filler, till: Till
) -> None:
    till.order(
        items=(LAMP, OrderItem("B", "Bulb", 2, 500, "light", final_sale=True)), tracking_url="https://x.example/t"
    )
    held = till.wanted(filler.mailbox())
    browser.press(f"/decisions/{held.decision}/approve", {"text": DRAFT, "sure": "yes"})
    till.became(held, "done", reference="shop-7")
    html = browser.page("/orders/LO-1")
    page = seen(html)
    for words in (
        "Alba table lamp, oak ALBA-OA Pieces: 1 One costs 49.90 EUR",
        "Bulb B · light · final sale Pieces: 2 One costs 5.00 EUR",
        "Total 100.00 EUR Paid back or set aside 49.90 EUR Left 50.10 EUR",
        "Name Anna Winter Address anna @example.org",
        "set aside 49.90 EUR Olivia Owner",
        "paid back 49.90 EUR the machine shop-7",
        "Refund 49.90 EUR done Approved by: Olivia Owner",
        "approved Refund, 49.90 EUR it came damaged",
    ):
        assert words in page
    assert '<a href="https://x.example/t" rel="noopener noreferrer nofollow" target="_blank">Follow the parcel' in html
    assert html.count(f"/conversations/{held.conversation}") == 3
    assert "My lamp is broken" in page


def test_an_order_is_found_as_its_customer_writes_it(browser: Browser, till: Till) -> None:
    till.order("LO-1")
    till.order("2026/001")
    assert "Order LO-1" in seen(browser.page("/orders/lo-1"))
    assert "/orders/2026/001" in browser.page("/orders")
    assert "Order 2026/001" in seen(browser.page("/orders/2026/001"))
    assert browser.get("/orders/LO-2").status_code == 404
    assert browser.get("/orders/%00").status_code == 404


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://x.example/", "https://x.example/ y", "data:text/html,x"]
)
def test_a_parcel_link_that_is_not_safe_is_shown_and_never_a_link(browser: Browser, till: Till, url: str) -> None:
    till.order(tracking_url=url)
    html = browser.page("/orders/LO-1")
    assert "The shop’s link is not one that we would open" in html
    assert f'href="{url}' not in html


def test_a_list_is_brought_in_and_bad_rows_are_named_by_line(browser: Browser, filler: Filler, till: Till) -> None:
    till.order("LO-1", 5000)
    items = '"[{""sku"": ""A"", ""name"": ""Lamp"", ""quantity"": 1, ""price_minor"": 4990}]"'
    answer = bring(
        browser,
        HEADING + f"lo-1,anna@x.example,returned,EUR,6000,2026-11-01,{items},Anna\n"
        "LO-2,anna@x.example,lost,EUR,4990,2026-11-01,[],Anna\n"
        "LO-3,anna@x.example,shipped,EUR,<b>many</b>,2026-11-01,[],Anna\n"
        "LO-4,bert@x.example,shipped,EUR,100,2026-11-01,[],Bert\n",
    )
    page = seen(answer.text)
    assert "2 orders are in, 2 rows left out" in page
    assert "Line 3 left out The status 'lost' is none of pending" in page
    assert "Line 4 left out total_minor must be a whole number of cents, not '<b>many</b>'." in page
    assert "<b>many" not in answer.text
    assert [row.number for row in filler.rows(NUMBERS)] == ["LO-1", "LO-4"]
    with filler.database.transaction(filler.tenant) as db:
        assert orders.find(db, filler.tenant, "LO-1").status == "returned"
    [event] = filler.rows("SELECT detail FROM event WHERE tenant_id = :tenant AND kind = 'orders_brought'")
    assert event.detail == {"n": 2, "left_out": 2}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The heading lacks: currency, customer_email"),
        (b"\xff\xfe", "It is not UTF-8 text: save it as CSV in UTF-8."),
        (b"a,b\n1,2\n", "The heading lacks"),
        (b"x" * (5 * 1024 * 1024 + 1), "The file is larger than 5 MB: split it."),
    ],
)
def test_what_is_no_list_of_orders_changes_nothing(browser: Browser, filler: Filler, content: bytes, said: str) -> None:
    page = seen(bring(browser, content).text)
    assert f"Nothing was changed. {said}" in page
    assert filler.rows(NUMBERS) == []


def test_a_form_without_a_file_and_a_flood_are_refused(browser: Browser) -> None:
    assert "Nothing was changed. Choose a file." in seen(browser.post("/orders/upload").text)
    assert bring(browser, b"x" * (6 * 1024 * 1024)).status_code == 413


def test_a_list_that_contradicts_what_was_paid_back_leaves_the_order_as_it_was(
    browser: Browser, filler: Filler, till: Till
) -> None:
    till.order("LO-1", 10_000)
    held = till.wanted(filler.mailbox())
    browser.press(f"/decisions/{held.decision}/approve", {"text": DRAFT, "sure": "yes"})
    page = seen(bring(browser, HEADING + "LO-1,anna@x.example,returned,EUR,1000,2026-11-01,[],A\n").text)
    assert "0 orders are in, 1 row left out" in page
    assert "Line 2 left out More than this total, or in another currency, was paid back or set aside already" in page
    assert "100.00 EUR" in seen(browser.page("/orders/LO-1"))


def test_what_we_paid_back_is_not_lowered_by_a_list(browser: Browser, filler: Filler, till: Till) -> None:
    till.order("LO-1", 10_000)
    held = till.wanted(filler.mailbox())
    browser.press(f"/decisions/{held.decision}/approve", {"text": DRAFT, "sure": "yes"})
    assert "1 order is in" in bring(browser, HEADING + "LO-1,anna@x.example,returned,EUR,10000,2026-11-01,[],A\n").text
    with filler.database.transaction(filler.tenant) as db:
        assert orders.find(db, filler.tenant, "LO-1").refunded.minor == 4990


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_who_manages_brings_orders_in(filler: Filler, till: Till, join, role: str) -> None:
    till.order()
    other = join(role)
    assert "LO-1" in other.page("/orders")
    assert "LO-1" in other.page("/orders/LO-1")
    assert other.get("/orders/upload").status_code == 403
    assert bring(other, HEADING + "LO-2,a@x.example,shipped,EUR,1,2026-11-01,[],A\n").status_code == 403
    assert [row.number for row in filler.rows(NUMBERS)] == ["LO-1"]


def test_a_stranger_sees_no_order(stranger: Browser, till: Till) -> None:
    till.order()
    for path in ("/orders", "/orders/LO-1", "/orders/upload", "/refunds", "/refunds/attempts", "/refunds/export.csv"):
        assert stranger.get(path).headers["Location"].startswith("/sign-in")
