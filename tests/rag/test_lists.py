import numpy as np
import pytest

from rag.lists import Lists, best_of, within
from rag.near import similar
from rag.surroundings import NEIGHBOURS, best_of_blocks, blocks_of

LISTS = Lists.of([2, 0, 3], [0, 3, 1, 2, 3], [1.0, 2.0, 3.0, 4.0, 5.0])


@pytest.mark.parametrize("size", [0, 1, 30, 64, 65, 5_000])
@pytest.mark.parametrize("count", [1, 7, 40])
@pytest.mark.parametrize("kinds", [2, 5, 1_000_000])
def test_the_best_scores_are_those_that_a_sort_would_put_first(size, count, kinds):
    scores = np.random.default_rng(size + count).integers(0, kinds, size) / kinds
    best = best_of(scores, count)
    assert len(set(best.tolist())) == len(best) == min(count, int((scores > 0).sum()))
    assert np.sort(scores[best]).tolist() == np.sort(scores)[size - len(best) :].tolist()


def test_no_score_below_the_floor_is_among_the_best():
    scores = np.linspace(0, 1, 1_000)
    assert scores[best_of(scores, 100, floor=0.95)].min() > 0.95


def test_totals_add_up_the_lists_that_are_asked_for():
    assert LISTS.totals(np.array([0, 2]), np.array([1.0, 10.0], dtype=np.float32), 5).tolist() == [1, 30, 40, 52, 0]
    assert LISTS.totals(np.array([2]), None, 4).tolist() == [0, 3, 4, 5]
    assert LISTS.totals(np.array([], dtype=np.int64), None, 2).tolist() == [0, 0]


def test_products_of_an_empty_list_are_nothing():
    worth = np.array([[1, 1, 1, 1], [0, 1, 0, 2]], dtype=np.float32)
    assert LISTS.products(np.array([2, 1, 0]), worth).tolist() == [[12, 0, 3], [13, 0, 4]]
    assert LISTS.products(np.array([1]), worth).tolist() == [[0], [0]]
    assert LISTS.products(np.array([], dtype=np.int64), worth).shape == (2, 0)


def test_as_many_lists_are_read_as_the_budget_allows_but_at_least_one():
    assert within(np.array([4, 5, 6]), np.array([1, 2, 3]), 3).tolist() == [4, 5]
    assert within(np.array([4, 5]), np.array([9, 1]), 3).tolist() == [4]


def test_neighbours_are_the_passages_of_one_document_but_never_too_many():
    assert blocks_of(np.array([3, 3, 4, 7, 7])).tolist() == [0, 0, 1, 2, 2]
    long = blocks_of(np.zeros(2 * NEIGHBOURS + 1, dtype=np.int32))
    assert np.bincount(long).tolist() == [NEIGHBOURS, NEIGHBOURS, 1]
    assert len(blocks_of(np.array([], dtype=np.int32))) == 0


def test_a_block_has_each_stem_where_it_weighs_most():
    best = best_of_blocks(LISTS, blocks_of(np.array([0, 0, 1, 1])))
    assert [part.tolist() for part in (best.starts, best.numbers, best.weights)] == [
        [0, 2, 2, 4],
        [0, 1, 0, 1],
        [1, 2, 3, 5],
    ]


def test_vectors_are_compared_where_they_lie():
    vectors = np.random.default_rng(1).standard_normal((50, 8)).astype(np.float32)
    rows = np.array([3, 3, 49], dtype=np.int64)
    assert np.allclose(similar(vectors[:2], vectors, rows), vectors[:2] @ vectors[rows].T, atol=1e-5)
    with pytest.raises(ValueError, match="dimensions"):
        similar(vectors[:2, :4], vectors, rows)
