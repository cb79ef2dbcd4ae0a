"""The sandbox's language models, the real clients over them, and a budget that is only counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from adapters.llm.language_model import LanguageModel
from adapters.llm.model import Choice
from adapters.llm.second_opinion import ModelOpinion
from domain.opinion import Call, Excerpt, NoOpinion, Opinion
from sandbox.llm import LanguageModels, serve
from settings import Settings

MODEL = "sorter-1"
KEY = "sk-secret-0123456789"


@contextmanager
def running_llm() -> Iterator[LanguageModels]:
    models = LanguageModels()
    with serve(models):
        yield models


def choice_for(models: LanguageModels, provider: str = "openai", **more: object) -> Choice:
    base = f"{models.base_url}/v1" if provider == "openai" else models.base_url
    known = {"base_url": base, "api_key": KEY, "timeout_s": 30.0, "input_price": 1.0, "output_price": 4.0}
    return Choice(provider, MODEL, **(known | more))


def with_model(settings: Settings, models: LanguageModels) -> Settings:
    """The settings of a program that asks the sandbox's model."""
    return replace(
        settings, llm_provider="openai", llm_model=MODEL, llm_base_url=f"{models.base_url}/v1", llm_api_key=KEY,
        llm_input_price=1.0, llm_output_price=4.0, llm_timeout_seconds=30.0,
    )  # fmt: skip


@dataclass
class CountedSpending:
    """The port `Spending` in memory."""

    room: int = 1_000_000
    calls: list[Call] = field(default_factory=list)

    def has_room(self) -> bool:
        return sum((call.input_tokens or 0) + (call.output_tokens or 0) for call in self.calls) < self.room

    def record(self, call: Call) -> None:
        self.calls.append(call)

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(call.method, call.outcome) for call in self.calls]


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """Asks the sandbox as the program does."""

    models: LanguageModels
    provider: str = "openai"
    spending: CountedSpending = field(default_factory=CountedSpending)
    clock: Clock = field(default_factory=Clock)
    patience_s: float = 30.0
    options: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model = LanguageModel(choice_for(self.models, self.provider, **self.options), self.clock)
        self.opinion = ModelOpinion(self.model, self.spending, self.patience_s)

    def ask(self, text: str, subject: str = "", names: tuple[str, ...] = ()) -> Opinion | NoOpinion:
        (answer,) = self.opinion.ask([Excerpt(None, subject, text, names)])
        return answer

    def sent(self) -> list[dict]:
        """The bodies of what reached the model."""
        return [request["body"] for request in self.models.requests]
