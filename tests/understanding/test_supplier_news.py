"""What is taken from suppliers' mail as facts: true ones, and what only looks like one."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.supplier_news import Status, SupplierNews
from understanding.supplier_news import news_in
from understanding.supplier_summary import LONGEST, MOST, summary_of

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
LINK = "https://parcels.example/track/1"


def news(text, language="en", *, verified=True) -> SupplierNews:
    return news_in(text, language, NOW, verified=verified)


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Your order has been dispatched.", "en", SupplierNews(Status.DISPATCHED)),
        ("It was shipped and will arrive on 28 November.", "en", SupplierNews(Status.DISPATCHED, date(2026, 11, 28))),
        ("Die Ware wurde heute versandt.", "de", SupplierNews(Status.DISPATCHED)),
        ("La commande a été expédiée.", "fr", SupplierNews(Status.DISPATCHED)),
        ("El pedido ha sido enviado.", "es", SupplierNews(Status.DISPATCHED)),
        ("The parcel was delivered on Monday.", "en", SupplierNews(Status.DELIVERED)),
        ("Die Sendung wurde zugestellt.", "de", SupplierNews(Status.DELIVERED)),
        ("Le colis a été livré hier.", "fr", SupplierNews(Status.DELIVERED)),
        ("El paquete fue entregado ayer.", "es", SupplierNews(Status.DELIVERED)),
        ("Sadly the lamp is out of stock.", "en", SupplierNews(Status.UNAVAILABLE)),
        ("Der Artikel ist leider nicht mehr lieferbar.", "de", SupplierNews(Status.UNAVAILABLE)),
        ("L'article n'est plus disponible.", "fr", SupplierNews(Status.UNAVAILABLE)),
        ("El artículo está agotado.", "es", SupplierNews(Status.UNAVAILABLE)),
        ("We expect delivery on December 3rd.", "en", SupplierNews(arrives=date(2026, 12, 3))),
        ("Sie wird am 3. Dezember geliefert.", "de", SupplierNews(arrives=date(2026, 12, 3))),
        ("Livraison prévue le 2 janvier.", "fr", SupplierNews(arrives=date(2027, 1, 2))),
        ("Llegará el 2 de diciembre de 2026.", "es", SupplierNews(arrives=date(2026, 12, 2))),
        ("Wir versenden am 03.12.", "de", SupplierNews(leaves=date(2026, 12, 3))),
        ("It ships on 2026-12-04.", "en", SupplierNews(leaves=date(2026, 12, 4))),
        (f"Track it here:\n{LINK}.", "en", SupplierNews(tracking=LINK)),
    ],
)
def test_what_is_said_plainly_is_a_fact(text, language, found):
    assert news(text, language) == found


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("It has not been dispatched yet.", "en"),
        ("Has it been delivered?", "en"),
        ("Once it has been shipped you get a mail.", "en"),
        ("The invoice was sent.", "en"),
        ("The parcel was sent back.", "en"),
        ("One of the two lamps was shipped.", "en"),
        ("The lamp was shipped. The shade has not been shipped.", "en"),
        ("The lamp was shipped. The shade is out of stock.", "en"),
        ("The lamp is out of stock and arrives on 3 December.", "en"),
        ("It was delivered. The rest arrives on 3 December.", "en"),
        ("The lamp is in stock again.", "en"),
        ("Die Ware wurde noch nicht versandt.", "de"),
        ("Le colis n'a pas été livré.", "fr"),
        ("El paquete no ha sido enviado todavía.", "es"),
        ("We deliver between 3 and 5 December.", "en"),
        ("It arrives on 3 or 4 December.", "en"),
        ("It arrives 3-5 December.", "en"),
        ("It arrives on 3 December. No, it arrives on 5 December.", "en"),
        ("It will not arrive before 3 December.", "en"),
        ("It arrives on 03/12.", "en"),
        ("It arrives on 31 November.", "en"),
        ("It arrives on 3 December 2029.", "en"),
        ("It should have arrived on 20 November.", "en"),
        ("You ordered on 3 December.", "en"),
        ("Please pay by 3 December for the delivery.", "en"),
        ("", "en"),
    ],
)
def test_what_is_denied_asked_or_in_doubt_is_none(text, language):
    assert news(text, language) == SupplierNews()


@pytest.mark.parametrize(
    "text",
    [
        "Track it: http://parcels.example/1",
        "Track it: https://user@parcels.example/1",
        "Track it: https://parcels.example:8443/1",
        "Track it: https://192.168.1.1/track",
        "Track it: https://pаrcels.example/track",  # a Cyrillic letter
        "Track it: https://localhost/track",
        "Track it: https://[bad/track",
        f"Track it: {LINK} or https://parcels.example/track/2",
        "Our prices: https://prices.example/list",
        f"Track it: {LINK}{'x' * 300}",
        f"Track it: {LINK}{'x' * 10_000}",
        "Track it: javascript:alert(1)",
        "Track it: https://xn--prcels-8ve.example/track",
        "Track it: https://parcels.example/out?to=https://evil.example/",
        "Track it: https://parcels.example/out?to=https%253A%252F%252Fevil.example",
        "Track it: https://parcels.example//evil.example",
        "Track it: https://parcels.example/1)[here](x",
        "Track it: https://parcels.example/1`x",
        "Track it: https://parcels.example/1%0d%0aBcc:x",
        "Track it: https://parcels.example/1%zz",
    ],
)
def test_a_link_that_a_customer_should_not_open_is_none(text):
    assert news(text).tracking == ""


@pytest.mark.parametrize(
    "day", ["31.02.2027", "2027-02-31", "12 December 9999", "December 12, 1999", "31/02/2027", "12 December 20266"]
)
def test_a_day_that_is_none_is_not_read_as_another_one(day):
    assert news(f"It arrives on {day}.", "fr" if "/" in day else "en") == SupplierNews()


def test_who_is_not_verified_gives_no_link():
    assert news(f"It was shipped. Track it: {LINK}", verified=False) == SupplierNews(Status.DISPATCHED)


@given(st.text(max_size=400), st.sampled_from(["en", "de", "fr", "es", "und"]))
def test_any_text_gives_days_that_are_near_and_links_that_are_plain(text, language):
    found = news(text, language)
    assert all(0 <= (day - NOW.date()).days <= 366 for day in (found.arrives, found.leaves) if day)
    assert found.tracking == "" or (found.tracking.isascii() and found.tracking.startswith("https://"))


def test_hostile_lengths_take_no_time():
    for text in ("wurde " * 3000, "has been " * 3000, "1." * 8000, "https://" * 3000, "3 december " * 2000):
        news(text, "de")
        summary_of(text)


def test_a_summary_is_the_sentences_that_tell_something_in_their_order():
    text = "Dear Anna,\nthank you. It was nice to meet you. Your order D400000001 left today. Best wishes. See 12."
    assert summary_of(text) == ("Your order D400000001 left today.", "See 12.")
    assert summary_of("Hello there. All is well.") == ("Hello there.",)
    assert summary_of("") == ()


@given(st.text(max_size=2000))
def test_a_summary_is_short_and_of_the_mails_own_words(text):
    plain = " ".join(text.split())
    found = summary_of(text)
    assert len(found) <= MOST
    assert all(len(one) <= LONGEST and one in plain for one in found)
