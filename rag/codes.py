"""Exact-looking tokens: order numbers, article numbers, error codes. They match literally or not at all."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from rag.lists import Arrays, Lists
from rag.terms import Numbering, Terms, hashes_of

_MARK = re.compile(r"[\d_]")
_TOKEN = re.compile(r"[^\W_]+(?:[-_./][^\W_]+)*")
_DASHES = str.maketrans("‐‑‒–—", "-----")
# 2nd, 30kg, 10am: a number with its unit is no code; neither is 49.99 or 24/7.
_MEASURE = re.compile(r"\d+(?:[.,]\d+)?(?:st|nd|rd|th|er|e|[mckµ]?[gml]|km|oz|lb|in|h|s|min|am|pm|[kmgt]b|px|x|k)")
_AMOUNT = re.compile(r"\d+(?:[./]\d+)+|\d{1,3}")
LONGEST = 64


def codes(text: str) -> frozenset[str]:
    """The codes in a text, in lower case: letters mixed with digits, numbers of four digits or more, WORDS_IN_CAPITALS.

    "E-4021", "AB/12", "SKU.77x", "48213" and "ERR_TIMEOUT" are codes; "30 days", "2nd" and "49.99" are not.
    """
    # Nine words in ten are passed over at once: a code has a digit or an underscore.
    words = [word for word in text.translate(_DASHES).split() if _MARK.search(word)]
    tokens = [token for word in words for token in _TOKEN.findall(word)]
    return frozenset(token.lower() for token in tokens if len(token) <= LONGEST and _looks_exact(token))


def _looks_exact(token: str) -> bool:
    if not any(character.isdigit() for character in token):
        return "_" in token and token.isupper()
    lower = token.lower()
    return len(token) >= 2 and not _MEASURE.fullmatch(lower) and not _AMOUNT.fullmatch(lower)


class Codes:
    """Which passages hold a code."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self._terms = Terms(arrays[f"{name}.hashes"])
        self._holders = Lists.read(arrays, f"{name}.holders")

    def holders(self, text: str) -> list[Any]:
        """For each code in a text the passages that hold it, ascending."""
        wanted = codes(text)
        if not wanted:
            return []
        numbers, known = self._terms.find(hashes_of(wanted))
        starts = self._holders.starts
        return [
            self._holders.numbers[starts[number] : starts[number + 1]] if found else self._holders.numbers[:0]
            for number, found in zip(numbers, known, strict=True)
        ]


def code_arrays(texts: Sequence[str], name: str) -> dict[str, Any]:
    numbering = Numbering()
    held = [[numbering[code] for code in codes(text)] for text in texts]
    terms, _, places = numbering.in_table()
    lengths = np.fromiter(map(len, held), dtype=np.int64, count=len(held))
    numbers = places[np.fromiter((number for row in held for number in row), dtype=np.int64)]
    rows = Lists.of(lengths, numbers, np.ones(len(numbers)))
    return {f"{name}.hashes": terms.hashes, **rows.inverted(len(terms)).named(f"{name}.holders")}
