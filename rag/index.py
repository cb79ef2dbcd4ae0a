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
from rag.names import Names
from rag.near import near_of, similar
from rag.signals import PartSearch, Signals
from rag.words import stems

# Where not all passages are scored: how many a mail proposes by each side of its vectors, and each of its texts at
# most; how many by its words and by its n-grams; and how many entries of postings are read for that.
BY_MEANING, OF_A_TEXT, BY_WORDS, READ = 400, 160, 100, 80_000
EVERYTHING = 1 << 40
# Passages in other languages, behind those of a small part in the language of the mail; and those that are scored so
# that "low" means what it means over the whole knowledge base.
FOREIGN, ORDINARY = 32, 64


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that is searched for, with its vector (float32, length 1)."""

    text: str
    vector: Any


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
        # Of each passage the number of its document, and the share of its letters that stand in links.
        self.document_of, self.linked = arrays["passages.documents"], arrays["passages.links"]
        self._codes, self._names = Codes(arrays, "codes"), Names(arrays, "names")
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
        """The scores of the passages that may matter to a mail: to the whole of it and to its parts, if it has some."""
        # Where passages in the question's own language exist, a common word elsewhere says nothing.
        own = language in self.parts
        texts, queries = [one.text for one in asked], np.stack([one.vector for one in asked]).astype(np.float32)
        stemmed = {
            name: [frozenset(stems(text, name)) for text in texts] for name in ([language] if own else self.parts)
        }
        read = READ if self._near is not None else EVERYTHING
        searches = [PartSearch(self.parts[name], texts, found, read) for name, found in stemmed.items()]
        named = [self._names.called(one, language) for one in stemmed[language]] if own else []
        holders = [self._codes.holders(text) for text in texts]
        chosen = self._candidates(queries, searches, [*named, *(one for held in holders for one in held)], own=own)
        words = np.zeros((len(asked), len(chosen)), dtype=np.float32)
        characters = np.zeros_like(words)
        documents = np.zeros(len(chosen), dtype=np.float32)
        spoken = self._part_of[chosen]
        for name, search in zip(stemmed, searches, strict=True):
            of_part = spoken == self.facts.languages.index(name)
            words[:, of_part], characters[:, of_part], documents[of_part] = search.scores(chosen[of_part])
        return Signals(
            numbers=chosen,
            titles=self._title_scores(queries, chosen),
            bodies=similar(queries, self._bodies, chosen),
            words=words,
            characters=characters,
            exact=np.stack([_share(held, chosen) for held in holders]),
            documents=documents,
            named=_among(chosen, named),
            foreign=spoken != self.facts.languages.index(language) if own else np.zeros(len(chosen), dtype=bool),
        )

    def _candidates(self, queries: Any, searches: Sequence[PartSearch], literal: Sequence[Any], *, own: bool) -> Any:
        """The numbers, ascending, of the passages that are scored: all of few, else those that some signal proposes."""
        if self._near is None:
            return np.arange(len(self.passages))
        # The nearest to what lies between the whole and a part have the highest mean of the two.
        between = (queries[:1] + queries[1:]) / 2 if len(queries) > 1 else queries
        by_meaning = min(max(BY_MEANING // len(between), 1), OF_A_TEXT)
        found = [one[:by_meaning] for one in literal]
        part = searches[0].part if own else None
        if part is None or part.near is not None:
            near = self._near if part is None or part.near is None else part.near
            numbers = np.arange(len(self.passages)) if part is None else part.numbers
            found += [numbers[:: max(len(numbers) // ORDINARY, 1)], *near.search(between, by_meaning)]
            found += [one for search in searches for one in search.candidates(BY_WORDS)]
        else:
            found += [part.numbers, *self._near.search(between, FOREIGN)]
        chosen = np.zeros(len(self.passages), dtype=bool)
        chosen[np.concatenate(found)] = True
        return np.flatnonzero(chosen)

    def _title_scores(self, queries: Any, chosen: Any) -> Any:
        """The best similarity among a passage's heading and sample questions."""
        rows, lengths = Lists(self._starts, (), ()).spans(chosen)
        if not len(rows):
            return np.zeros((len(queries), 0), dtype=np.float32)
        return np.maximum.reduceat(similar(queries, self._titles, rows), np.cumsum(lengths) - lengths, axis=1)


def _share(held: Sequence[Any], chosen: Any) -> Any:
    """The share of a text's codes that each passage holds."""
    share = np.zeros(len(chosen), dtype=np.float32)
    for one in held:
        share += _among(chosen, [one])
    return share / max(len(held), 1)


def _among(chosen: Any, found: Sequence[Any]) -> Any:
    """Which of the chosen passages, ascending, are among those found."""
    marked = np.zeros(len(chosen), dtype=bool)
    for numbers in found:
        if len(numbers):
            marked |= np.isin(chosen, numbers)
    return marked


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
