"""Words alone make a mail wait for a person: they never make it unheard."""

import time
from pathlib import Path

import pytest

from adapters.mime.parse import parse
from domain.message import Address, Message
from understanding.automatic import automatic_sign
from understanding.mass_mail import suspicion_of

MAILS = Path(__file__).parents[1] / "mails"


def a_mail(*headers, **values):
    sender = Address("anna@customer.example")
    return Message(sender=sender, **({"subject": "My order", "headers": headers} | values))


def is_suspected(message):
    """Suspected, and by its words alone: nothing proves that a machine wrote it."""
    return bool(suspicion_of(message)) and not automatic_sign(message, frozenset())


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Your order",
        "Auto-Reply: away",
        "Out of office",
        "Out of the Office: back on Monday",
        "Abwesenheitsnotiz: Ihre Bestellung",
        "Automatische Antwort: Ihre Bestellung",
        "Réponse automatique : votre commande",
        "Absence du bureau",
        "Respuesta automática: su pedido",
        "Fuera de la oficina",
        "Undeliverable: Your order",
        "Undelivered Mail Returned to Sender",
        "Delivery Status Notification (Failure)",
    ],
)
def test_subjects_of_absence_notes_and_bounces_are_suspected(subject):
    assert is_suspected(a_mail(subject=subject))


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Automatic reply: Your order",
        "Out of office chairs?",
        "Delivery failed again",
        "Mail delivery failed, where is my parcel",
        "Undeliverable parcel",
        "Absent since Monday: my parcel",
        "Zustellung fehlgeschlagen",
        "Returned mail order item",
        "Automatic coffee machine reply",
    ],
)
def test_subjects_of_customers_are_no_signs(subject):
    assert suspicion_of(a_mail(subject=subject)) == ""


def test_a_newsletter_without_a_list_header_is_known_by_its_footer():
    text = "Big sale! " * 40 + "\nIf you no longer wish to receive these mails, click here to unsubscribe."
    assert is_suspected(a_mail(text=text))
    assert suspicion_of(a_mail(text=text, subject="Fwd: Big sale")) == ""
    assert suspicion_of(a_mail(text=text, references=("<a@b>",))) == ""
    assert suspicion_of(a_mail(text="I want to unsubscribe from your newsletter. " * 20)) == ""


@pytest.mark.parametrize("subject", ["Absent", "Absence", "Failure notice", "ooo nice lamp"])
def test_a_subject_that_a_person_may_write_is_no_sign(subject):
    assert suspicion_of(a_mail(subject=subject)) == ""


def test_data_is_no_letter_but_a_letter_may_hold_data():
    assert is_suspected(a_mail(text='<?xml version="1.0"?><lead/>'))
    assert suspicion_of(a_mail(text='I get this: <?xml version="1.0"?>')) == ""


OFFERS = [
    "Bad credit, no problem: ask for your personal loan, interest rates as low as you like.",
    "Dear beneficiary, the sum of $2,500,000.00 waits for you at our bank.",
    "Canadian pharmacy: viagra and more.",
    "Hot stock of the week! Ticker: ABCD.",
    "Cheap v1agra and p1lls, sent overnight.",
]


@pytest.mark.parametrize("text", OFFERS)
def test_an_offer_to_everybody_is_suspected_and_a_reply_to_one_is_not(text):
    assert is_suspected(a_mail(text=text))
    assert "offer to everybody" in suspicion_of(a_mail(text=text))
    answered = a_mail(("in-reply-to", "<x@y.example>"), text=text)
    assert suspicion_of(answered) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Is the lamp in stock? I paid by Western Union money transfer.",
        "Am I qualified for a discount? You said I am pre-approved.",
        "Please remove me from your list, and send my money back.",
        "I work in a pharmacy and need a reading lamp.",
        "My order was $1,250,000 Indonesian rupiah, is that right?",
        "My mother has won a voucher; where do I enter the code w1nner-2026?",
        "Do you sell lamps online? I take no credit card.",
    ],
)
def test_customers_who_use_such_words_are_not_suspected(text):
    assert suspicion_of(a_mail(text=text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "My next of kin bought a lamp from you as I have won a voucher. You have won a customer! Order 4711 is late.",
        "Your ad says first page on Google, and interest rates as low as 0 %: may I pay my lamp in parts?",
        "I lost 2 million dollars with penny stocks, so please send my money for order 4711 back.",
    ],
)
def test_whoever_uses_two_such_phrases_is_heard_by_a_person(text):
    assert is_suspected(a_mail(text=text)) or not suspicion_of(a_mail(text=text))
    assert automatic_sign(a_mail(text=text), frozenset()) == ""


