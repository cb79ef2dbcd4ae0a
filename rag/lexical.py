"""The lexical side of the index, language by language: BM25 over stems, and a cosine of character n-grams."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.grams import grams_of
from rag.lists import Arrays, Lists, best_of, within
from rag.near import Near
from rag.terms import Terms, Texts, hashes_of
from rag.words import char_words, stems

K1, B = 1.2, 0.75
# A long mail's most telling words say what its passage's surroundings are about.
MOST_TERMS = 24
# Words of the knowledge base that one text may resemble, in the search for candidates; the least likeness as a share of
# the most.
LIKE_WORDS, LIKE = 96, 0.2


class StemSets:
    """The stems of each passage of a part, read when they are asked for."""

    def __init__(self, passages: Lists, names: Texts) -> None:
        self._passages, self._names = passages, names

    def __len__(self) -> int:
        return len(self._passages)

    def __getitem__(self, at: int) -> frozenset[str]:
        low, high = self._passages.starts[at], self._passages.starts[at + 1]
        return frozenset(self._names[number] for number in self._passages.numbers[low:high])


@dataclass(frozen=True, slots=True)
class Wanted:
    """The stems of several texts that a part has: their `numbers`, ascending, and their `idf`.

    `asked` is 1 where a text has a stem, else 0, float32 of shape (texts, stems); `most` is what any passage could
    reach with all stems of a text, those included that no passage has.
    """

    numbers: Any
    idf: Any
    asked: Any
    most: Any

    def of(self, text: int) -> Any:
        """The numbers of one text's stems."""
        return self.numbers[self.asked[text] > 0]


class WordIndex:
    """BM25 (Robertson and Zaragoza 2009) over stems; built by `rag/lexical_building.py`.

    `passages` holds the stems of each passage with their weight in BM25, `postings` the same the other way round, and
    `blocks` for each stem its highest weight in every block of neighbouring passages (`rag/surroundings.py`).
    """

    def __init__(self, arrays: Arrays, name: str, language: str) -> None:
        self._language = language
        self._terms = Terms(arrays[f"{name}.hashes"])
        self._idf = arrays[f"{name}.idf"]
        self._passages = Lists.read(arrays, f"{name}.passages")
        self._postings = Lists.read(arrays, f"{name}.postings")
        self._blocks, self._block_of = Lists.read(arrays, f"{name}.blocks"), arrays[f"{name}.block_of"]
        self._block_count = int(self._block_of[-1]) + 1 if len(self._block_of) else 0
        self.stems = StemSets(self._passages, Texts.read(arrays, f"{name}.names"))
        self._rarest = math.log(1 + (len(self._passages) + 0.5) / 0.5)

    def idf(self, stem: str) -> float:
        """How telling a stem is; a stem that no passage has is the most telling of all."""
        number = self._terms.number(stem)
        return self._rarest if number is None else self.worth(number)

    def worth(self, number: int) -> float:
        """The idf of a stem by its number."""
        return float(self._idf[number])

    def known(self, stem: str) -> bool:
        return self._terms.number(stem) is not None

    def wanted(self, texts: Sequence[Collection[str]]) -> "Wanted":
        """Look up the distinct stems of several texts at once."""
        every = list(dict.fromkeys(stem for text in texts for stem in text))
        found, known = self._terms.find(hashes_of(every))
        numbers, row = np.unique(found[known], return_inverse=True)
        place = dict(zip((stem for stem, there in zip(every, known.tolist(), strict=True) if there), row, strict=True))
        asked = np.zeros((len(texts), len(numbers)), dtype=np.float32)
        unknown = np.zeros(len(texts))
        for at, text in enumerate(texts):
            rows = [place[stem] for stem in text if stem in place]
            asked[at, rows] = 1
            unknown[at] = len(text) - len(rows)
        idf = self._idf[numbers]
        most = (asked @ idf + self._rarest * unknown) * (K1 + 1)
        return Wanted(numbers, idf, asked, np.where(most > 0, most, 1.0).astype(np.float32))

    def scores(self, text: str) -> Any:
        """BM25 of each passage as a share, 0 to 1, of the most that any passage could reach."""
        wanted = self.wanted([set(stems(text, self._language))])
        return self.totals(wanted.numbers, len(self._postings.numbers))[0] / wanted.most[0]

    def totals(self, numbers: Any, read: int) -> tuple[Any, bool]:
        """BM25 of every passage with these stems, of which the rarer are read first; and whether all were.

        `read` is how many entries of postings are read at most.
        """
        lengths = self._postings.starts[numbers + 1] - self._postings.starts[numbers]
        order = np.argsort(lengths, kind="stable")
        rarer = within(numbers[order], lengths[order], read)
        return self._postings.totals(rarer, None, len(self._passages)), len(rarer) == len(numbers)

    def weights_of(self, numbers: Any, at: Any) -> Any:
        """The weight in BM25 of each of these stems in each of these passages; float32 of shape (stems, passages)."""
        row_of = np.zeros(len(self._terms), dtype=np.int32)
        row_of[numbers] = np.arange(1, len(numbers) + 1)
        entries, lengths = self._passages.spans(at)
        rows = row_of.take(self._passages.numbers.take(entries))
        held = np.flatnonzero(rows)
        weights = np.zeros((len(numbers), len(at)), dtype=np.float32)
        columns = np.searchsorted(np.cumsum(lengths), held, side="right")
        weights[rows[held] - 1, columns] = self._passages.weights.take(entries[held])
        return weights

    def around(self, numbers: Any, at: Any) -> Any:
        """BM25 of some passages, with each of these stems counted where the passage or one around it says it best."""
        telling = numbers[np.argsort(-self._idf[numbers], kind="stable")[:MOST_TERMS]]
        return self._blocks.totals(telling, None, self._block_count)[self._block_of[at]]


