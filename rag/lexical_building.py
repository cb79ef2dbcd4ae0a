"""The arrays of the lexical side, made of the texts of the passages."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rag.grams import grams_of
from rag.lexical import K1, B, CharacterIndex, WordIndex
from rag.lists import Lists, sums
from rag.surroundings import best_of_blocks, blocks_of
from rag.terms import Numbering, Texts, counts_in
from rag.words import char_words, stems

# Entries that are sorted at once, in the count of n-grams: as many as stay near the processor.
AT_ONCE = 250_000
_COUNT_BITS = 12
# An n-gram that more than this share of the passages has (" the", "ing ") tells them apart no more than it costs to
# look up; among few passages each may.
COMMON, FEW = 0.3, 100


def word_arrays(fields: Sequence[tuple[str, str]], documents: Any, language: str, name: str) -> dict[str, Any]:
    """What WordIndex reads; `fields` are (heading text, body text) for each passage, `documents` their documents."""
    numbering = Numbering()

    def rows() -> Iterator[list[int]]:
        for head, body in fields:
            # A word of the heading counts twice: it says what the passage is about.
            yield [numbering[stem] for stem in stems(head, language) * 2 + stems(body, language)]

    held = list(rows())
    terms, names, places = numbering.in_table()
    lengths, numbers, counts = counts_in(held, places)
    idf = _idf(np.bincount(numbers, minlength=len(terms)), len(fields))
    total = sums(counts, lengths)
    average = (total.mean() if len(fields) else 0.0) or 1.0
    size = np.repeat(total, lengths) / average
    weights = idf[numbers] * counts * (K1 + 1) / (counts + K1 * (1 - B + B * size))
    passages = Lists.of(lengths, numbers, weights)
    postings, block_of = passages.inverted(len(terms)), blocks_of(documents)
    return {
        f"{name}.hashes": terms.hashes,
        f"{name}.idf": idf.astype(np.float32),
        **Texts.of(names).named(f"{name}.names"),
        **passages.named(f"{name}.passages"),
        **postings.named(f"{name}.postings"),
        **best_of_blocks(postings, block_of).named(f"{name}.blocks"),
        f"{name}.block_of": block_of,
    }


def character_arrays(texts: Sequence[str], name: str) -> dict[str, Any]:
    """What CharacterIndex reads."""
    numbering = Numbering()
    lengths, numbers, counts = counts_in([[numbering[word] for word in char_words(text)] for text in texts])
    grams, owners = grams_of(list(numbering))
    table, letters = np.unique(grams, return_inverse=True)
    order = np.argsort(owners, kind="stable")
    words = Lists.of(np.bincount(owners, minlength=len(numbering)), letters[order], np.ones(len(letters)))
    held_words = Lists.of(lengths, numbers, 1 + np.log(np.maximum(counts, 1)))
    holding = np.zeros(len(table))
    for _, gram, _ in _grams_of_passages(held_words, counts, words):
        holding += np.bincount(gram, minlength=len(table))
    idf = np.where((holding > COMMON * len(texts)) & (len(texts) > FEW), 0.0, _idf(holding, len(texts)))
    norms = np.zeros(len(texts))
    for passage, gram, weight in _grams_of_passages(held_words, counts, words):
        squares = np.bincount(passage - passage[0], weights=(weight * idf[gram]) ** 2)
        norms[passage[0] : passage[0] + len(squares)] += squares
    scale = np.repeat(1 / np.maximum(np.sqrt(norms), 1e-9), lengths)
    passages = Lists(held_words.starts, held_words.numbers, (held_words.weights * scale).astype(np.float32))
    telling = idf[words.numbers] > 0
    owners = np.repeat(np.arange(len(words)), words.lengths)[telling]
    letters = words.numbers[telling]
    words = Lists.of(np.bincount(owners, minlength=len(words)), letters, idf[letters])
    return {
        f"{name}.hashes": table,
        f"{name}.idf": idf.astype(np.float32),
        **words.inverted(len(table)).named(f"{name}.by_gram"),
        **passages.named(f"{name}.passages"),
        **passages.inverted(len(numbering)).named(f"{name}.postings"),
    }


def word_index(fields: Sequence[tuple[str, str]], language: str) -> WordIndex:
    return WordIndex(word_arrays(fields, np.arange(len(fields)), language, "words"), "words", language)


def character_index(texts: Sequence[str]) -> CharacterIndex:
    return CharacterIndex(character_arrays(texts, "characters"), "characters")


def _idf(holding: Any, passages: int) -> Any:
    return np.log(1 + (passages - holding + 0.5) / (holding + 0.5))


def _grams_of_passages(held: Lists, counts: Any, words: Lists) -> Iterator[tuple[Any, Any, Any]]:
    """(passage, n-gram, frequency) of every n-gram of every passage, some passages at a time.

    One sort of whole numbers brings equal n-grams of a passage together; the count of the word that each comes from
    rides in the lowest bits.
    """
    if not len(held.numbers):
        return
    grams = int(words.numbers.max()) + 1
    most = (1 << _COUNT_BITS) - 1
    frequency = np.array([0.0, *(1 + math.log(count) for count in range(1, most + 1))])
    each = sums(words.lengths[held.numbers], held.lengths)
    blocks = np.searchsorted(np.cumsum(each), np.arange(0, int(each.sum()), AT_ONCE))
    for low, high in zip(blocks, [*blocks[1:], len(held)], strict=True):
        if low == high:
            continue
        entries = slice(int(held.starts[low]), int(held.starts[high]))
        inside = held.numbers[entries]
        at, sizes = words.spans(inside)
        passage = np.repeat(np.repeat(np.arange(high - low, dtype=np.int64), held.lengths[low:high]), sizes)
        count = np.repeat(np.minimum(counts[entries], most).astype(np.int64), sizes)
        keys = ((passage * grams + words.numbers[at]) << _COUNT_BITS) | count
        # Passage by passage they are in order already, which this kind of sort makes use of.
        keys.sort(kind="stable")
        cells = keys >> _COUNT_BITS
        first = np.flatnonzero(np.concatenate(([True], cells[1:] != cells[:-1])))
        weights = np.add.reduceat(frequency[keys & most], first)
        yield cells[first] // grams + low, cells[first] % grams, weights
