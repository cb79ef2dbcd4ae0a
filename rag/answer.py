"""An answer to a mail out of a knowledge base: quotes with proof, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from domain.decision import Citation
from domain.errors import BadInput
from domain.ports import Answer, Embedder, FoundPassage
from rag.asking import Asking, read_asking
from rag.citing import cite, sentences_of, verified
from rag.display import plain
from rag.evidence import THIN, Abstention, features, has_enough_in_common
from rag.index import Asked, Index
from rag.ranking import Hit, search
from rag.words import guess_language

SHORT_TEXTS = 3
PASSAGES = 10
# How near the confidence of a question that is not answered may come to the threshold.
UNANSWERED = 0.999


@dataclass(frozen=True, slots=True)
class Found:
    """One question of a mail with its hits, best first, and the probability that the first one answers it.

    `thin` says that the two share hardly a word; such a passage is never given as an answer.
    """

    question: str
    hits: tuple[Hit, ...]
    probability: float
    thin: bool = False
    features: Mapping[str, float] = field(default_factory=dict)


class KnowledgeAnswers:
    """Answers from one tenant's index (domain.ports.Answers)."""

    def __init__(self, index: Index, embedder: Embedder, abstention: Abstention) -> None:
        if index.engine != embedder.engine:
            raise BadInput("embedder", f"{embedder.engine} cannot search an index made by {index.engine}.")
        self._index = index
        self._embedder = embedder
        self._abstention = abstention

    def answer(self, question: str, subject: str, language: str) -> Answer:
        language = self._known(language, question)
        asking = read_asking(question, subject, language)
        if not self._index.passages:
            return Answer(answered=False, confidence=0.0, reason="The knowledge base is empty.")
        if not asking.sentences:
            nearest = _ten_best(self.search(question, Asking(question, (question,), ()), language))
            return Answer(answered=False, confidence=0.0, passages=nearest, reason="The mail asks nothing.")
        found = self.search(question, asking, language)
        passages = _ten_best(found)
        weakest = min(found, key=lambda one: one.probability)
        refusal = self._refusal(asking, found, weakest, language)
        if refusal:
            return Answer(
                answered=False,
                # What is not answered never looks as sure as what is.
                confidence=min(weakest.probability, self._abstention.threshold * UNANSWERED),
                passages=passages,
                reason=refusal,
                features=weakest.features,
            )
        citations = tuple(dict.fromkeys(cite(one.hits[0], one.question, self._index) for one in found))
        if not all(verified(citation, self._index.documents) for citation in citations):
            return Answer(answered=False, confidence=0.0, passages=passages, reason="A quote could not be verified.")
        return Answer(
            answered=True,
            confidence=weakest.probability,
            text="\n\n".join(plain(citation.quote) for citation in citations),
            citations=citations,
            passages=passages,
            reason=f"The knowledge base answers it ({weakest.probability:.0%} sure): {_named(citations)}.",
            features=weakest.features,
        )

    def _known(self, language: str, question: str) -> str:
        """The language named, else the one guessed, else the only one of the knowledge base."""
        named = language if language not in {"", "und"} else guess_language(question)
        return next(iter(self._index.parts)) if named == "und" and len(self._index.parts) == 1 else named

    def search(self, question: str, asking: Asking, language: str) -> tuple[Found, ...]:
        """The hits for each question of the mail, or for the mail as a whole where no sentence asks."""
        wanted = asking.questions[:SHORT_TEXTS]
        parts = wanted or _longest(asking.sentences)
        whole, vectors = self._embedded(question, asking, parts)
        if not wanted:
            hits = search(self._index, whole, vectors, language, limit=PASSAGES)
            return (self._judged(whole, language, hits),)
        # With several questions the whole mail says little about each of them.
        share = 0.5 if len(wanted) == 1 else 0.2
        return tuple(
            self._judged(one, language, search(self._index, whole, [one], language, limit=PASSAGES, share=share))
            for one in vectors
        )

    def _embedded(self, question: str, asking: Asking, parts: Sequence[str]) -> tuple[Asked, list[Asked]]:
        # The mail exactly as it came: the embedder may remember its vector from the classification.
        texts = list(dict.fromkeys([question, *parts]))
        vectors: Any = np.asarray(self._embedder.embed(texts), dtype=np.float32)
        by_text = dict(zip(texts, vectors, strict=True))
        return Asked(asking.text, by_text[question]), [Asked(part, by_text[part]) for part in parts]

    def _judged(self, asked: Asked, language: str, hits: tuple[Hit, ...]) -> Found:
        sentences = self._embedder.embed(sentences_of(hits[0].passage))
        nearest = float((np.asarray(sentences) @ asked.vector).max()) if len(sentences) else 0.0
        found = features(asked.text, language, hits, self._index, nearest)
        probability = self._abstention.probability(found)
        thin = not has_enough_in_common(asked.text, language, hits[0], self._index)
        return Found(asked.text, hits, probability * THIN if thin else probability, thin, found)

    def _refusal(self, asking: Asking, found: tuple[Found, ...], weakest: Found, language: str) -> str:
        """Why no answer is given, or an empty string."""
        if len(asking.questions) > SHORT_TEXTS:
            return f"The mail asks {len(asking.questions)} things at once."
        foreign = [one for one in found if one.hits[0].passage.document.language != language]
        if language == "und":
            return "The language of the mail is not known."
        if foreign:
            return f"The knowledge base holds nothing on it in the language of the mail ({language})."
        if weakest.probability < self._abstention.threshold or any(one.thin for one in found):
            part = f' for "{weakest.question[:120]}"' if len(found) > 1 else ""
            return (
                f"The best passage{part}, {weakest.hits[0].passage.heading}, answers it only with a probability of "
                f"{weakest.probability:.0%}; {self._abstention.threshold:.0%} is asked for."
            )
        return ""


def _longest(sentences: Sequence[str]) -> tuple[str, ...]:
    longest = set(sorted(sentences, key=len, reverse=True)[:SHORT_TEXTS])
    return tuple(sentence for sentence in dict.fromkeys(sentences) if sentence in longest)


def _ten_best(found: Sequence[Found]) -> tuple[FoundPassage, ...]:
    """The best passages over all questions, each with the best score it had."""
    best: dict[int, Hit] = {}
    for hit in sorted((hit for one in found for hit in one.hits), key=lambda hit: -hit.score):
        best.setdefault(hit.number, hit)
    return tuple(_found(hit) for hit in list(best.values())[:PASSAGES])


def _found(hit: Hit) -> FoundPassage:
    passage, document = hit.passage, hit.passage.document
    return FoundPassage(
        document.path, passage.heading, round(hit.score, 4), passage.text, passage.start, passage.end,
        document.version, document.language, document.url,
    )  # fmt: skip


def _named(citations: Sequence[Citation]) -> str:
    return "; ".join(citation.heading for citation in citations)
