"""One value has one form, however it is written; two values have two."""

import pytest

from rag.values import values_in


def same(text: str, language: str) -> set[tuple[str, ...]]:
    return {one.same for one in values_in(text, language)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("five days", "en"), ("5 Tage", "de")),
        (("fünfundzwanzig Tage", "de"), ("twenty-five days", "en")),
        (("treinta días", "es"), ("30 jours", "fr")),
        (("a month", "en"), ("un mois", "fr")),
        (("5 working days", "en"), ("5 Werktage", "de")),
        (("5 business days", "en"), ("5 jours ouvrés", "fr")),
        (("3 to 5 days", "en"), ("drei bis fünf Tage", "de")),
        (("1,000.50 EUR", "en"), ("€1.000,50", "de")),
        (("1,000 EUR", "en"), ("1.000 Euro", "de")),
        (("1 000 euros", "fr"), ("EUR 1000", "en")),
        (("4.90 EUR", "en"), ("4,90 EUR", "de")),
        (("10 %", "de"), ("ten percent", "en")),
        (("3 March 2026", "en"), ("3. März 2026", "de")),
        (("March 3rd, 2026", "en"), ("le 3 mars 2026", "fr")),
        (("2026-03-03", "en"), ("03.03.2026", "de")),
        (("3/4/2026", "fr"), ("3 de abril de 2026", "es")),
        (("6:30 pm", "en"), ("18:30 Uhr", "de")),
        (("18h30", "fr"), ("18:30", "es")),
        (("+49 (0)30 123 45 67", "de"), ("+49 030 1234567", "en")),
        (("https://shop.example/returns.", "en"), ("shop.example/returns", "de")),
        (("Help@Shop.example", "en"), ("help@shop.example", "de")),
        (("an E27 bulb", "en"), ("e27", "de")),
        (("30kg", "en"), ("30 kg", "de")),
        (("a 14-day window", "en"), ("14 days", "en")),
    ],
)
def test_notations_of_one_value_are_the_same(one, other):
    assert same(*one) == same(*other) != set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("5 days", "en"), ("5 working days", "en")),
        (("5 days", "en"), ("5 weeks", "en")),
        (("1.000 EUR", "en"), ("1.000 EUR", "de")),
        (("10.50 EUR", "en"), ("1,050 EUR", "en")),
        (("5 EUR", "en"), ("5 USD", "en")),
        (("03/04/2026", "en"), ("03.04.2026", "de")),
        (("6:30 am", "en"), ("18:30", "en")),
        (("shop.example/returns", "en"), ("shop.example/return", "en")),
        (("shop.example", "en"), ("shop.example.evil", "en")),
        (("a@shop.example", "en"), ("b@shop.example", "en")),
        (("LO-48213", "en"), ("LO-48214", "en")),
        (("3 to 5 days", "en"), ("3 and 5 days", "en")),
        (("E27", "en"), ("E14", "en")),
    ],
)
def test_different_values_are_different(one, other):
    assert same(*one) != same(*other)


@pytest.mark.parametrize(
    ("text", "language"), [("a lamp", "en"), ("eine Lampe", "de"), ("un article", "fr"), ("may", "en")]
)
def test_an_article_before_no_unit_is_no_number(text, language):
    assert same(text, language) == set()


@pytest.mark.parametrize("text", ["7", "x7", "½ of 3/4", "No. 12b-7", "1.2.3.4", "12345678901234567890", "٣"])
def test_no_digit_goes_unseen(text):
    seen = values_in(text, "en")
    covered = {at for one in seen for at in range(one.start, one.end)}
    assert all(at in covered for at, sign in enumerate(text) if sign.isdecimal())
