"""Which numbers a mail names, and where: the new text comes first, then the subject, then the thread."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.number_forms import NumberForms
from domain.understanding import Place
from tests.support.quick import seconds_in_a_thread
from understanding.context import Context
from understanding.entities import shape
from understanding.error_codes import error_codes
from understanding.numbers import errors_in, numbers_in
from understanding.quotes import Parts, split

NOBODY = Context()
OURS = Context.of(NumberForms(orders=("LO-#####",), tickets=("T@-####",), purchases=("LX/####",)))


def place_of(numbers, field="order_numbers"):
    return next((one.place for one in numbers.read_from if one.field == field), None)


@pytest.mark.parametrize(
    ("text", "orders", "tickets", "purchases"),
    [
        ("306-0000001-0000001", ("306-0000001-0000001",), (), ()),
        ("my ticket DE25000315 is old", (), ("DE25000315",), ()),
        ("fr25000315 and BE25000316", (), ("FR25000315", "BE25000316"), ()),
        ("purchase order D400000001 ships", (), (), ("D400000001",)),
        ("order DE25000315", (), ("DE25000315",), ()),
        ("order LO-48213, ticket #88231, PO 4500123", ("LO-48213",), ("88231",), ("4500123",)),
        ("Ticketnummer: 88231", (), ("88231",), ()),
        ("Vorgang 88231", (), ("88231",), ()),
        ("P.O. no. 4500123", (), (), ("4500123",)),
        ("orders LO-48213 and LO-48214", ("LO-48213", "LO-48214"), (), ()),
    ],
)
def test_each_kind_of_number_is_known_by_its_form_or_its_word(text, orders, tickets, purchases):
    found = numbers_in(Parts(text), "", NOBODY)
    assert (found.orders, found.tickets, found.purchases) == (orders, tickets, purchases)


@pytest.mark.parametrize(
    "text",
    ["VAT LU12345678", "USt-Id: LU12345678", "DE250003151", "XDE25000315", "D40000001", "PO Box 1234",
     "in case 3 break", "DE89370400440532013000"],
)  # fmt: skip
def test_other_numbers_are_no_tickets_and_no_purchase_orders(text):
    found = numbers_in(Parts(text), "", NOBODY)
    assert (found.tickets, found.purchases) == ((), ())


def test_the_new_text_comes_before_the_subject_and_both_before_the_thread():
    everywhere = Parts("it is LO-11111", quoted="> order LO-33333", forwarded="Order: LO-44444")
    cases = [
        (everywhere, "order LO-22222", "LO-11111", Place.NEW_TEXT),
        (Parts("hello", quoted="> order LO-33333"), "order LO-22222", "LO-22222", Place.SUBJECT),
        (Parts("hello", quoted="> order LO-33333", forwarded="LO-44444"), "Re: lamp", "LO-33333", Place.THREAD),
        (Parts("see below", forwarded="Order: LO-44444"), "Fwd: lamp", "LO-44444", Place.FORWARDED),
    ]
    for parts, subject, number, place in cases:
        found = numbers_in(parts, subject, OURS)
        assert (found.orders, place_of(found)) == ((number,), place)


def test_each_kind_has_its_own_first_place():
    found = numbers_in(Parts("order LO-11111", quoted="ticket DE25000315"), "PO D400000001", NOBODY)
    assert [(one.field, one.place, one.words) for one in found.read_from] == [
        ("order_numbers", Place.NEW_TEXT, "LO-11111"),
        ("ticket_numbers", Place.THREAD, "DE25000315"),
        ("purchase_orders", Place.SUBJECT, "D400000001"),
    ]


def test_what_a_mail_only_forwards_is_no_word_of_its_writer():
    parts = split("---------- Forwarded message ----------\nFrom: a@b.example\n\norder LO-48213")
    assert place_of(numbers_in(parts, "", NOBODY)) is Place.FORWARDED


def test_a_tenants_forms_are_used_for_each_kind():
    found = numbers_in(Parts("LO-48213, tx-1234 and lx/9876"), "", OURS)
    assert (found.orders, found.tickets, found.purchases) == (("LO-48213",), ("TX-1234",), ("LX/9876",))


def test_in_old_mail_a_shop_with_forms_of_its_own_believes_only_those():
    parts = Parts("where is it?", quoted="> order 88231\n> invoice 12345\n> order no. 55555")
    assert numbers_in(parts, "", OURS).orders == ()
    assert numbers_in(parts, "", NOBODY).orders == ("88231", "55555")
    assert numbers_in(Parts("hi", quoted="1234567"), "", NOBODY).orders == ()


def test_a_form_that_fits_an_order_wins_over_the_usual_form_of_a_ticket():
    german = Context(order_patterns=(shape("DE########"),))
    found = numbers_in(Parts("DE25000315"), "", german)
    assert found.orders == ("DE25000315",)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("The screen shows E-4021.", ("E-4021",)),
        ("ERR_CONN_RESET in the browser", ("ERR_CONN_RESET",)),
        ("net::ERR_CONNECTION_REFUSED", ("ERR_CONNECTION_REFUSED",)),
        ("0x80070057 again", ("0x80070057",)),
        ("HTTP 504", ("HTTP 504",)),
        ("it says 404 Not Found", ("HTTP 404",)),
        ("Error 1603 while installing", ("error 1603",)),
        ("Fehlercode: E12", ("E12",)),
        ("Fehler 17", ("fehler 17",)),
        ("erreur n° 502", ("erreur 502",)),
        ("código de error 88", ("código de error 88",)),
        ("SQLSTATE[HY000] [2002]", ("SQLSTATE HY000",)),
        ("ORA-00942", ("ORA-00942",)),
        ("connect ECONNRESET", ("ECONNRESET",)),
        ("exit code 137", ("exit code 137",)),
        ("E04 and then HTTP 500", ("E04", "HTTP 500")),
    ],
)
def test_error_codes_are_found(text, codes):
    assert error_codes(text) == codes


@pytest.mark.parametrize(
    "text",
    ["order 12345", "an E27 bulb", "lemonade with E330", "I made an error. 2 lamps are enough", "return 2 lamps",
     "discount code 12345", "code promo 2024", "DO_NOT_REPLY", "err 12.03.2024", "306-0000001-0000001", "500 lamps",
     "I made one error 2 days ago"],
)  # fmt: skip
def test_other_numbers_are_no_error_codes(text):
    assert error_codes(text) == ()


def test_an_order_number_is_never_an_error_code():
    numbers = numbers_in(Parts("Error: LO-48213, and E-4021"), "", OURS)
    assert errors_in(Parts("Error: LO-48213, and E-4021"), "", numbers)[0] == ("E-4021",)


def test_errors_of_old_mail_may_be_mended_and_are_left_out():
    parts = Parts("It works now.", quoted="> HTTP 504", forwarded="")
    assert errors_in(parts, "", numbers_in(parts, "", NOBODY)) == ((), ())
    forwarded = Parts("See below.", forwarded="HTTP 504")
    codes, [reading] = errors_in(forwarded, "", numbers_in(forwarded, "", NOBODY))
    assert (codes, reading.place) == (("HTTP 504",), Place.FORWARDED)


HOSTILE = [
    "A_" * 40_000,
    "E" * 99_999,
    "error code " * 9_000,
    "error " * 20_000,
    "ticket number " * 9_000,
    "HTTP " * 20_000,
]
HOSTILE += ["PO no " * 20_000, "vat " * 25_000 + "LU12345678", "LU12345678 " * 9_000]
HOSTILE += ["0x" * 50_000, "D4" * 50_000]


def test_hostile_texts_take_no_time():
    def read():
        for text in HOSTILE:
            error_codes(text)
            numbers_in(Parts(text, quoted=text, forwarded=text), text, OURS)

    assert seconds_in_a_thread(read) < 20


@settings(max_examples=150)
@given(st.text(alphabet="LO-D123456789#E_ x\n:", max_size=80), st.text(max_size=30))
def test_every_number_stands_in_the_place_that_is_named(text, subject):
    found = numbers_in(Parts(text), subject, OURS)
    for reading in found.read_from:
        place = {Place.NEW_TEXT: text, Place.SUBJECT: subject}[reading.place].upper()
        assert all(number in place for number in reading.words.split(", "))
