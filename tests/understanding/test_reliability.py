"""How far a language model is believed: assumed at first, counted when there are verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.category import Category
from understanding.reliability import LEAST_VERDICTS, assumed, posterior, reliability, stored

PAIRS = st.lists(st.tuples(st.sampled_from(list(Category)), st.sampled_from(list(Category))), max_size=200)


def test_few_verdicts_leave_the_assumption():
    assert reliability([(Category.OTHER, Category.REFUND)] * (LEAST_VERDICTS - 1)) == assumed()


def test_enough_verdicts_count_with_one_added_to_each():
    verdicts = [(Category.REFUND, Category.REFUND)] * 36 + [(Category.OTHER, Category.REFUND)] * 14
    row = reliability(verdicts)[Category.REFUND]
    assert row == {
        Category.QUESTION: pytest.approx(1 / 54), Category.REFUND: pytest.approx(37 / 54),
        Category.SUPPLIER: pytest.approx(1 / 54), Category.OTHER: pytest.approx(15 / 54),
    }  # fmt: skip
    assert reliability(verdicts)[Category.SUPPLIER][Category.QUESTION] == 0.25


@given(PAIRS)
def test_each_row_is_a_distribution_and_nothing_is_impossible(pairs):
    for row in reliability(pairs, least=0).values():
        assert sum(row.values()) == pytest.approx(1)
        assert min(row.values()) > 0


@given(PAIRS, st.sampled_from(list(Category)))
def test_what_follows_is_a_distribution_even_from_certainty(pairs, said):
    chances = posterior({Category.OTHER: 1.0}, said, reliability(pairs, least=0))
    assert sum(chances.values()) == pytest.approx(1)
    assert min(chances.values()) > 0


def test_a_stored_table_is_read_back_and_nonsense_is_not_believed():
    table = reliability([(Category.OTHER, Category.OTHER)] * 60)
    kept = {str(true): {str(said): chance for said, chance in row.items()} for true, row in table.items()}
    assert stored(kept) == table
    for nonsense in ({}, {"question": 3}, {**kept, "other": dict.fromkeys(map(str, Category), 0.9)}):
        assert stored(nonsense) == assumed()
