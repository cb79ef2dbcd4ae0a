"""What the classifier sees of a mail: its words, its letters, and which word lists it touches."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
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
    plain = folded(f"{subject[:200]} \n {text[:LOOKED_AT]}")
    plain = _NUMBER.sub("0", _ADDRESS.sub(" @mail ", _LINK.sub(" @link ", plain)))
    words = _WORD.findall(plain)
    pairs = [f"w {left} {right}" for left, right in pairwise(words)]
    letters: Counter[str] = Counter()
    for word, times in Counter(words).items():
        for run in _letters(word[:LONGEST_WORD]):
            letters[run] += times
    return Counter([f"w {word}" for word in words] + pairs), letters


@lru_cache(maxsize=4096)
def _letters(word: str) -> tuple[str, ...]:
    """Mails are made of few different words: most are taken apart once."""
    framed = f" {word} "
    return tuple(f"c {framed[at : at + size]}" for size in (2, 3, 4, 5) for at in range(len(framed) - size + 1))


def hints(text: str, subject: str) -> Any:
    """A float32 array of shape (HINTS,): which word lists are touched and how often, length, questions, signs."""
    words = folded(f"{subject[:200]} \n {text[:LOOKED_AT]}")
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


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The grams that are known, with their weights. `words` of them are words and pairs, the rest are letters."""

    index: dict[str, int]
    idf: Any
    words: int

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
        words, letters = grams(text, subject)
        parts = [self._weighted(words), self._weighted(letters)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def _weighted(self, counted: Counter[str]) -> tuple[Any, Any]:
        index = self.index
        known = [(index[gram], times) for gram, times in counted.items() if gram in index]
        if not known:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        positions = np.array([position for position, _ in known], dtype=np.int64)
        values = (1 + np.log(np.array([times for _, times in known], dtype=np.float32))) * self.idf[positions]
        return positions, values / np.linalg.norm(values)
