"""What speaks for each passage that may matter to a mail, and the look-up of a mail's texts in one language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.lexical import LanguagePart, Wanted


@dataclass(frozen=True, slots=True)
class Told:
    """The stems of a mail's parts, or of all of it where it has none, in the passages of one language.

    `weights` are those of BM25, float32 of shape (stems, passages) for the passages at `places` of `Signals.numbers`;
    `idf` says how telling each stem is, `most` what any passage could reach with all of them.
    """

    places: Any
    weights: Any
    idf: Any
    most: float


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for each of `numbers`, the passages that may matter; comparable over searches.

    Each of the five is a float array of shape (texts, passages): `titles` and `bodies` are cosines of vectors, `words`
    is the share of the reachable BM25, `characters` a cosine, `exact` the share of the text's codes (order numbers,
    error codes) that stand literally in the passage. `named` marks passages that are called just what one of the texts
    says, `foreign` those in another language than the question's, where the knowledge base has some in its own.
    """

    numbers: Any
    titles: Any
    bodies: Any
    words: Any
    characters: Any
    exact: Any
    named: Any
    foreign: Any
    told: tuple[Told, ...]


class PartSearch:
    """The texts of one mail, looked up in the words and n-grams of one part; `stems` has a set for each text."""

    def __init__(
        self, part: LanguagePart, number: int, texts: Sequence[str], stems: Sequence[frozenset[str]]
    ) -> None:
        self.part, self.number, self.texts = part, number, len(texts)
        together = frozenset[str]().union(*(stems[1:] or stems))
        self._wanted = part.words.wanted([*stems, together])
        self._likeness = part.characters.likeness(texts)

    def candidates(self, count: int, read: int) -> list[Any]:
        """The numbers of the passages that each text proposes by its words, and by its n-grams."""
        words, characters = self.part.words, self.part.characters
        found = [words.candidates(self._wanted.of(text), count, read) for text in range(self.texts)]
        found += [characters.candidates(one, count, read) for one in self._likeness]
        return [self.part.numbers[one] for one in found]

    def scores(self, numbers: Any, places: Any) -> tuple[Any, Any, Told]:
        """`words` and `characters` of Signals for these passages of the part, and what its documents tell."""
        at = np.searchsorted(self.part.numbers, numbers)
        wanted = self._wanted
        weights = self.part.words.weights_of(wanted.numbers, at)
        words = wanted.shares(weights)[:-1]
        return words, self.part.characters.scores_of(self._likeness, at), _told(wanted, weights, places)


def _told(wanted: Wanted, weights: Any, places: Any) -> Told:
    mine = wanted.asked[-1] > 0
    most = float(wanted.most[-1])
    if mine.all():
        return Told(places, weights, wanted.idf, most)
    return Told(places, weights[mine], wanted.idf[mine], most)
