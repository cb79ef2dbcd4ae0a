"""A made-up knowledge base and mails about it: the same on every machine, in any size."""

from collections.abc import Iterator, Sequence
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
_SHORT = (
    "the of to and a in is it you that your we for on are with as this be can or have by not if will from at which "
    "when do does their there about has was were more our any all but"
)


class MadeUp:
    """Vectors are a topic's direction and one's own, with a spectrum that falls as that of sentence vectors does; the
    words of a passage follow Zipf's law, half of them out of those of its topic.
    """

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self._spread = (1 + np.arange(DIMENSIONS) / 20) ** -0.5
        self._topics = self._vectors(TOPICS)
        # Drawn at once: one draw for each word takes seconds.
        drawn = self._random.choice(_SYLLABLES, (VOCABULARY, 4)).tolist()
        stems = ["".join(syllables[: 2 + number % 3]) for number, syllables in enumerate(drawn)]
        endings = self._random.choice(_ENDINGS, VOCABULARY)
        self._words = np.array([stem + ending for stem, ending in zip(stems, endings, strict=True)])
        self._short = np.array(_SHORT.split())
        ranks = np.arange(1, VOCABULARY + 1)
        self._zipf = np.cumsum(1 / (ranks + 2.7))
        self._zipf /= self._zipf[-1]

    def _vectors(self, count: int) -> Any:
        return self._random.standard_normal((count, DIMENSIONS)).astype(np.float32) * self._spread.astype(np.float32)

    def _texts(self, topic: int, lengths: Sequence[int]) -> list[str]:
        """Texts about a topic, of so many words each."""
        words = sum(lengths)
        drawn = np.searchsorted(self._zipf, self._random.random(words))
        # A topic has its own order of words: the frequent ones of one are rare in another.
        own = (drawn * 7919 + topic * 104_729) % VOCABULARY
        kind = self._random.random(words)
        stop = self._random.choice(self._short, words)
        chosen = np.where(kind < 0.4, stop, self._words[np.where(kind < 0.6, drawn, own)]).tolist()
        ends = np.cumsum(lengths)
        return [" ".join(chosen[end - length : end]) for end, length in zip(ends, lengths, strict=True)]

    def knowledge_base(self, passages: int) -> Iterator[Embedded]:
        """Documents of ten sections, each with a sample question and a code."""
        for first in range(0, passages, SECTIONS):
            count = min(SECTIONS, passages - first)
            topic = int(self._random.integers(TOPICS))
            title, question, *texts = self._texts(topic, [HEADING, HEADING, *[WORDS] * count, *[HEADING] * count])
            texts[0] += f" E-{first:05d}."
            body = "\n\n".join(texts[:count])
            document = Document(f"en/{first}.md", title, "en", body, str(first), questions=(question,))
            starts = np.cumsum([0, *(len(text) + 2 for text in texts[:count])]).tolist()
            passages_of = tuple(
                Passage(document, f"{title} > {texts[count + at]}", starts[at], starts[at + 1] - 2)
                for at in range(count)
            )
            own = 0.7 * self._topics[topic] + self._vectors(count)
            titles, asked = own + 0.7 * self._vectors(count), own[:1] + 0.5 * self._vectors(1)
            yield Embedded(document, passages_of, _unit(titles), _unit(own), _unit(asked), (0,), ENGINE)

    def mails(self, embedded: Sequence[Embedded], count: int, texts: int) -> list[tuple[Asked, ...]]:
        """Each asks about one passage, in words of it and of others; the first text is the whole mail."""
        return [self._mail(embedded[int(self._random.integers(len(embedded)))], texts) for _ in range(count)]

    def _mail(self, one: Embedded, texts: int) -> tuple[Asked, ...]:
        at = int(self._random.integers(len(one.passages)))
        words = one.passages[at].text.split()
        others = self._texts(int(self._random.integers(TOPICS)), [6, 6, 6])
        parts = [" ".join([*self._random.choice(words, 7), other]) for other in others]
        # Title and body of a passage are near each other; a question about it lies further off.
        vectors = _unit((one.titles[at] + one.bodies[at]) / 2 + self._vectors(texts) / DIMENSIONS**0.5)
        return tuple(Asked(text, vector) for text, vector in zip([". ".join(parts), *parts], vectors, strict=False))


def _unit(vectors: Any) -> Any:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
