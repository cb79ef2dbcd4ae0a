"""What speaks for each passage that may matter to a mail, and the look-up of a mail's texts in one language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.lexical import LanguagePart
from rag.lists import best_of


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for each of `numbers`, the passages that may matter; comparable over searches.

    Each of the five is a float array of shape (texts, passages): `titles` and `bodies` are cosines of vectors, `words`
    is the share of the reachable BM25, `characters` a cosine, `exact` the share of the text's codes (order numbers,
    error codes) that stand literally in the passage. `documents`, one array for all texts, is as `words` of the parts
    together, with each stem counted where the passage or one around it says it best. `named` marks passages that are
    called just what one of the texts says, `foreign` those in another language than the question's, where the knowledge
    base has some in its own.
    """

    numbers: Any
    titles: Any
    bodies: Any
    words: Any
    characters: Any
    exact: Any
    documents: Any
    named: Any
    foreign: Any


class PartSearch:
    """The texts of one mail, looked up in the words and n-grams of one part; `stems` has a set for each text.

    `read` is how many entries of postings the texts read at most to find candidates.
    """

    def __init__(self, part: LanguagePart, texts: Sequence[str], stems: Sequence[frozenset[str]], read: int) -> None:
        self.part, self._read = part, read
        # The last is what the parts of the mail say together, or its only text.
        self._wanted = part.words.wanted([*stems, frozenset[str]().union(*(stems[1:] or stems))])
        self._likeness = part.characters.likeness(texts)
        of_texts = [part.words.totals(self._wanted.of(text), read // len(texts)) for text in range(len(texts))]
        self._totals, self._complete = [one for one, _ in of_texts], all(complete for _, complete in of_texts)

    def candidates(self, count: int) -> list[Any]:
        """The numbers of the passages that the mail proposes by its words, and by its n-grams."""
        shares = [totals / most for totals, most in zip(self._totals, self._wanted.most.tolist(), strict=False)]
        by_words = best_of(_whole_and_best(shares), count)
        by_characters = self.part.characters.candidates(_whole_and_best(self._likeness), count, self._read)
        return [self.part.numbers[by_words], self.part.numbers[by_characters]]

    def scores(self, numbers: Any) -> tuple[Any, Any, Any]:
        """`words`, `characters` and `documents` of Signals for these passages of the part."""
        at = np.searchsorted(self.part.numbers, numbers)
        wanted, words = self._wanted, self.part.words
        if self._complete:
            reached = np.stack([totals[at] for totals in self._totals])
        else:
            reached = wanted.asked[:-1] @ words.weights_of(wanted.numbers, at)
        around = words.around(wanted.of(-1), at) / wanted.most[-1]
        return reached / wanted.most[:-1, None], self.part.characters.scores_of(self._likeness, at), around


def _whole_and_best(scores: Sequence[Any]) -> Any:
    """What the whole and the best part come to, since both are counted in the end."""
    return (scores[0] + np.maximum.reduce(scores[1:])) / 2 if len(scores) > 1 else scores[0]
