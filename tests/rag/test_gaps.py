"""Questions that ask the same come together; those that do not stay apart."""

import numpy as np

from rag.gaps import Asked, grouped

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
