"""What a language model proposes as an answer, and what code made of each sentence of it."""

from dataclasses import dataclass
from uuid import UUID

from domain.understanding import Sentiment


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: their mood sets the tone; `names` are words that name them and must not leave."""

    message: UUID | None = None
    names: tuple[str, ...] = ()
    mood: Sentiment = Sentiment.NEUTRAL


NOBODY = Asker()


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words that are said to stand in the passage of this number; the first passage supplied is number 1."""

    passage: int
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    citations: tuple[Quoted, ...] = ()


@dataclass(frozen=True, slots=True)
class Composition:
    """An answer as a model proposes it; nothing in it is proven.

    `prompt` is all that left the machine, word for word, with placeholders; `raw` is what came back.
    """

    abstain: bool
    reason: str
    sentences: tuple[Sentence, ...]
    model: str = ""
    prompt: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class NoComposition:
    """Why there is none, as a part of a sentence: "it took too long"."""

    reason: str
    model: str = ""
    prompt: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence with what speaks against it; without an objection, and with citations, it is proven."""

    sentence: Sentence
    objection: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The evidence of one try. `reason` says why nothing of it was used, and is empty where it was."""

    model: str
    prompt: str
    raw: str
    sentences: tuple[Judged, ...] = ()
    reason: str = ""
