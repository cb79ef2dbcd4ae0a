"""The customers' pages: the list, and one of them with conversations, orders, refunds, and how it went lately."""

from dataclasses import replace

import pytest

from domain.message import Address
from domain.understanding import Sentiment
from tests.web.conftest import Browser, seen
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler, Held
from tests.web.refunding import Till


@pytest.fixture
def wish(filler: Filler) -> Held:
    """Anna wants her money back for an order of hers, and sounds unhappy in another conversation."""
    till = Till(filler)
    till.order("LO-1")
    mailbox = filler.mailbox()
    unhappy = replace(UNDERSTANDING, sentiment=Sentiment.NEGATIVE)
    filler.held(mailbox, understanding=unhappy)
    return till.wanted(mailbox)


def test_an_empty_list_says_who_will_stand_there(browser: Browser, join) -> None:
    page = browser.page("/customers")
    assert "No customers yet" in page
    assert "Look at the mailboxes" in page
    assert "Look at the mailboxes" not in join("viewer").page("/customers")


def test_the_list_names_each_customer_with_a_number_and_a_word(browser: Browser, wish: Held) -> None:
    page = seen(browser.page("/customers"))
    assert "Anna Winter anna @example.org 95 good Conversations: 2 Wait for you: 2" in page
    assert "it decides nothing" in page
    assert "Nobody here fits" in browser.page("/customers?q=nobody")
    assert "Anna Winter" in browser.page("/customers?q=winter")


def test_the_list_pages_by_key_and_keeps_the_words(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    for number in range(51):
        filler.held(mailbox, replace(MESSAGE, sender=Address(f"c{number:02}@example.org", f"Customer {number:02}.")))
    html = browser.page("/customers?q=customer")
    following = html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "q=customer" in following
    later = browser.page(following)
    names = [name for name in (f"Customer {number:02}." for number in range(51)) if name in html or name in later]
    assert len(names) == 51
    assert not [name for name in names if name in html and name in later]


def test_a_customers_page_shows_all_that_there_is(browser: Browser, wish: Held) -> None:
    html = browser.page(f"/customers/{wish.conversation}")
    page = seen(html)
    for words in ("Anna Winter", "Sending the lamp back", "My lamp is broken", "LO-1", "100.00 EUR", "49.90 EUR"):
        assert words in page
    assert "−5 A mail sounded unhappy on" in page
    assert "It begins at 100." in page
    assert "It decides nothing" in page
    assert "anna@example.org" not in html.split("<body>")[0].split("<title>")[0]


def test_the_conversation_leads_to_its_customer_and_the_list_to_the_page(browser: Browser, wish: Held) -> None:
    link = f'href="/customers/{wish.conversation}"'
    assert link in browser.page(f"/conversations/{wish.conversation}")
    assert "All of this customer" in browser.page(f"/conversations/{wish.conversation}")
    assert "anna" not in browser.page("/customers").split('<a id="row-')[1].split(">")[0]


def test_only_who_may_is_led_to_copies_and_erasing(browser: Browser, join, wish: Held) -> None:
    path = f"/customers/{wish.conversation}"
    assert "A copy, or erasing" in browser.page(path)
    for role in ("agent", "viewer"):
        page = join(role).page(path)
        assert "Sending the lamp back" in page
        assert "A copy, or erasing" not in page
    assert "Of anna@example.org" in seen(browser.press("/data/look", {"address": "anna@example.org"}))


def test_a_customer_is_as_long_there_as_their_mail(browser: Browser, wish: Held, filler: Filler) -> None:
    browser.press("/data/erase", {"address": "anna@example.org", "again": "anna@example.org"})
    assert browser.get(f"/customers/{wish.conversation}").status_code == 404
    assert "No customers yet" in browser.page("/customers")
