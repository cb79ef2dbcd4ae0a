from dataclasses import replace

import pytest

from domain.composition import Asker, Attempt
from domain.conversation import Conversation
from domain.decision import Disposition
from domain.message import Address
from domain.understanding import Place, Reading, Sentiment
from handlers.question import QuestionHandler


@pytest.fixture
def decide(answers, orders, mail, asks):
    def run(text, *numbers, message=None, conversation=None, **understood):
        handler = QuestionHandler(answers, orders)
        return handler.decide(message or mail(), asks(text, *numbers, **understood), conversation or Conversation())

    return run


def test_a_question_that_the_documents_answer_is_answered_with_quote_and_source(decide):
    decision = decide("Can I return it?")
    assert decision.disposition is Disposition.RELEASE
    assert "You have 30 days to return." in decision.effects[0].text
    assert "Source: Returns > How long" in decision.effects[0].text


def test_the_proof_travels_with_the_decision(decide):
    decision = decide("Can I return it?")
    assert [citation.source for citation in decision.citations] == ["returns.md"]
    assert all(check.passed for check in decision.checks)


def test_a_question_that_they_do_not_answer_is_held_with_the_nearest_passage(decide):
    decision = decide("Do you sell pianos?")
    assert decision.disposition is Disposition.HOLD
    assert decision.reason == "Too weak. Nearest passage: Returns > How long."


def test_the_reply_goes_to_the_sender_and_never_to_reply_to(decide, mail):
    decision = decide("Can I return it?", message=mail(reply_to=(Address("thief@evil.example"),)))
    assert decision.effects[0].to.address == "ana@customer.example"


@pytest.mark.parametrize(("language", "closing"), [("de", "Quelle:"), ("fr", "Source :"), ("es", "Fuente:")])
def test_a_reply_speaks_the_language_of_the_mail(decide, language, closing):
    assert closing in decide("Can I return it?", language=language).effects[0].text


@pytest.mark.parametrize("language", ["und", "tr", "../en"])
def test_a_mail_in_a_language_without_texts_is_held(decide, language):
    assert decide("Can I return it?", language=language).disposition is Disposition.HOLD


def test_a_question_about_an_order_is_held_with_what_was_found(decide):
    decision = decide("Where is my order? I want to return it.", "LO-1")
    assert decision.disposition is Disposition.HOLD
    assert "Found order LO-1, delivered on 2026-03-01, 49.90 EUR." in [check.text for check in decision.checks]


def test_the_verified_customer_gets_a_draft_with_the_status(decide):
    text = decide("Where is it?", "LO-1").effects[0].text
    assert "The status of your order LO-1 is: delivered." in text
    assert "https://parcels.example/1" in text


@pytest.mark.parametrize("number", ["LO-2", "LO-9"])
def test_no_draft_tells_a_stranger_whether_an_order_exists(decide, number):
    assert decide("Where is it?", number).effects == ()


def test_no_draft_tells_an_unverified_sender_of_their_own_order(decide, mail):
    assert decide("Where is it?", "LO-1", message=mail(verified=False)).effects == ()


def test_who_answers_an_automatic_reply_is_read_by_a_person_as_promised(decide):
    decision = decide("Can I return it?", conversation=Conversation(replies_by_machine=1))
    assert [check.passed for check in decision.checks] == [True, False]


QUOTED = (Reading("order_numbers", Place.THREAD, "LO-1"),)


def test_a_question_below_an_old_mail_about_an_order_is_answered_as_any_other(decide):
    assert decide("Can I return it?", "LO-1", read_from=QUOTED).disposition is Disposition.RELEASE


def test_where_it_is_held_a_person_sees_the_order_of_the_old_mail(decide):
    decision = decide("Where is it?", "LO-1", read_from=QUOTED)
    assert decision.disposition is Disposition.HOLD
    assert decision.effects == ()
    texts = [check.text for check in decision.checks]
    assert "The quoted or forwarded mail names order LO-1; the new text does not." in texts
    assert "Found order LO-1, delivered on 2026-03-01, 49.90 EUR." in texts


class WrittenAnswers:
    """Answers for one asker, as a language model's would be."""

    def __init__(self, local, *, asker=None):
        self.local, self.askers = local, [asker]

    def asked_by(self, asker):
        self.askers.append(asker)
        return self

    def answer(self, question, subject, language):
        found = self.local.answer(question, subject, language)
        return replace(found, method="composed", attempts=(Attempt("m", "asked", "said"),))


def test_what_a_language_model_wrote_is_a_draft_with_its_sources_until_such_answers_have_earned_trust(
    answers, orders, mail, asks
):
    handler = QuestionHandler(WrittenAnswers(answers), orders)
    decision = handler.decide(mail(), asks("Can I return it?"), Conversation())
    assert decision.disposition is Disposition.HOLD
    assert decision.reason == (
        "Written by a language model: a person looks at it until such answers have earned trust."
    )
    assert "Source: Returns > How long" in decision.effects[0].text
    assert [one.source for one in decision.citations] == ["returns.md"]
    assert decision.composition == (Attempt("m", "asked", "said"),)


def test_what_was_asked_in_vain_is_evidence_too(answers, orders, mail, asks):
    decision = QuestionHandler(WrittenAnswers(answers), orders).decide(mail(), asks("Pianos?"), Conversation())
    assert decision.effects == ()
    assert decision.composition == (Attempt("m", "asked", "said"),)


def test_answers_learn_who_asks_and_in_which_mood(answers, orders, mail, asks):
    written = WrittenAnswers(answers)
    QuestionHandler(written, orders).decide(
        mail(), asks("Can I return it?", sentiment=Sentiment.NEGATIVE), Conversation()
    )
    assert written.askers == [None, Asker(None, ("Ana", "Lopez"), Sentiment.NEGATIVE)]
