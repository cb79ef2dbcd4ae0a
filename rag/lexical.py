"""The lexical side of the index, language by language: BM25 over stems, and TF-IDF over character n-grams."""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.words import ngrams, stems

K1, B = 1.2, 0.75


class Postings:
    """Weights of terms in passages. Built once, then only read; a query costs the postings of its terms."""

    def __init__(self, passages: Sequence[Mapping[str, float]]) -> None:
        self.size = len(passages)
        lists: dict[str, tuple[array[int], array[float]]] = {}
        for number, weights in enumerate(passages):
            for term, weight in weights.items():
                numbers, values = lists.setdefault(term, (array("i"), array("f")))
                numbers.append(number)
                values.append(weight)
        self._terms = {term: at for at, term in enumerate(lists)}
        lengths = [len(numbers) for numbers, _ in lists.values()]
        self._starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64)
        self._numbers = np.empty(int(self._starts[-1]), dtype=np.int32)
        self._values = np.empty(int(self._starts[-1]), dtype=np.float32)
        for at, (numbers, values) in enumerate(lists.values()):
            self._numbers[self._starts[at] : self._starts[at + 1]] = numbers
            self._values[self._starts[at] : self._starts[at + 1]] = values

    def scores(self, query: Mapping[str, float]) -> Any:
        """For each passage the sum of its weights of the query's terms; float64 of shape (size,)."""
        known = [(self._terms[term], weight) for term, weight in query.items() if term in self._terms]
        if not known:
            return np.zeros(self.size)
        spans = [(self._starts[at], self._starts[at + 1], weight) for at, weight in known]
        numbers = np.concatenate([self._numbers[start:end] for start, end, _ in spans])
        weights = np.concatenate([self._values[start:end] * weight for start, end, weight in spans])
        return np.bincount(numbers, weights=weights, minlength=self.size)


def _inverse_frequencies(counted: Sequence[Counter[str]]) -> dict[str, float]:
    holding = Counter(term for counts in counted for term in counts)
    return {term: math.log(1 + (len(counted) - count + 0.5) / (count + 0.5)) for term, count in holding.items()}


class WordIndex:
    """BM25 (Robertson and Zaragoza 2009) over stems; `fields` are (heading text, body text) for each passage."""

    def __init__(self, fields: Sequence[tuple[str, str]], language: str) -> None:
        self._language = language
        # A word of the heading counts twice: it says what the passage is about.
        counted = [Counter(stems(head, language) * 2 + stems(body, language)) for head, body in fields]
        self.stems = tuple(frozenset(counts) for counts in counted)
        self._idf = _inverse_frequencies(counted)
        self._rarest = math.log(1 + (len(counted) + 0.5) / 0.5)
        lengths = [counts.total() for counts in counted]
        average = (sum(lengths) / len(lengths) if lengths else 0.0) or 1.0
        self._postings = Postings(
            [
                {
                    term: self._idf[term] * count * (K1 + 1) / (count + K1 * (1 - B + B * length / average))
                    for term, count in counts.items()
                }
                for counts, length in zip(counted, lengths, strict=True)
            ]
        )

    def idf(self, stem: str) -> float:
        """How telling a stem is; a stem that no passage has is the most telling of all."""
        return self._idf.get(stem, self._rarest)

    def known(self, stem: str) -> bool:
        return stem in self._idf

    def scores(self, text: str) -> Any:
        """BM25 of each passage as a share, 0 to 1, of the most that any passage could reach."""
        query = set(stems(text, self._language))
        most = sum(self.idf(stem) for stem in query) * (K1 + 1)
        return self._postings.scores(dict.fromkeys(query, 1.0)) / (most or 1.0)


class CharacterIndex:
    """Cosine of character n-gram TF-IDF: survives compounds, inflection and misspelling."""

    def __init__(self, texts: Iterable[str]) -> None:
        counted = [Counter(ngrams(text)) for text in texts]
        self._idf = _inverse_frequencies(counted)
        self._postings = Postings([self._weights(counts) for counts in counted])

    def _weights(self, counts: Counter[str]) -> dict[str, float]:
        weights = {term: self._idf[term] * (1 + math.log(count)) for term, count in counts.items() if term in self._idf}
        norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {term: weight / norm for term, weight in weights.items()}

    def scores(self, text: str) -> Any:
        return self._postings.scores(self._weights(Counter(ngrams(text))))


@dataclass(frozen=True, slots=True)
class LanguagePart:
    """The lexical indexes of the passages `numbers`, all of one language."""

    numbers: Any
    words: WordIndex
    characters: CharacterIndex
    position: Mapping[int, int]


def language_parts(languages: Sequence[str], fields: Sequence[tuple[str, str]]) -> dict[str, LanguagePart]:
    """One part for each language; `fields` are (heading text, body text) of each passage, in the order of passages."""
    by_language: dict[str, list[int]] = defaultdict(list)
    for number, language in enumerate(languages):
        by_language[language].append(number)
    return {
        language: LanguagePart(
            numbers=np.array(numbers),
            words=WordIndex([fields[number] for number in numbers], language),
            characters=CharacterIndex(" ".join(fields[number]) for number in numbers),
            position={number: at for at, number in enumerate(numbers)},
        )
        for language, numbers in by_language.items()
    }
