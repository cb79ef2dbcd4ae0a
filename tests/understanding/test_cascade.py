"""When a language model is asked, and what its word weighs."""

from dataclasses import replace

import pytest

from domain.category import Category
from domain.errors import NeedsPerson
from domain.message import Address, Message
from domain.opinion import NoOpinion, Opinion
from domain.understanding import Place, Priority, Reading, Understanding
from understanding.cascade import Cascade, Trust, weighed
from understanding.reliability import assumed

MESSAGE = Message(Address("anna@example.org", "Anna Maria W. (Ann)"), subject="Lamp", text="About the lamp")
READ = Understanding(
    text="About the lamp", language="en", category=Category.QUESTION, sub_intent="product", confidence=0.6,
    probabilities={Category.QUESTION: 0.6, Category.REFUND: 0.3, Category.SUPPLIER: 0.04, Category.OTHER: 0.06},
    importance=2, importance_reason="product",
)  # fmt: skip
REFUND = Opinion(Category.REFUND, "return", "fr", "sorter-1", "json_schema", 500, 20, 0.07, '{"category": "refund"}')


class Local:
    """The port `Reads` with what it will say."""

    def __init__(self, *said: Understanding):
        self.said = said

    def read(self, messages):
        return list(self.said)


class Second:
    """The port `SecondOpinion`: says the same about every mail, and keeps what it was asked."""

    def __init__(self, says):
        self.says, self.asked = says, []

    def ask(self, mails):
        self.asked += mails
        if isinstance(self.says, Exception):
            raise self.says
        return [self.says] * len(mails)


def read(*said, second=None, trust=None):
    second = second or Second(REFUND)
    return Cascade(Local(*said), second, trust or Trust()).read([MESSAGE] * len(said)), second


def with_confidence(confidence: float) -> Understanding:
    return replace(READ, confidence=confidence, probabilities={})


@pytest.mark.parametrize(("confidence", "asked"), [(0.39, 0), (0.4, 1), (0.6, 1), (0.89, 1), (0.9, 0), (0.99, 0)])
def test_only_mail_within_the_band_is_asked_about(confidence, asked):
    (one,), second = read(with_confidence(confidence))
    assert len(second.asked) == asked
    assert (one.second_look is not None) == bool(asked)


def test_a_tenant_may_move_the_band():
    trust = Trust.of({"lower": 0.2, "upper": 0.3})
    _, second = read(with_confidence(0.25), with_confidence(0.6), trust=trust)
    assert len(second.asked) == 1


@pytest.mark.parametrize("policy", [{}, {"lower": "x", "upper": None}, {"lower": 7}, {"reliability": [1]}])
def test_a_policy_that_says_nothing_usable_changes_nothing(policy):
    assert Trust.of(policy) == Trust()


@pytest.mark.parametrize(
    "read_as",
    [replace(READ, automatic="an auto-reply"), replace(READ, suspicion="its text"), replace(READ, text=" \n")],
)
def test_automatic_mail_and_mail_with_nothing_in_it_is_never_asked_about(read_as):
    (one,), second = read(read_as)
    assert second.asked == []
    assert one == read_as


def test_the_model_sees_new_text_and_subject_and_is_told_the_names_to_hide():
    _, second = read(replace(READ, quoted="an old mail", signature="Anna"))
    (mail,) = second.asked
    assert (mail.subject, mail.text, mail.names) == ("Lamp", "About the lamp", ("Anna", "Maria", "Ann"))


@pytest.mark.parametrize(
    ("address", "name", "hidden"),
    [
        ("anna@example.org", "Anna-Lena O'Neil", ("Anna-Lena", "O'Neil", "Anna", "Lena", "Neil")),
        ("anna.winter@example.org", "", ("anna", "winter")),
        ("info@example.org", "", ()),
        ("wei@example.org", "王伟", ("王伟",)),
    ],
)
def test_the_names_to_hide_are_told_in_their_parts(address, name, hidden):
    second = Second(REFUND)
    Cascade(Local(READ), second, Trust()).read([replace(MESSAGE, sender=Address(address, name))])
    assert second.asked[0].names == hidden


def test_agreement_makes_surer_than_either():
    one = weighed(READ, replace(REFUND, category=Category.QUESTION), assumed())
    assert one.category is Category.QUESTION
    assert one.confidence == pytest.approx(0.6 * 0.85 / (0.6 * 0.85 + 0.4 * 0.05))
    assert (one.sub_intent, one.importance) == ("product", 2)
    assert one.decided_by == "local models and sorter-1"


def test_its_word_is_weighed_and_never_taken_as_it_is():
    one = weighed(READ, REFUND, assumed())
    chance = 0.3 * 0.85 / (0.3 * 0.85 + 0.7 * 0.05)
    assert (one.category, one.confidence) == (Category.REFUND, pytest.approx(chance))
    assert sum(one.probabilities.values()) == pytest.approx(1)
    assert (one.sub_intent, one.importance, one.importance_reason) == ("return", 3, "return")
    local = replace(READ, confidence=0.98, probabilities={Category.QUESTION: 0.98, Category.REFUND: 0.01})
    stays = weighed(local, REFUND, assumed())
    assert stays.category is Category.QUESTION
    assert stays.confidence < 0.98


def test_what_follows_from_the_category_changes_with_it():
    before = replace(
        READ, sub_intent="praise", importance=1, priority=Priority.LOW, words_say=Category.REFUND,
        read_from=(Reading("category", Place.MODEL, "praise"), Reading("text", Place.NEW_TEXT)),
    )  # fmt: skip
    one = weighed(before, REFUND, assumed())
    assert (one.importance, one.priority, one.words_say) == (3, Priority.NORMAL, None)
    assert one.read_from == (Reading("category", Place.MODEL, "return"), Reading("text", Place.NEW_TEXT))


def test_a_model_that_is_known_to_be_bad_changes_little():
    one = weighed(READ, REFUND, assumed(0.3))
    assert one.category is Category.QUESTION


def test_the_evidence_says_what_both_said():
    look = weighed(READ, REFUND, assumed()).second_look
    assert (look.before, look.before_confidence, look.said, look.model) == ("question", 0.6, "refund", "sorter-1")
    assert (look.input_tokens, look.output_tokens, look.cost_minor) == (500, 20, 0.07)
    assert (look.raw, look.reason) == ('{"category": "refund"}', "")


def test_the_language_is_taken_only_where_none_was_found():
    assert weighed(READ, REFUND, assumed()).language == "en"
    assert weighed(replace(READ, language="und"), REFUND, assumed()).language == "fr"


@pytest.mark.parametrize("says", [NoOpinion("it took too long", "sorter-1"), NeedsPerson("it took too long")])
def test_without_an_answer_the_local_understanding_stands_with_the_reason(says):
    (one,), _ = read(READ, second=Second(says))
    assert replace(one, second_look=None) == READ
    assert (one.second_look.said, one.second_look.reason) == ("", "it took too long")


def test_others_in_the_batch_keep_their_places():
    sure = with_confidence(0.97)
    out, second = read(sure, READ, sure)
    assert [one.category for one in out] == [Category.QUESTION, Category.REFUND, Category.QUESTION]
    assert len(second.asked) == 1
