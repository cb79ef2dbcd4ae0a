"""What counts as a wish: denials, conditions, choices, several wishes, and what subject and model say."""

import pytest

from domain.case import Case
from domain.order_action import Action
from domain.request import Reason
from handlers.wish.actions import CHOICE, CONDITION, EARLIER, MENTION, RULES
from handlers.wish.hints import SILENT
from handlers.wish.reading import BOTH, DIFFERENT, FOREIGN, TOO_LONG
from handlers.wish.reasons import CONTRADICTORY
from tests.handlers.wishing import wish_in


@pytest.mark.parametrize(
    ("text", "language", "action"),
    [
        ("I don't want a refund, I want a replacement.", "en", Action.REPLACEMENT),
        ("Please do not cancel the order, I would like to exchange it.", "en", Action.EXCHANGE),
        ("I'd prefer a replacement to a refund.", "en", Action.REPLACEMENT),
        ("Ich will keinen Umtausch, ich möchte mein Geld zurück.", "de", Action.REFUND),
        ("Je ne veux pas d'échange, je veux un remboursement.", "fr", Action.REFUND),
        ("No quiero un cambio, quiero un reembolso.", "es", Action.REFUND),
    ],
)
def test_what_is_denied_is_not_wished(text, language, action):
    assert wish_in(text, language).actions == (action,)


@pytest.mark.parametrize(
    ("text", "language", "doubt"),
    [
        ("Please cancel my order if it has not been shipped.", "en", CONDITION),
        ("Bitte stornieren Sie die Bestellung, falls sie noch nicht verschickt ist.", "de", CONDITION),
        ("Annulez ma commande si elle n'est pas encore partie.", "fr", CONDITION),
        ("Cancelen mi pedido si todavía no ha salido.", "es", CONDITION),
        ("I want a refund or a replacement.", "en", CHOICE),
        ("Ich möchte entweder Ersatz oder eine Erstattung.", "de", CHOICE),
        ("Je veux un échange ou un remboursement.", "fr", CHOICE),
        ("Quiero un cambio o un reembolso.", "es", CHOICE),
        ("Can I return things after 30 days?", "en", RULES),
        ("Wie lange dauert eine Erstattung?", "de", RULES),
        ("Acceptez-vous les retours ?", "fr", RULES),
        ("¿Aceptan devoluciones?", "es", RULES),
        ("I returned the parcel last week, please refund me.", "en", EARLIER),
        ("The refund page on the website is very slow today.", "en", MENTION),
    ],
)
def test_what_makes_a_wish_unsure_is_a_doubt(text, language, doubt):
    assert doubt in wish_in(text, language).doubts


def test_a_question_about_the_rules_is_no_wish():
    assert wish_in("How do refunds work?").actions == ()


def test_who_wants_two_things_wants_two_things():
    assert wish_in("Please cancel the order and send me a replacement.").actions == (Action.CANCEL, Action.REPLACEMENT)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("I want to return it and get a refund.", Action.RETURN),
        ("Please cancel my order and refund me.", Action.CANCEL),
        ("I would like to send it back and exchange it for a size 40.", Action.EXCHANGE),
    ],
)
def test_a_wish_takes_in_what_is_part_of_it(text, action):
    assert wish_in(text).actions == (action,)


def test_the_subject_says_it_where_the_text_names_nothing():
    assert wish_in("The shoes are too small.", subject="Return of LO-48213").actions == (Action.RETURN,)


def test_a_subject_of_an_answer_says_nothing():
    assert wish_in("The shoes are too small.", subject="Re: Return of LO-48213").actions == ()


def test_a_subject_that_names_another_wish_is_a_doubt():
    assert any("subject" in doubt for doubt in wish_in("Please refund me.", subject="Cancel my order").doubts)


def test_where_words_and_model_disagree_the_words_decide_and_it_is_a_doubt():
    wish = wish_in("Please cancel my order.", sub_intent="exchange")
    assert wish.actions == (Action.CANCEL,)
    assert any("the model reads exchange" in doubt for doubt in wish.doubts)


def test_where_only_the_model_reads_a_wish_it_is_a_doubt_but_in_an_answer():
    text = "The lamp arrived broken."
    assert SILENT.format(model="refund_request") in wish_in(text, sub_intent="refund_request").doubts
    assert wish_in(text, sub_intent="refund_request", earlier=Case("refund")).doubts == ()


def test_a_wish_that_the_model_reads_as_a_question_for_the_state_is_a_doubt():
    assert wish_in("Please refund me.", sub_intent="refund_status").doubts
    assert wish_in("Where is my refund?", sub_intent="refund_status").doubts == ()


def test_another_wish_than_that_of_the_case_is_a_doubt():
    earlier = Case("refund", action=Action.EXCHANGE)
    assert DIFFERENT in wish_in("Please refund me.", earlier=earlier).doubts
    assert wish_in("Please exchange it.", earlier=earlier).doubts == ()


def test_an_answer_in_a_case_needs_no_wish():
    wish = wish_in("It arrived broken, see the attached photos.", earlier=Case("refund", action=Action.REFUND))
    assert (wish.actions, wish.reason, wish.doubts) == ((), Reason.DAMAGED, ())


@pytest.mark.parametrize("text", ["LO-48213", "Order number: LO-48213\nThanks, Ana", "Yes please.", "Photos attached."])
def test_a_short_answer_is_placed(text):
    assert wish_in(text, earlier=Case("refund")).doubts == ()


def test_who_takes_back_one_thing_and_asks_for_another_is_a_persons():
    assert BOTH in wish_in("Never mind, I'll keep it. Please cancel my order.").doubts


@pytest.mark.parametrize(
    "text",
    [
        "It never arrived. The lamp arrived broken. Please refund me.",
        "It is broken. I changed my mind. Please refund me.",
    ],
)
def test_reasons_that_do_not_go_together_are_a_doubt(text):
    assert CONTRADICTORY in wish_in(text).doubts


def test_what_is_not_broken_is_no_reason():
    assert wish_in("It is not damaged, it is too small. I'd like to return it.").reason is Reason.DOES_NOT_FIT


def test_other_languages_and_long_mails_are_a_persons():
    assert FOREIGN in wish_in("Vorrei un rimborso.", "it").doubts
    assert TOO_LONG in wish_in("Please refund me. " * 300).doubts
    assert TOO_LONG in wish_in("Please refund me.\n" * 61).doubts


def test_a_mail_of_unknown_language_is_read_by_its_words():
    assert wish_in("Ich möchte bitte mein Geld zurück.", "und").actions == (Action.REFUND,)
    assert wish_in("Quiero devolver los zapatos.", "und").actions == (Action.RETURN,)
