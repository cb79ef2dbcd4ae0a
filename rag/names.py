"""What passages are called, literally: a text of just a heading's words asks for what stands below it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rag.lists import Arrays
from rag.terms import Terms, hashes_of
from rag.words import stems

# A longer heading is a sentence, which nobody repeats word for word.
MOST_STEMS = 12


class Names:
    """The numbers of the passages of each name, in the order of the table of names."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self._terms = Terms(arrays[f"{name}.hashes"])
        self._starts, self._numbers = arrays[f"{name}.starts"], arrays[f"{name}.numbers"]

    def called(self, stemmed: frozenset[str], language: str) -> Any:
        """The numbers of the passages whose heading, sample question or name in a link has just these stems."""
        key = _key(stemmed, language)
        at = self._terms.number(key) if key else None
        return self._numbers[self._starts[at] : self._starts[at + 1]] if at is not None else self._numbers[:0]


def name_arrays(names: Sequence[Sequence[str]], languages: Sequence[str], name: str) -> dict[str, Any]:
    """What Names reads; `names` and `languages` have an entry for each passage."""
    keys: list[str] = []
    owners: list[int] = []
    for number, (called, language) in enumerate(zip(names, languages, strict=True)):
        of_one = dict.fromkeys(key for one in called if (key := _key(frozenset(stems(one, language)), language)))
        keys += of_one
        owners += [number] * len(of_one)
    hashes = hashes_of(keys)
    order = np.argsort(hashes, kind="stable")
    distinct, starts = np.unique(hashes[order], return_index=True)
    return {
        f"{name}.hashes": distinct,
        f"{name}.starts": np.append(starts, len(order)).astype(np.int64),
        f"{name}.numbers": np.array(owners, dtype=np.int32)[order],
    }


def _key(stemmed: frozenset[str], language: str) -> str:
    """Stems in any order; the language is part of it, since a passage is looked for in its own."""
    return f"{language} {' '.join(sorted(stemmed))}" if 0 < len(stemmed) <= MOST_STEMS else ""