class CharacterIndex:
    """Cosine of character n-grams, weighted by their idf: survives compounds, inflection and misspelling.

    An n-gram stands within a word, so that a passage is the sum of its words, and a word the sum of its n-grams:
    `by_gram` holds the distinct words of each n-gram, `passages` the words of each passage with their frequency there,
    divided by the passage's length as a vector. That is a tenth of one list of n-grams for each passage.
    """

    def __init__(self, arrays: Arrays, name: str) -> None:
        self._grams = Terms(arrays[f"{name}.hashes"])
        self._idf = arrays[f"{name}.idf"]
        self._by_gram = Lists.read(arrays, f"{name}.by_gram")
        self._passages = Lists.read(arrays, f"{name}.passages")
        self._postings = Lists.read(arrays, f"{name}.postings")

    def likeness(self, texts: Sequence[str]) -> Any:
        """How like each text each word of the knowledge base is, by their n-grams; float32 of shape (texts, words)."""
        counted = [Counter(char_words(text)) for text in texts]
        spelt = list(dict.fromkeys(word for counts in counted for word in counts))
        grams, owners = grams_of(spelt)
        numbers, known = self._grams.find(grams)
        distinct, column = np.unique(numbers[known], return_inverse=True)
        weights = np.zeros((len(texts), len(distinct)), dtype=np.float32)
        for row, counts in zip(weights, counted, strict=True):
            times = np.array([1 + math.log(counts[word]) if word in counts else 0.0 for word in spelt])
            row[:] = np.bincount(column, weights=times[owners[known]], minlength=len(distinct))
        weights *= self._idf[distinct]
        weights /= np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-9)
        likeness = np.zeros((len(texts), len(self._postings)), dtype=np.float32)
        for row, one in zip(likeness, weights, strict=True):
            mine = np.flatnonzero(one)
            row[:] = self._by_gram.totals(distinct[mine], one[mine], len(row))
        return likeness

    def scores(self, text: str) -> Any:
        """The cosine of each passage with a text."""
        return self.scores_of(self.likeness([text]), np.arange(len(self._passages)))[0]

    def scores_of(self, likeness: Any, at: Any) -> Any:
        """The cosines of some passages with several texts; of shape (texts, passages)."""
        return self._passages.products(at, likeness)

    def candidates(self, likeness: Any, count: int, read: int) -> Any:
        """About the best passages for a query, by the words most like its own; `read` as for words."""
        like = best_of(likeness, LIKE_WORDS, LIKE * float(likeness.max(initial=0.0)))
        like = like[np.argsort(-likeness[like], kind="stable")]
        nearest = within(like, self._postings.starts[like + 1] - self._postings.starts[like], read)
        return best_of(self._postings.totals(nearest, likeness[nearest], len(self._passages)), count)


class Positions:
    """The place in a part of a passage's number in the index."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers

    def __getitem__(self, number: int) -> int:
        return int(np.searchsorted(self._numbers, number))


@dataclass(frozen=True, slots=True)
class LanguagePart:
    """The passages `numbers` (ascending), all of one language; `near` where they are many."""

    numbers: Any
    words: WordIndex
    characters: CharacterIndex
    position: Positions
    near: Near | None = None
