"""Questions that ask the same come together; those that do not stay apart."""

import tracemalloc

import numpy as np

from rag.gaps import Asked, grouped, likeness

WARRANTY = ["How long is the warranty?", "What warranty do I get?", "is there a warranty and how long"]
POSTER = ["Do you sell posters?", "Can I buy a poster from you?"]
GARANTIE = ["Wie lange gilt die Garantie?", "Wie lange gilt denn die Garantie?"]


def asked(embedder, texts, language="en"):
    return [Asked(text, language, vector) for text, vector in zip(texts, embedder.embed(texts), strict=True)]


def test_the_same_question_in_other_words_shares_a_group(embedder):
    groups = grouped(asked(embedder, [*POSTER, *WARRANTY]))
    assert [sorted(group) for group in groups] == [[2, 3, 4], [0, 1]]


def test_two_languages_never_share_a_group(embedder):
    groups = grouped([*asked(embedder, WARRANTY), *asked(embedder, GARANTIE, "de")])
    assert [sorted(group) for group in groups] == [[0, 1, 2], [3, 4]]


def test_the_most_typical_question_stands_first(embedder):
    odd = "The warranty of the lamp which my aunt bought in the year of the flood, how long is it, please?"
    (group, *_) = grouped(asked(embedder, [odd, *WARRANTY]))
    assert group[0] != 0


def test_nothing_and_one_question_are_groups_too(embedder):
    assert grouped([]) == []
    assert grouped(asked(embedder, ["Do you sell posters?"])) == [[0]]


def test_words_that_are_nowhere_else_do_not_break_it():
    blank = np.zeros(384, dtype=np.float32)
    assert len(grouped([Asked("the", "en", blank), Asked("", "en", blank), Asked("??", "en", blank)])) >= 1


def made_up(count):
    """Questions of some thirty words each, no two the same, and a vector for each."""
    dice = np.random.default_rng(1)
    words = [f"{begin}{middle}{end}" for begin in "bdfgklmn" for middle in ("ar", "el", "ow") for end in "pst"]
    vectors = dice.normal(size=(count, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [Asked(" ".join(dice.choice(words, 30)), "en", vector) for vector in vectors]


def test_how_alike_two_questions_are_does_not_depend_on_how_many_are_compared_at_once(monkeypatch):
    questions = made_up(250)
    monkeypatch.setattr("rag.gaps.ROWS_AT_ONCE", 1_000)
    whole = likeness(questions, "en")
    monkeypatch.setattr("rag.gaps.ROWS_AT_ONCE", 7)
    assert np.allclose(likeness(questions, "en"), whole, atol=1e-6)
    assert np.allclose(np.diag(whole), 1.0, atol=1e-5)
    assert np.allclose(whole, whole.T, atol=1e-6)


def test_comparing_many_questions_takes_little_more_room_than_its_result():
    """The workspace's newest 1,000 are compared each time: what that takes stays with the worker."""
    questions = made_up(1_000)
    likeness(questions[:10], "en")
    tracemalloc.start()
    result = likeness(questions, "en")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.nbytes < most < 6 * result.nbytes
