"""When a model is asked for an answer, what is used of it, and what stands when nothing is."""

import pytest

from domain.composition import Composition, NoComposition, Quoted, Sentence
from domain.errors import NeedsPerson, TryAgain
from domain.ports import Answer, FoundPassage
from rag.composing import ComposedAnswers
from tests.support.answering import WordAnswers

FREE, WAYS = "Return shipping is free in Germany.", "We deliver to Norway by express."
PASSAGES = tuple(
    FoundPassage(f"{number}.md", heading, 1.0, text, 10, 10 + len(text), "v1", "en")
    for number, (heading, text) in enumerate((("Returns > Costs", FREE), ("Delivery > Countries", WAYS)), 1)
)


class Local:
    """The port `Answers`: unsure, with two passages."""

    def __init__(self, confidence=0.4, **more):
        self.found = Answer(answered=False, confidence=confidence, passages=PASSAGES, reason="Too weak.", **more)

    def answer(self, question, subject, language):
        return self.found


class Writes:
    """The port `Composes`: gives what it was given, one after the other."""

    def __init__(self, *made):
        self.made, self.tasks = list(made), []

    def compose(self, task):
        self.tasks.append(task)
        made = self.made.pop(0)
        if isinstance(made, Exception):
            raise made
        return made


def says(*sentences, abstain=False):
    return Composition(abstain, "", tuple(Sentence(text, tuple(quotes)) for text, *quotes in sentences), "m", "p", "r")


def answered(composer, question="What does return shipping cost?", language="en", local=None):
    return ComposedAnswers(local or Local(), composer).answer(question, "", language)


ABOUT_FREE, ABOUT_WAYS = (FREE, Quoted(1, FREE)), (WAYS, Quoted(2, WAYS))


def test_proven_sentences_become_an_answer_with_the_probability_of_its_evidence():
    answer = answered(Writes(says(ABOUT_FREE)))
    assert (answer.answered, answer.method, answer.text, answer.confidence) == (True, "composed", FREE, 0.4)
    (cited,) = answer.citations
    assert (cited.source, cited.start, cited.end, cited.quote, cited.version) == (
        "1.md",
        10,
        10 + len(FREE),
        FREE,
        "v1",
    )


def test_of_an_answer_out_of_other_passages_than_the_best_no_probability_is_known():
    answer = answered(Writes(says(ABOUT_WAYS)), "Do you deliver to Norway?")
    assert (answer.answered, answer.confidence) == (True, 0.0)


def test_courtesy_of_the_list_stands_in_a_paragraph_of_its_own():
    answer = answered(Writes(says(("We are sorry for the inconvenience.",), ABOUT_FREE)))
    assert answer.text == f"We are sorry for the inconvenience.\n\n{FREE}"


def test_idle_courtesy_beside_the_list_is_dropped_and_the_rest_stands():
    answer = answered(Writes(says(("Hope you are having fun.",), ABOUT_FREE)))
    assert answer.text == FREE


@pytest.mark.parametrize(
    "more",
    [
        ("Our lamps are free.",),
        ("We have refunded your order.",),
        ("Pay at evil.example.",),
        ("It is free in France.", Quoted(1, FREE)),
        (FREE, Quoted(2, FREE)),
        ("Das ist ein schöner Tag und wir sind sehr froh.",),
    ],
)
def test_one_sentence_that_says_something_unproven_spoils_the_answer(more):
    answer = answered(Writes(says(ABOUT_FREE, more), says(ABOUT_FREE, more)))
    assert (answer.answered, answer.text) == (False, "")
    assert answer.attempts[-1].reason.startswith("A sentence could not be proven")


def test_every_question_must_be_answered():
    both = "What does return shipping cost? Do you deliver to Norway?"
    answer = answered(Writes(says(ABOUT_FREE)), both)
    assert answer.attempts[0].reason == 'It does not answer "Do you deliver to Norway?".'
    assert answered(Writes(says(ABOUT_FREE, ABOUT_WAYS)), both).text == f"{FREE} {WAYS}"


def test_an_answer_beside_the_question_is_none():
    answer = answered(Writes(says(ABOUT_WAYS)))
    assert not answer.answered


def test_courtesy_alone_is_no_answer():
    answer = answered(Writes(says(("Thank you for your message.",))))
    assert answer.attempts[0].reason == "No sentence of it says anything that a passage proves."


@pytest.mark.parametrize(
    "made", [TryAgain("no"), NeedsPerson("no key"), NoComposition("it took too long", "m"), says(abstain=True), says()]
)
def test_whatever_becomes_of_the_model_the_local_answer_stands(made):
    answer = answered(Writes(made))
    assert (answer.answered, answer.reason, answer.passages) == (False, "Too weak.", PASSAGES)
    assert answer.attempts[0].reason


@pytest.mark.parametrize(
    ("local", "language", "question"),
    [
        (Local(0.01), "en", "What does return shipping cost?"),
        (Local(), "und", "What does return shipping cost?"),
        (Local(), "it", "Quanto costa la spedizione?"),
        (Local(), "en", ""),
        (Local(), "en", "Thank you very much!"),
        (WordAnswers("en", answered=True, confidence=0.9), "en", "What does return shipping cost?"),
    ],
)
def test_a_model_is_not_asked_in_vain(local, language, question):
    composer = Writes()
    assert answered(composer, question, language, local).attempts == ()
    assert composer.tasks == []
