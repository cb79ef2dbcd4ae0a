"""A made-up knowledge base and mails about it: the same on every machine, in any size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.documents import Document
from rag.embedded import Embedded
from rag.index import Asked
from rag.passages import Passage

ENGINE = "made-up"
DIMENSIONS, TOPICS = 384, 300
WORDS, HEADING, VOCABULARY = 90, 6, 60_000
SECTIONS = 10
_SYLLABLES = [consonant + vowel for consonant in "bcdfghklmnprstvwz" for vowel in ("a", "e", "i", "o", "u", "ea", "io")]
_ENDINGS = ("", "", "", "s", "ing", "ed", "er", "tion", "ly")
# The most frequent words of a text are short and mean nothing; a third of all words are such.
_STOP = (
    "the of to and a in is it you that your we for on are with as this be can or have by not if will from at".split()
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One text, or the whole and its parts, with the language of them all."""

    texts: tuple[Asked, ...]


class MadeUp:
    """Vectors are a topic's direction and one's own, with a spectrum that falls as that of sentence vectors does; the
    words of a passage follow Zipf's law, half of them out of those of its topic.
    """

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self._spread = (1 + np.arange(DIMENSIONS) / 20) ** -0.5
        self._topics = self._vectors(TOPICS)
        stems = ["".join(self._random.choice(_SYLLABLES, 2 + number % 3)) for number in range(VOCABULARY)]
        endings = self._random.choice(_ENDINGS, VOCABULARY)
        self._words = np.array([stem + ending for stem, ending in zip(stems, endings, strict=True)])
        ranks = np.arange(1, VOCABULARY + 1)
        self._zipf = np.cumsum(1 / (ranks + 2.7))
        self._zipf /= self._zipf[-1]

    def _vectors(self, count: int) -> Any:
        return self._random.standard_normal((count, DIMENSIONS)).astype(np.float32) * self._spread.astype(np.float32)

    def _text(self, topic: int, words: int) -> str:
        drawn = np.searchsorted(self._zipf, self._random.random(words))
        # A topic has its own order of words: the frequent ones of one are rare in another.
        own = (drawn * 7919 + topic * 104_729) % VOCABULARY
        kind = self._random.random(words)
        chosen = np.where(kind < 0.33, self._words[np.where(kind < 0.66, own, drawn)], self._words[own])
        stop = self._random.choice(_STOP, words)
        return " ".join(np.where(kind > 0.6, stop, chosen))

    def knowledge_base(self, passages: int) -> Iterator[Embedded]:
        """Documents of ten sections, each with one sample question, a code in every twentieth."""
        for first in range(0, passages, SECTIONS):
            count = min(SECTIONS, passages - first)
            topic = int(self._random.integers(TOPICS))
            bodies = [self._text(topic, WORDS) for _ in range(count)]
            bodies[0] += f" E-{first:05d}."
            yield self._embedded(f"en/{first}.md", topic, bodies)

    def _embedded(self, path: str, topic: int, sections: Sequence[str]) -> Embedded:
        body = "\n\n".join(sections)
        heading = self._text(topic, HEADING)
        document = Document(path, heading, "en", body, version=path, questions=(self._text(topic, 8),))
        passages, start = [], 0
        for number, section in enumerate(sections):
            passages.append(
                Passage(document, f"{heading} > {self._text(topic, 4)} {number}", start, start + len(section))
            )
            start += len(section) + 2
        own = 0.7 * self._topics[topic] + self._vectors(len(sections))
        titles, bodies, question = own + 0.7 * self._vectors(len(sections)), own, own[:1] + 0.5 * self._vectors(1)
        return Embedded(document, tuple(passages), _unit(titles), _unit(bodies), _unit(question), (0,), ENGINE)

    def mails(self, embedded: Sequence[Embedded], count: int, texts: int) -> list[tuple[Asked, ...]]:
        """Each asks about one passage, in its words and others; the first text is the whole mail."""
        mails = []
        for _ in range(count):
            one = embedded[int(self._random.integers(len(embedded)))]
            number = int(self._random.integers(len(one.passages)))
            words = one.passages[number].text.split()
            parts = [
                " ".join([*self._random.choice(words, 7), *self._text(int(self._random.integers(TOPICS)), 6).split()])
                for _ in range(max(texts - 1, 3))
            ]
            near = (one.titles[number] + one.bodies[number]) / 2 + 0.4 * self._vectors(texts) / np.sqrt(DIMENSIONS)
            vectors = _unit(near)
            mails.append(tuple(Asked(text, vectors[at]) for at, text in enumerate([". ".join(parts), *parts][:texts])))
        return mails


def _unit(vectors: Any) -> Any:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
