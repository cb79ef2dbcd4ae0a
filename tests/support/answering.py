"""Answers over the demonstration shop's help centre, written by the sandbox's model through the real clients."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from adapters.llm.composer import ModelComposer
from adapters.llm.language_model import LanguageModel
from domain.ports import Answer, FoundPassage
from evaluation.claims import unproven
from rag.composing import ComposedAnswers
from rag.documents import Document, load_folder
from rag.passages import passages_of
from rag.words import stems
from sandbox.llm import LanguageModels
from tests.support.llm import Clock, CountedSpending, choice_for

ROOT = Path(__file__).parents[2]


@cache
def shop_documents() -> tuple[Document, ...]:
    documents, _ = load_folder(ROOT / "knowledge_base")
    return tuple(one for one in documents if one.public)


@cache
def shop_passages() -> tuple[FoundPassage, ...]:
    return tuple(
        FoundPassage(
            one.path, passage.heading, 1.0, passage.text, passage.start, passage.end, one.version, one.language, one.url
        )
        for one in shop_documents()
        for passage in passages_of(one)
    )


class WordAnswers:
    """The port `Answers`: the passages that share most words with the question, and never sure of them."""

    def __init__(self, *languages: str, answered: bool = False, confidence: float = 0.4) -> None:
        self._passages = [one for one in shop_passages() if not languages or one.language in languages]
        self._answered, self._confidence = answered, confidence

    def answer(self, question: str, subject: str, language: str) -> Answer:
        wanted = set(stems(f"{subject} {question}", language))
        ranked = sorted(
            self._passages,
            key=lambda one: (-len(wanted & set(stems(f"{one.heading} {one.text}", one.language))), one.path),
        )
        return Answer(self._answered, self._confidence, passages=tuple(ranked[:10]), reason="Too weak.")


@dataclass
class Composing:
    """One shop whose answers the sandbox's model writes."""

    models: LanguageModels
    provider: str = "openai"
    local: WordAnswers = field(default_factory=WordAnswers)
    spending: CountedSpending = field(default_factory=CountedSpending)
    clock: Clock = field(default_factory=Clock)
    options: dict[str, object] = field(default_factory=dict)
    patience_s: float = 30.0

    def __post_init__(self) -> None:
        model = LanguageModel(choice_for(self.models, self.provider, **self.options), self.clock)
        self.composer = ModelComposer(model, self.spending, self.patience_s)
        self.answers = ComposedAnswers(self.local, self.composer)

    def answer(self, question: str, subject: str = "", language: str = "en") -> Answer:
        return self.answers.answer(question, subject, language)

    def sent(self) -> list[dict]:
        return [request["body"] for request in self.models.requests]


def left_unproven(answer: Answer) -> list[str]:
    """What an answer says without proof, counted without the checker."""
    return unproven(answer, {one.path: one for one in shop_documents()})
