"""What may be asked: the narrow questions that handlers and the triage put to the rest of the program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from domain.composition import NOBODY, Asker, Attempt, Composition, Judged, NoComposition
from domain.conversation import Conversation
from domain.decision import Citation, Decision, Suggestion
from domain.incident import Incident
from domain.message import Message
from domain.opinion import Call, Excerpt, NoOpinion, Opinion
from domain.order import Order
from domain.order_action import Action
from domain.understanding import Understanding


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """One passage that was looked at, best first. `score` is comparable within one answer only.

    `text == body[start:end]` of that version of the document; `url` is where customers can read it, or empty.
    """

    path: str
    heading: str
    score: float
    text: str = ""
    start: int = 0
    end: int = 0
    version: str = ""
    language: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`answered` says whether the knowledge base holds the answer; `confidence` is the probability of that, 0 to 1.

    `text` consists of quotes from `citations`, without greeting or closing, when `method` is "quoted". `passages` holds
    the ten best, always. `features` is what the confidence was computed from: those of the weakest question; `model`
    names what computed it, where what was earned may belong to another one. A text whose `method` is "composed" was
    written by a language model, and each sentence of it was proven by code. `attempts` is what a model was asked and
    said, also where its answer was not used.
    """

    answered: bool
    confidence: float
    text: str = ""
    citations: tuple[Citation, ...] = ()
    passages: tuple[FoundPassage, ...] = ()
    reason: str = ""
    method: str = "quoted"
    features: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class ToCompose:
    """What a language model is to answer, and from which passages of public documents.

    `text` is the mail without greeting and chatter, `questions` what it asks. `refused` is what code found wrong with
    the last try.
    """

    text: str
    questions: tuple[str, ...]
    language: str
    passages: tuple[FoundPassage, ...]
    asker: Asker = NOBODY
    refused: tuple[Judged, ...] = ()


class Reads(Protocol):
    def read(self, messages: Sequence[Message]) -> list[Understanding]:
        """What each message says, in their order, as one tenant's mail is read."""
        ...


class SecondOpinion(Protocol):
    def ask(self, mails: Sequence[Excerpt]) -> list[Opinion | NoOpinion]:
        """What a language model takes each mail to be, in their order. Raises MailwrightError when nobody answers."""
        ...


class Spending(Protocol):
    """One tenant's calls of language models, counted against its budget."""

    def has_room(self) -> bool:
        """Whether today's budget allows one more call."""
        ...

    def record(self, call: Call) -> None:
        """Keep what a call cost, whether it worked or not."""
        ...


class Answers(Protocol):
    def answer(self, question: str, subject: str, language: str) -> Answer:
        """Answer from the tenant's own documents, or say that they do not hold the answer."""
        ...


@runtime_checkable
class AnswersSomebody(Answers, Protocol):
    """Answers that depend on who asks."""

    def asked_by(self, asker: Asker) -> Answers:
        """The same answers, for this one mail."""
        ...


class Composes(Protocol):
    def compose(self, task: ToCompose) -> Composition | NoComposition:
        """An answer in the task's language, each sentence with its quotes; or why there is none. Proves nothing."""
        ...


class Orders(Protocol):
    def find(self, number: str) -> Order | None:
        """The tenant's order of this number, or None."""
        ...


class Refunds(Protocol):
    def paid_back_since(self, customer: str, since: datetime) -> int:
        """How many refunds this customer's orders were promised or paid since then, by address."""
        ...

    def actions_on(self, order_number: str) -> Sequence[Action]:
        """What was done with this order by us, is being done, or waits for its approval."""
        ...


@dataclass(frozen=True, slots=True)
class Converted:
    """A document that is no plain text, as Markdown, with what it says about itself; empty where it says nothing."""

    text: str
    title: str = ""
    language: str = ""
    url: str = ""
    visibility: str = ""


class Converts(Protocol):
    def convert(self, path: str, kind: str, content: bytes) -> Converted:
        """The text of a document of the kind html or pdf, whoever wrote it. Raises BadInput with one sentence."""
        ...


class Incidents(Protocol):
    def open(self) -> Sequence[Incident]:
        """What the tenant's status page says is wrong, as it was read last: nothing is fetched for it."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A customer's question on its way out of the house. `names` are those that must not leave with it."""

    text: str
    names: tuple[str, ...] = ()


class WebSearch(Protocol):
    def search(self, questions: Sequence[Question]) -> list[Sequence[Suggestion]]:
        """For each what the web holds about it, in their order, for members alone; nothing where it failed."""
        ...


class Embedder(Protocol):
    @property
    def engine(self) -> str:
        """The name of model and arithmetic; vectors of two engines must never be compared."""
        ...

    def embed(self, texts: Sequence[str]) -> Any:
        """A float32 array of shape (len(texts), 384), each row of length 1."""
        ...


class Handler(Protocol):
    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        """Decide about one message. The same answers of the ports give the same decision."""
        ...
