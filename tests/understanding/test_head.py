"""What corrections change and what they cannot: with the real models, on mails that were written for this."""

import hashlib
import io

import numpy as np
import pytest

from domain.category import Category
from domain.errors import BadInput
from domain.message import Address, Message
from understanding.classifier import Text, load_classifier
from understanding.context import Context
from understanding.head import ALONE, Head, Taught, trained_on
from understanding.heads import Heads
from understanding.language import language_of
from understanding.learner import Learner
from understanding.reader import Reader
from understanding.shipped import labelled_mails
from understanding.thresholds import GRID
from understanding.votes import FULL

# A partner runs this shop's workshops, so that mail about them goes to who looks after suppliers.
# The shared model knows nothing of that.
WORKSHOP = "Hello, is there a place left in the lamp workshop on Saturday the 14th? I'd bring my daughter. Regards, Ana"
SAME_AGAIN = "Hello, is there a place left in the lamp workshop on Sunday the 22nd? I'd bring my son. Best regards, Jo"
LIKE_IT = "What does the evening course in lampshade making cost, and are materials included?"
SOMETHING_ELSE = "Is the Riva desk oiled or lacquered, and how do I clean it?"

TAUGHT = [
    WORKSHOP,
    "How long does the stool-making course take, and what do I have to bring to the workshop?",
    "Are there still places for two in the lampshade course in March?",
    "Is the workshop on wiring lamps also suitable for children of ten?",
    "Does the price of the evening course in lampshade making include materials and tools?",
    "Where does the workshop take place, and is there parking for participants?",
    "What time does the Saturday lamp course begin and end?",
    "Can we book your woodworking workshop for a group of eight colleagues?",
]
HELD_BACK = [
    SAME_AGAIN,
    LIKE_IT,
    "Are there places left for three in the lampshade course in April?",
    "How long does the lamp workshop take, and do I have to bring tools?",
    "Is the stool-making workshop suitable for beginners?",
    "Do I get to keep the lamp that I build in the workshop?",
    "When does the evening course on wiring lamps begin?",
    "Where does the stool-making course take place?",
]


@pytest.fixture(scope="module")
def classifier(models):
    return load_classifier(models)


@pytest.fixture(scope="module")
def learner(embedder, classifier):
    return Learner(embedder, classifier)


@pytest.fixture(scope="module")
def read(embedder, classifier):
    """Read texts with a head or without one, as mail comes in."""
    reader = Reader(embedder, classifier)

    def verdicts(texts, head=None, sender="ana@hotel.example"):
        mails = [Message(sender=Address(sender), subject="", text=text) for text in texts]
        return reader.read(mails, Context(head=head))

    return verdicts


def taught(text, category=Category.SUPPLIER, author="olivia", sender="ana", name=""):
    return Taught(name or text, Text(text, "", language_of(text, "")), category, "stock", author, sender)


def right(understood, category=Category.SUPPLIER):
    return sum(one.category is category for one in understood)


def test_one_correction_moves_a_near_identical_mail_and_makes_it_wait_for_a_person(learner, read):
    head = learner.fit([taught(WORKSHOP)])
    [before], [after] = read([SAME_AGAIN]), read([SAME_AGAIN], head)
    assert before.category is Category.QUESTION
    assert (after.category, after.sub_intent) == (Category.SUPPLIER, "stock")
    assert after.confidence <= ALONE < min(GRID)
    assert after.probabilities[Category.SUPPLIER] == after.confidence == max(after.probabilities.values())
    assert sum(after.probabilities.values()) == pytest.approx(1)


def test_one_correction_does_not_move_what_is_merely_like_it_nor_anything_else_of_the_sender(learner, read):
    head = learner.fit([taught(WORKSHOP)])
    for text in (LIKE_IT, SOMETHING_ELSE, "Where is my parcel? LO-50113", "I want my money back for the broken lamp."):
        [before], [after] = read([text]), read([text], head)
        assert after.category is before.category
        assert after.category is not Category.SUPPLIER
        assert after.confidence <= before.confidence + 1e-6


