"""The searchable form of one tenant's knowledge base, in one version and for one embedding engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.ports import Embedder
from rag.assembling import arrays_of
from rag.codes import Codes
from rag.documents import Document, knowledge_version
from rag.embedded import Embedded, embed_documents
from rag.lexical import CharacterIndex, LanguagePart, Positions, WordIndex
from rag.library import Documents, Passages
from rag.lists import Arrays, Lists
from rag.near import near_of

# How many passages each text of a mail proposes by each of its signals, where not all of them are scored.
BY_MEANING, BY_WORDS = 100, 40
# Passages in other languages, behind those of a small part in the language of the mail; and those that are scored so
# that "low" means what it means over the whole knowledge base.
FOREIGN, ORDINARY = 32, 64


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that is searched for, with its vector (float32, length 1)."""

    text: str
    vector: Any


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for each of `numbers`, the passages that may matter; comparable over searches.

    Each of the five is a float array of shape (texts, passages): `titles` and `bodies` are cosines of vectors, `words`
    is the share of the reachable BM25, `characters` a cosine, `exact` the share of the text's codes (order numbers,
    error codes) that stand literally in the passage. `foreign` marks passages in another language than the question's,
    where the knowledge base has some in its own.
    """

    numbers: Any
    titles: Any
    bodies: Any
    words: Any
    characters: Any
    exact: Any
    foreign: Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What an index says of itself. An index for staff holds internal documents, one for customers has none."""

    version: str
    engine: str
    for_staff: bool
    languages: tuple[str, ...]


class Index:
    """Immutable, so threads may share it: a view of `arrays`, which are in memory or mapped from files.

    `rag/assembling.py` makes the arrays. A vector of a title belongs to the passage in whose span of `titles.starts` it
    is; part `i` is that of `facts.languages[i]`.
    """

    def __init__(self, arrays: Arrays, facts: Facts) -> None:
        self.arrays, self.facts = arrays, facts
        self.version, self.engine = facts.version, facts.engine
        self.documents = Documents(arrays)
        self.passages = Passages(arrays, self.documents)
        self._titles, self._starts, self._bodies = arrays["titles"], arrays["titles.starts"], arrays["bodies"]
        self._part_of = arrays["passages.parts"]
        self._codes = Codes(arrays, "codes")
        self._near = near_of(arrays, "near")
        self.parts: Mapping[str, LanguagePart] = {
            language: self._part(f"part{number}", language) for number, language in enumerate(facts.languages)
        }

    def _part(self, name: str, language: str) -> LanguagePart:
        numbers = self.arrays[f"{name}.numbers"]
        return LanguagePart(
            numbers=numbers,
            words=WordIndex(self.arrays, f"{name}.words", language),
            characters=CharacterIndex(self.arrays, f"{name}.characters"),
            position=Positions(numbers),
            near=self._near if len(numbers) == len(self.passages) else near_of(self.arrays, f"{name}.near"),
        )

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.arrays.values())

    @property
    def languages(self) -> Any:
        """The language of each passage."""
        return np.array(self.facts.languages or ("und",))[self._part_of]

    def signals(self, asked: Sequence[Asked], language: str) -> Signals:
        """The scores of the passages that may matter to these texts; at least one text."""
        # Where passages in the question's own language exist, a common word elsewhere says nothing.
        names = [language] if language in self.parts else list(self.parts)
        texts, queries = [one.text for one in asked], np.stack([one.vector for one in asked]).astype(np.float32)
        searches = [_Search(self.parts[name], self.facts.languages.index(name), texts) for name in names]
        holders = [self._codes.holders(text) for text in texts]
        chosen = self._candidates(queries, searches, holders, own=language in self.parts)
        words = np.zeros((len(asked), len(chosen)), dtype=np.float32)
        characters = np.zeros_like(words)
        for search in searches:
            of_part = self._part_of[chosen] == search.number
            words[:, of_part], characters[:, of_part] = search.scores(chosen[of_part])
        foreign = np.zeros(len(chosen), dtype=bool)
        if language in self.parts:
            foreign = self._part_of[chosen] != self.facts.languages.index(language)
        return Signals(
            numbers=chosen,
            titles=self._title_scores(queries, chosen),
            bodies=queries @ self._bodies[chosen].T,
            words=words,
            characters=characters,
            exact=np.stack([_exact(held, chosen) for held in holders]),
            foreign=foreign,
        )

    def _candidates(
        self, queries: Any, searches: Sequence["_Search"], holders: Sequence[Sequence[Any]], *, own: bool
    ) -> Any:
        """The numbers, ascending, of the passages that are scored: all of few, else those that some signal proposes."""
        if self._near is None:
            return np.arange(len(self.passages))
        found = [one[:BY_MEANING] for held in holders for one in held]
        part = searches[0].part if own else None
        if part is None or part.near is not None:
            near = self._near if part is None or part.near is None else part.near
            numbers = np.arange(len(self.passages)) if part is None else part.numbers
            found += [numbers[:: max(len(numbers) // ORDINARY, 1)], *near.search(queries, BY_MEANING)]
            found += [one for search in searches for one in search.candidates()]
        else:
            found += [part.numbers, *self._near.search(queries, FOREIGN)]
        return np.unique(np.concatenate(found))

    def _title_scores(self, queries: Any, chosen: Any) -> Any:
        """The best similarity among a passage's heading and sample questions."""
        rows, lengths = Lists(self._starts, (), ()).spans(chosen)
        if not len(rows):
            return np.zeros((len(queries), 0), dtype=np.float32)
        return np.maximum.reduceat(queries @ self._titles[rows].T, np.cumsum(lengths) - lengths, axis=1)


class _Search:
    """The texts of one mail, looked up in the words and n-grams of one part."""

    def __init__(self, part: LanguagePart, number: int, texts: Sequence[str]) -> None:
        self.part, self.number = part, number
        self._words = [part.words.query(text) for text in texts]
        self._likeness = part.characters.likeness(texts)

    def candidates(self) -> list[Any]:
        by_words = [self.part.words.candidates(query, BY_WORDS) for query in self._words]
        by_characters = [self.part.characters.candidates(one, BY_WORDS) for one in self._likeness]
        return [self.part.numbers[found] for found in (*by_words, *by_characters)]

    def scores(self, numbers: Any) -> tuple[Any, Any]:
        at = np.searchsorted(self.part.numbers, numbers)
        return self.part.words.scores_of(self._words, at), self.part.characters.scores_of(self._likeness, at)


def _exact(holders: Sequence[Any], chosen: Any) -> Any:
    share = np.zeros(len(chosen), dtype=np.float32)
    for held in holders:
        share += np.isin(chosen, held, assume_unique=True)
    return share / max(len(holders), 1)


def assemble(embedded: Sequence[Embedded], engine: str, *, for_staff: bool = False) -> Index:
    """One index of many documents. Internal ones are left out altogether, unless the index is for staff."""
    allowed = [one for one in embedded if one.document.public or for_staff]
    arrays, languages = arrays_of(allowed)
    version = knowledge_version(tuple(one.document for one in allowed))
    return Index(arrays, Facts(version, engine, for_staff, languages))


def build_index(documents: Sequence[Document], embedder: Embedder, *, for_staff: bool = False) -> Index:
    """Cut, embed and index documents at once, for a knowledge base that is stored nowhere."""
    allowed = [document for document in documents if document.public or for_staff]
    return assemble(list(embed_documents(allowed, embedder)), embedder.engine, for_staff=for_staff)