@pytest.mark.parametrize("header", [("x-spam-flag", "YES"), ("x-spam-status", "Yes, score=9.1 required=5.0")])
def test_a_filter_on_the_way_may_err_and_silences_nobody(header):
    assert is_suspected(a_mail(header))


@pytest.mark.parametrize("header", [("x-spam-flag", "NO"), ("x-spam-status", "No, score=-1.1"), ("x-spam-level", "**")])
def test_a_filter_that_found_nothing_is_no_sign(header):
    assert suspicion_of(a_mail(header)) == ""


@pytest.mark.parametrize("name", sorted(file.name for file in MAILS.glob("person-*.eml")))
def test_own_examples_of_peoples_mail_are_not_suspected(name):
    assert suspicion_of(parse((MAILS / name).read_bytes())) == ""


def test_hostile_mail_takes_no_time():
    started = time.process_time()
    for bomb in ("you have been ", "$1,111", "funds ", "a0a-", "million ", "western union ", "r-e-m-0-", "out of "):
        suspicion_of(a_mail(text=bomb * 9000, subject=bomb * 900))
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("you have been qualified for a", "you have been pre-approved for the"),
        ("$250,000 loan", "300,000 mortgage"),
        ("refinance your home", "refinance your loan"),
        ("bad credit, no problem", "no credit no problem"),
        ("interest rate as low as", "interest rates as low as"),
        ("attention: beneficiary", "attention dear beneficiary"),
        ("dear homeowner", "dear lucky winner"),
        ("western union transfer", "moneygram instant transfer"),
        ("$ 5,000,000", "$12,000,000"),
        ("million dollars", "million us dollars"),
        ("next of kin", "you have won"),
        ("your winning fund", "your compensation fund"),
        ("funds were transferred into your", "the sum was transferred to your"),
        ("confidential business proposal", "strong buy"),
        ("online pharmacy", "canadian pharmacy"),
        ("medication online", "prescriptions without"),
        ("viagra", "valium"),
        ("weight loss pills", "weight loss secret"),
        ("hot stock", "ticker:"),
        ("forward-looking statements", "online casino"),
        ("share will soar", "shares will explode"),
        ("stock alert", "investor alert"),
        ("first page of google", "first page on google"),
        ("increase your ranking", "increase your google ranking"),
        ("buy followers", "buy backlinks"),
        ("50% profit daily", "20 % roi weekly"),
    ],
)  # fmt: skip
def test_two_offers_are_found_whatever_each_promises(first, second):
    assert "offer to everybody" in suspicion_of(a_mail(text=f"Hello, {first} and {second} for all."))


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 12 Oct 2010 16:21:05 -0400",
        "12 Oct 2010 16:21:05 GMT",
        "Tue, 12 Oct 2010 16:21 +0200 (CEST)",
        "Tue, 2 Oct 10 16:21:05 EST",
        "Tue Oct 12 16:21:05 2010",
        "",
    ],
)
def test_dates_that_mail_programs_write_are_no_sign(date):
    assert suspicion_of(a_mail(("date", date))) == ""


@pytest.mark.parametrize(
    "header", [("date", "Tue, 12 Oct 2010 16:21:05 H0500"), ("date", "soon"), ("content-transfer-encoding", "8bite")]
)
def test_headers_that_no_mail_program_writes_are_suspected(header):
    assert is_suspected(a_mail(header))


@pytest.mark.parametrize("encoding", ["7bit", "Quoted-Printable", "base64 ", "8BIT; x=y"])
def test_encodings_that_there_are_are_no_sign(encoding):
    assert suspicion_of(a_mail(("content-transfer-encoding", encoding))) == ""