def test_one_author_alone_never_makes_anything_sure_however_often_they_say_it(learner, read):
    head = learner.fit([taught(text, sender=str(place)) for place, text in enumerate(TAUGHT)])
    for one in read(HELD_BACK, head):
        assert one.category is not Category.SUPPLIER or one.confidence < min(GRID)


def test_three_consistent_corrections_by_two_members_turn_what_is_like_them_and_none_alone_makes_sure(learner, read):
    like_them = "When does the evening course on wiring lamps begin?"
    lessons = [
        taught(TAUGHT[4], author="olivia", sender="1"),
        taught(TAUGHT[2], author="tom", sender="2"),
        taught(TAUGHT[0], author="tom", sender="3"),
    ]
    assert read([like_them])[0].category is Category.QUESTION
    for one in lessons:
        [alone] = read([like_them], learner.fit([one]))
        assert alone.category is Category.QUESTION or alone.confidence < min(GRID)
    [after] = read([like_them], learner.fit(lessons))
    assert after.category is Category.SUPPLIER
    # How sure that is depends on the processor on which the model was trained: more likely than all else together.
    assert after.confidence > 0.5


def test_a_contradicted_correction_loses(learner, read):
    head = learner.fit([taught(WORKSHOP), taught(WORKSHOP, Category.OTHER, author="tom", name="again")])
    [before], [after] = read([SAME_AGAIN]), read([SAME_AGAIN], head)
    assert (after.category, after.confidence) == (before.category, before.confidence)
    # The author's own word, said more often, is still one voice.
    insisting = [taught(WORKSHOP, name=str(place), sender=str(place)) for place in range(9)]
    head = learner.fit([*insisting, taught(WORKSHOP, Category.QUESTION, author="tom")])
    [after] = read([SAME_AGAIN], head)
    assert after.category is before.category


def test_two_who_spoke_of_something_merely_similar_are_no_second_voice(learner, read):
    """Three examples of two authors make sure; but not where only one of them spoke of mail like this."""
    others = ["Is there parking near the shop on Saturdays?", "Is there parking near your shop on Saturdays, too?"]
    lessons = [taught(WORKSHOP), *(taught(text, author="tom", sender=text, name=text) for text in others)]
    [after] = read([SAME_AGAIN], learner.fit(lessons))
    assert after.category is not Category.SUPPLIER or after.confidence < min(GRID)


@pytest.mark.parametrize(
    ("authors", "senders", "weight"), [(1, 1, 1.0), (1, 4, 1.0), (4, 1, 1.0), (2, 2, 2.0), (4, 4, FULL)]
)
def test_one_author_is_one_voice_and_so_are_all_mails_of_one_sender(learner, classifier, authors, senders, weight):
    many = [
        taught(WORKSHOP, author=str(number % authors), sender=str(number % senders), name=str(number))
        for number in range(8)
    ]
    vector = learner.fit([taught(WORKSHOP)]).vector_of(WORKSHOP)
    [vote] = learner.fit(many).votes(Text(WORKSHOP, "", "en"), vector, classifier).values()
    assert vote.weight == pytest.approx(weight, abs=0.01)


def test_corrections_make_the_tenants_own_kind_of_mail_right_and_the_rest_no_worse(learner, read):
    lessons = [
        taught(text, author=("olivia", "tom")[place % 2], sender=str(place)) for place, text in enumerate(TAUGHT)
    ]
    rest = labelled_mails()
    before, before_rest = read(HELD_BACK), read([mail.text for mail in rest])
    assert right(before) == 0
    counts = []
    for taught_so_far in (2, 4, 8):
        head = learner.fit(lessons[:taught_so_far])
        counts.append(right(read(HELD_BACK, head)))
    assert counts == sorted(counts)
    assert counts[-1] >= 7, counts

    def accuracy(understood):
        return sum(one.category is mail.category for one, mail in zip(understood, rest, strict=True))

    assert accuracy(read([mail.text for mail in rest], head)) >= accuracy(before_rest)


