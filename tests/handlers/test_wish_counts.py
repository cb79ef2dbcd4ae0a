"""A number that was not read is a doubt; so is what may turn the wish round. What explains a number is none."""

from dataclasses import replace

import pytest

from domain.money import Money
from handlers.wish.actions import DENIED, MENTION, TURNS
from handlers.wish.others import AMOUNT, ANOTHER
from tests.handlers.wishing import order_in, wish_in


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please refund -1 mugs.", "en"),
        ("Please refund 1000 of the mugs.", "en"),
        ("Please refund 0 mugs.", "en"),
        ("Please refund 1.5 mugs.", "en"),
        ("Please refund 2+2+2 mugs.", "en"),
        ("Please refund 3/4 mugs.", "en"),
        ("Please refund 4e9 mugs.", "en"),
        ("Please refund 2x mugs.", "en"),
        ("Please refund twelve mugs.", "en"),
        ("Please refund two dozen mugs.", "en"),
        ("Please refund half of my order.", "en"),
        ("Please refund a third of my order.", "en"),
        ("Please refund 1 cent of my order.", "en"),
        ("Please refund my order twice.", "en"),
        ("Please refund my order 3 times.", "en"),
        ("Please refund my order. Twice, please.", "en"),
        ("Please refund my order, total 9500.", "en"),
        ("Please refund my order. Amount: 950.", "en"),
        ("Please refund my order with 100 on top.", "en"),
        ("Refund my order, five thousand euros please.", "en"),
        ("Bitte erstatten Sie die Hälfte meiner Bestellung.", "de"),
        ("Bitte erstatten Sie meine Bestellung zweimal.", "de"),
        ("Bitte erstatten Sie zwölf Tassen.", "de"),
        ("Merci de rembourser la moitié de ma commande.", "fr"),
        ("Merci de rembourser ma commande deux fois.", "fr"),
        ("Merci de rembourser douze tasses.", "fr"),
        ("Por favor reembolsen la mitad de mi pedido.", "es"),
        ("Por favor reembolsen mi pedido tres veces.", "es"),
        ("Por favor reembolsen doce tazas.", "es"),
    ],
)
def test_a_number_that_says_how_much_and_was_not_read_is_a_doubt(text, language):
    assert any(
        "number that the machine cannot place" in one for one in wish_in(text, language, order_in(language)).doubts
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please refund two of the mugs from my order of 5 March.", "en"),
        ("I ordered on 3/3/2026 and would like to return the lamp, within the 14 days.", "en"),
        ("I would like to return the shoes in size 42 that came on 2026-03-05 at 10:30.", "en"),
        ("I ordered it twice by mistake. Please cancel my order LO-48213.", "en"),
        ("Ich möchte meine Bestellung vom 5. März 2026 nach § 355 BGB innerhalb von 14 Tagen zurückgeben.", "de"),
        ("Ich habe doppelt bestellt, bitte stornieren Sie meine Bestellung LO-48213.", "de"),
        ("Je voudrais retourner ma commande du 5 mars dans les 14 jours.", "fr"),
        ("Quiero devolver mi pedido del 5 de marzo de 2026.", "es"),
    ],
)
def test_a_number_that_is_explained_is_no_doubt(text, language):
    assert wish_in(text, language, order_in(language)).doubts == ()


@pytest.mark.parametrize(
    "text", ["Please refund the lamp, 89 USD.", "Please refund my lamp in dollars.", "Refund $89 please."]
)
def test_money_of_another_country_is_a_doubt(text):
    assert AMOUNT in wish_in(text, "en", order_in()).doubts


def test_a_dollar_is_that_of_the_order():
    order = order_in()
    canadian = replace(order, total=Money(order.total.minor, "CAD"), refunded=Money(0, "CAD"))
    assert wish_in("Please refund the 374 dollars for my whole order.", "en", canadian).doubts == ()


def test_another_number_in_the_subject_is_a_doubt_unless_the_subject_is_an_older_mails():
    text = "Please refund my whole order LO-48213."
    assert ANOTHER in wish_in(text, "en", order_in(), subject="Refund LO-11111").doubts
    assert wish_in(text, "en", order_in(), subject="Re: Your order LO-11111").doubts == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please refund my order. Just kidding.", "en"),
        ("Please refund my order... not!", "en"),
        ("Please refund my order? I don't think so.", "en"),
        ("Please refund my order. I keep the goods.", "en"),
        ("My friend says I should request a refund for my order, but I love it.", "en"),
        ("I wanted a refund for my order, but it is fine now.", "en"),
        ("Please refund my order, my neighbour would say.", "en"),
        ("Bitte erstatten Sie meine Bestellung. War nur ein Scherz.", "de"),
        ("Ich wollte eine Erstattung meiner Bestellung, aber jetzt passt sie, es ist nun gut.", "de"),
        ("Remboursez ma commande s'il vous plaît. Je plaisante.", "fr"),
        ("Por favor reembolsen mi pedido. Es broma.", "es"),
    ],
)
def test_what_may_turn_a_wish_round_is_a_doubt(text, language):
    assert TURNS in wish_in(text, language, order_in(language)).doubts


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Should I ask for a refund of my order?", "en"),
        ("Why would I want a refund for my order?", "en"),
        ("Refund my order?", "en"),
        ("Warum sollte ich eine Erstattung wollen?", "de"),
        ("Pourquoi voudrais-je un remboursement de ma commande ?", "fr"),
        ("¿Por qué querría un reembolso de mi pedido?", "es"),
    ],
)
def test_a_question_that_asks_for_nothing_is_a_doubt(text, language):
    assert MENTION in wish_in(text, language, order_in(language)).doubts


@pytest.mark.parametrize(
    "text",
    [
        "Please wait with the refund for my order.",
        "Hold off on refunding my order please.",
        "Refund my order next year.",
        "I want anything but a refund for my order.",
        "Please refund my order LO-48213 of last week not.",
    ],
)
def test_what_is_not_wanted_now_is_a_doubt(text):
    assert wish_in(text, "en", order_in()).doubts


def test_a_denial_at_the_end_of_a_sentence_is_a_doubt():
    said = "Bitte erstatten Sie mir die ganze Bestellung LO-48213 nicht."
    assert DENIED in wish_in(said, "de", order_in("de")).doubts
