"""How an answer was looked at goes with the decision, whatever the handler makes of it."""

from domain.conversation import Conversation
from domain.decision import Decision
from domain.message import Message
from domain.ports import Answer, FoundPassage
from domain.understanding import Understanding
from handlers.looked import WithLook

MAIL = Message(sender=None)
NEAREST = FoundPassage("en/shipping.md", "Shipping", 0.3)


class Known:
    def answer(self, question, subject, language):
        sure = float(question)
        return Answer(
            answered=sure > 0.5, confidence=sure, passages=(NEAREST,), features={"margin": sure}, model="prior/0"
        )


class Asking:
    """A handler that asks once for each word of the mail."""

    def __init__(self, answers):
        self._answers = answers

    def decide(self, message, understanding, conversation):
        for word in understanding.text.split():
            self._answers.answer(word, "", "en")
        return Decision.hold("Read.")


def decided(text):
    return WithLook(Known(), Asking).decide(MAIL, Understanding(text=text), Conversation())


def test_what_was_looked_at_is_kept_also_where_the_mail_is_held():
    look = decided("0.93").answer
    assert (look.method, look.probability, look.answered, look.model) == ("quoted", 0.93, True, "prior/0")
    assert (look.features, look.passage) == ({"margin": 0.93}, "Shipping")


def test_of_several_answers_the_least_sure_one_counts():
    assert decided("0.93 0.4 0.99").answer.probability == 0.4


def test_where_nothing_was_asked_nothing_was_looked_at():
    assert decided("").answer is None


def test_one_mail_leaves_nothing_for_the_next():
    handler = WithLook(Known(), Asking)
    for text, sure in (("0.2", 0.2), ("0.9", 0.9)):
        assert handler.decide(MAIL, Understanding(text=text), Conversation()).answer.probability == sure