def test_german_is_learned_by_its_words(learner, read):
    said = "Hallo, ist beim Lampen-Workshop am Samstag noch ein Platz frei? Ich käme mit meiner Tochter. Grüße, Ana"
    like = "Hallo, ist beim Lampen-Workshop am Sonntag noch ein Platz frei? Ich käme mit meinem Sohn. Grüße, Jo"
    head = learner.fit([taught(said)])
    assert read([like])[0].category is not Category.SUPPLIER
    assert read([like], head)[0].category is Category.SUPPLIER
    assert read([SOMETHING_ELSE], head) == read([SOMETHING_ELSE])


def test_a_head_comes_back_from_its_bytes_as_it_was_and_holds_no_word_of_a_mail(learner, read):
    head = learner.fit([taught(text, sender=str(place)) for place, text in enumerate(TAUGHT)])
    weights, about = head.dump()
    again = Head.load(weights, about)
    for one, other in zip(read(HELD_BACK, head), read(HELD_BACK, again), strict=True):
        assert one.category is other.category
        assert one.confidence == pytest.approx(other.confidence, abs=0.01)
    names = {key for one in about["taught"] for key in one}
    assert names == {"id", "language", "category", "sub_intent", "author", "sender"}


def test_a_damaged_head_is_refused_and_nothing_in_it_is_run(learner):
    weights, about = learner.fit([taught(WORKSHOP)]).dump()
    pickled = io.BytesIO()
    np.savez(pickled, vectors=np.array([{"a": 1}], dtype=object))
    turned = bytes([*weights[:-40], weights[-40] ^ 1, *weights[-39:]])
    [one] = about["taught"]
    for bad, names in (
        (b"nothing", about),
        (weights[:100], about),
        (turned, about),
        (weights, {"taught": []}),
        (weights, {}),
        (weights, about | {"taught": None}),
        (weights, about | {"taught": []}),
        (weights, about | {"taught": [one | {"category": "complaint"}]}),
        (weights, about | {"taught": [{"id": "1"}]}),
        (weights, about | {"recipe": 0}),
        (pickled.getvalue(), about | {"sha256": hashlib.sha256(pickled.getvalue()).hexdigest()}),
    ):
        with pytest.raises(BadInput):
            Head.load(bad, names)


def test_what_was_embedded_before_is_not_embedded_again(embedder, classifier, learner):
    class Counting:
        engine = embedder.engine

        def __init__(self):
            self.texts = []

        def embed(self, texts):
            self.texts += texts
            return embedder.embed(texts)

    first = learner.fit([taught(TAUGHT[0]), taught(TAUGHT[1])])
    counting = Counting()
    head = Learner(counting, classifier).fit([taught(TAUGHT[2]), taught(TAUGHT[1])], first)
    assert counting.texts == [TAUGHT[2]]
    assert np.allclose(head.vector_of(TAUGHT[1]), first.vector_of(TAUGHT[1]))


def test_what_a_head_depends_on_has_one_name(learner):
    lessons = [taught(WORKSHOP), taught(LIKE_IT)]
    assert trained_on(lessons, "a") == trained_on(lessons, "a")
    others = ([taught(WORKSHOP)], [taught(WORKSHOP), taught(LIKE_IT, Category.OTHER)])
    assert len({trained_on(lessons, "a"), trained_on(lessons, "b"), *(trained_on(one, "a") for one in others)}) == 4


def test_a_process_keeps_few_heads_and_swaps_them_whole():
    heads, loaded = Heads(most=2), []

    def load(name):
        loaded.append(name)
        return name

    assert heads.get("a", 1, lambda: load("a1")) == "a1"
    assert heads.get("a", 1, lambda: load("never")) == "a1"
    assert heads.get("a", 2, lambda: load("a2")) == "a2"
    for name in ("b", "c"):
        heads.get(name, 1, lambda name=name: load(name))
    assert len(heads) == 2
    assert heads.get("a", 2, lambda: load("a2 again")) == "a2 again"
    assert heads.get("a", 0, lambda: load("never")) is None
    assert "never" not in loaded
