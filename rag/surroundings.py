"""The passages around a passage, which speak for it: a section seldom repeats what its neighbours have said."""

from typing import Any

import numpy as np

from rag.lists import Lists

# Passages of one document that count as surroundings of each other; a file of a thousand questions is no document.
NEIGHBOURS = 16


def blocks_of(documents: Any) -> Any:
    """The number, from 0 on, of the block of each passage: the runs of one document, cut after NEIGHBOURS passages.

    `documents` has the document of each passage, ascending.
    """
    first = np.concatenate((np.ones(min(len(documents), 1), dtype=bool), documents[1:] != documents[:-1]))
    at = np.arange(len(documents))
    begun = np.maximum.accumulate(np.where(first, at, 0))
    return (np.cumsum(first | ((at - begun) % NEIGHBOURS == 0)) - 1).astype(np.int32)


def best_of_blocks(postings: Lists, block_of: Any) -> Lists:
    """For each stem the blocks that have it, ascending, with its highest weight in each."""
    owners = np.repeat(np.arange(len(postings), dtype=np.int32), postings.lengths)
    blocks = block_of[postings.numbers]
    if not len(blocks):
        return postings
    first = np.concatenate(([True], (blocks[1:] != blocks[:-1]) | (owners[1:] != owners[:-1])))
    starts = np.flatnonzero(first)
    lengths = np.bincount(owners[starts], minlength=len(postings))
    return Lists.of(lengths, blocks[starts], np.maximum.reduceat(postings.weights, starts))
