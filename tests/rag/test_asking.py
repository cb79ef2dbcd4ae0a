import pytest

from rag.asking import read_asking
from rag.display import plain


@pytest.mark.parametrize(
    ("language", "before", "question", "after"),
    [
        ("en", "Hello team,\n\nI hope you are well. ", "Do you ship to Norway?", "\n\nThanks a lot,\nAnna"),
        ("de", "Guten Tag,\n\n", "wie lange dauert der Versand?", "\n\nMit freundlichen Grüßen\nEva Maier"),
        ("fr", "Bonjour,\n\n", "livrez-vous en Norvège ?", "\n\nCordialement,\nLuc Petit"),
        ("es", "Hola, buenos días:\n", "¿envían a Noruega?", "\nUn saludo,\nAna"),
        ("en", "", "Do you ship to Norway?", " Kind regards, Desmond Yeo"),
        ("en", "Hi Bob, ", "do you ship to Norway?", ""),
        ("en", "", "Please tell me how long delivery takes.", ""),
    ],
)
def test_greeting_closing_and_chatter_are_not_asked(language, before, question, after):
    asking = read_asking(before + question + after, "", language)
    assert asking.text == question
    assert asking.questions == (question,)


def test_each_question_is_asked_for_itself():
    mail = "My oak table arrived. Do you sell oil for it? How often should the table be oiled?"
    assert read_asking(mail, "", "en").questions == ("Do you sell oil for it?", "How often should the table be oiled?")


def test_a_question_that_points_back_takes_the_sentence_before_it_along():
    mail = "I would change the colour of my lamp. Can you do that?"
    assert read_asking(mail, "", "en").questions == (mail,)


def test_a_telling_subject_counts_and_an_empty_one_does_not():
    assert read_asking("It does not work.", "Re: Voucher code rejected", "en").sentences[0] == "Voucher code rejected"
    assert read_asking("The code fails.", "Question", "en").sentences == ("The code fails.",)


def test_lines_wrapped_by_a_mail_program_are_one_sentence():
    assert read_asking("How long does the\ndelivery of a table take?", "", "en").questions == (
        "How long does the delivery of a table take?",
    )


@pytest.mark.parametrize("mail", ["", "Hello!", "Thanks a lot!\n\nBest regards\nAnna", "..."])
def test_a_mail_of_chatter_asks_nothing(mail):
    assert read_asking(mail, "", "en").sentences == ()


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("See [our form](https://shop.example/r).", "See our form (https://shop.example/r)."),
        ("See [our form](/returns).", "See our form."),
        ("You have **30 days** or *more*, `REF_1_A`.", "You have 30 days or more, REF_1_A."),
        ("## Title\n\n- one\n- two", "Title\n\n- one\n- two"),
        ("Write to <help@shop.example>.", "Write to help@shop.example."),
        ("2 * 3 * 4 = 24 and a_b_c", "2 * 3 * 4 = 24 and a_b_c"),
        ("![photo](x.png)Text{: .note}\n{: .list}\nMore<br>", "Text\n\nMore"),
    ],
)
def test_only_marks_go_when_a_quote_is_shown(markdown, shown):
    assert plain(markdown) == shown


def test_two_questions_in_one_sentence_are_two_questions():
    joined = {
        "en": "How long does delivery to Ireland take, and what does it cost?",
        "de": "Wie lange dauert die Lieferung nach Irland und was kostet sie?",
        "fr": "Combien de temps dure la livraison en Irlande et combien coûte-t-elle ?",
        "es": "¿Cuánto tarda el envío a Irlanda y cuánto cuesta?",
    }
    for language, text in joined.items():
        assert len(read_asking(text, "", language).questions) == 2, text


def test_two_things_in_one_question_stay_one_question():
    assert len(read_asking("Do you ship lamps and shelves to Ireland and Wales?", "", "en").questions) == 1
