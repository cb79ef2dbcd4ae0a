"""What the classifier sees of a mail: its words, its letters, and which word lists it touches."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any

import numpy as np

from understanding.entities import purchase_order_numbers
from understanding.misspelling import misspelt
from understanding.signals import count, first, folded

# Mails say what they want early; the rest would only cost time.
LOOKED_AT = 1500
LISTS = ("refund", "supplier", "other", "question")
HINTS = 3 * len(LISTS) + 7
SHORT_TEXT = 4
LONGEST_WORD = 30

_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_LINK = re.compile(r"https?://\S{1,500}|www\.\S{1,500}")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[?!€$£]")


def embedded_text(text: str, subject: str) -> str:
    """What is given to the embedding model: the new text, with the subject where the text says too little."""
    text = text[:LOOKED_AT]
    return f"{subject}. {text}" if subject and len(text.split()) < SHORT_TEXT else text


def grams(text: str, subject: str) -> tuple[Counter[str], Counter[str]]:
    """Words and pairs of words, marked "w"; runs of 2 to 5 letters in a word's borders, marked "c".

    All numbers are one word, as are all links and all addresses.
    """
    words = _words(looked_at(text, subject))
    return Counter(_single_and_paired(words)), Counter(chain.from_iterable(map(_letters, words)))


def looked_at(text: str, subject: str) -> str:
    """The folded text in which words and phrases are looked for."""
    return folded(f"{subject[:200]} \n {text[:LOOKED_AT]}")


def _words(plain: str) -> list[str]:
    if "http" in plain or "www." in plain:
        plain = _LINK.sub(" @link ", plain)
    if "@" in plain:
        plain = _ADDRESS.sub(" @mail ", plain)
    return _WORD.findall(_NUMBER.sub("0", plain))


def _single_and_paired(words: Sequence[str]) -> list[str]:
    marked = [f"w {word}" for word in words]
    return [*marked, *(f"{left} {right}" for left, right in zip(marked, words[1:], strict=False))]


def _letters(word: str) -> tuple[str, ...]:
    framed = f" {word[:LONGEST_WORD]} "
    return tuple(f"c {framed[at : at + size]}" for size in (2, 3, 4, 5) for at in range(len(framed) - size + 1))


def hints(text: str, subject: str) -> Any:
    """A float32 array of shape (HINTS,): which word lists are touched and how often, length, questions, signs."""
    return hints_in(looked_at(text, subject), text, subject)


def hints_in(words: str, text: str, subject: str) -> Any:
    """What `hints` gives, where the text as `looked_at` gives it is known."""
    found = [count(kind, words) for kind in LISTS]
    found[LISTS.index("refund")] += bool(misspelt(words))
    length = len(words.split())
    values = [
        *(float(number > 0) for number in found),
        *(float(number > 1) for number in found),
        *(math.log1p(number) for number in found),
        float("?" in words),
        float(bool(purchase_order_numbers(text, subject))),
        float(bool(first("person", words))),
        float(bool(first("legal", words) or first("safety", words))),
        min(1.0, math.log1p(length) / 5),
        float(length < SHORT_TEXT),
        # Only the refund list speaks: the case in which list and model most often agree.
        float(found[0] > 0 and found[1] == 0 and found[2] == 0),
    ]
    return np.array(values, dtype=np.float32)


def touched(found: Any) -> tuple[str, ...]:
    """Which of the word lists a text touches, by its `hints`."""
    return tuple(name for name, value in zip(LISTS, found, strict=False) if value)


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The grams that are known, with their weights. `words` of them are words and pairs, the rest are letters."""

    index: dict[str, int]
    idf: Any
    words: int
    _letters: Callable[[str], tuple[int, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        index = self.index

        # Mails are made of few different words: most are taken apart once.
        @lru_cache(maxsize=8192)
        def positions(word: str) -> tuple[int, ...]:
            return tuple(index[run] for run in _letters(word) if run in index)

        object.__setattr__(self, "_letters", positions)

    @classmethod
    def of(cls, texts: Sequence[tuple[str, str]], *, least_words: int = 2, least_letters: int = 3) -> "Vocabulary":
        """Of (text, subject) pairs: the grams that stand in at least so many of them."""
        seen_words: Counter[str] = Counter()
        seen_letters: Counter[str] = Counter()
        for text, subject in texts:
            words, letters = grams(text, subject)
            seen_words.update(words.keys())
            seen_letters.update(letters.keys())
        known = [(gram, seen) for gram, seen in sorted(seen_words.items()) if seen >= least_words]
        split = len(known)
        known += [(gram, seen) for gram, seen in sorted(seen_letters.items()) if seen >= least_letters]
        idf = np.array([math.log((1 + len(texts)) / (1 + seen)) + 1 for _, seen in known], dtype=np.float32)
        return cls({gram: position for position, (gram, _) in enumerate(known)}, idf, split)

    def vector(self, text: str, subject: str) -> tuple[Any, Any]:
        """Positions and weights of the known grams; words and letters each have length 1."""
        [found] = self.vectors([looked_at(text, subject)])
        return found

    def vectors(self, plain: Sequence[str]) -> list[tuple[Any, Any]]:
        """What `vector` gives, of texts as `looked_at` gives them."""
        index, letters = self.index, self._letters
        known: list[int] = []
        times: list[int] = []
        ends = [0]
        for text in plain:
            words = _words(text)
            single = [index[gram] for gram in _single_and_paired(words) if gram in index]
            for counted in (Counter(single), Counter(chain.from_iterable(map(letters, words)))):
                known += counted
                times += counted.values()
                ends.append(len(known))
        positions = np.array(known, dtype=np.int64)
        values = (1 + np.log(np.array(times, dtype=np.float32))) * self.idf[positions]
        for start, end in pairwise(ends):
            part = values[start:end]
            part /= math.sqrt(part.dot(part)) if end > start else 1
        return [(positions[start:end], values[start:end]) for start, end in zip(ends[::2], ends[2::2], strict=False)]
