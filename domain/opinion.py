"""What a language model said about a mail, and what the asking cost."""

from dataclasses import dataclass
from uuid import UUID

from domain.category import Category


@dataclass(frozen=True, slots=True)
class Excerpt:
    """All that a language model may be shown of a mail: no header, no address, no quoted text.

    `names` are words that name the writer and must not leave, as the mail's headers give them.
    """

    message: UUID | None
    subject: str
    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opinion:
    """A usable answer. `raw` is what the model wrote, word for word; `cost_minor` is in US cents, with fractions.

    Tokens are None where the vendor did not say; so is the cost where the price is not known.
    """

    category: Category
    sub_intent: str
    language: str
    model: str
    method: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_minor: float | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class NoOpinion:
    """Why there is no answer, as a part of a sentence: "it took too long"."""

    reason: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a language model, as it is recorded: it holds no word of the mail."""

    message: UUID | None
    purpose: str
    model: str
    method: str
    outcome: str
    duration_ms: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_minor: float | None = None


@dataclass(frozen=True, slots=True)
class SecondLook:
    """The evidence of a second opinion that was wanted. `said` is empty where there was none, and `reason` says why.

    `before` and `before_confidence` are what the local models had said.
    """

    before: str
    before_confidence: float
    model: str = ""
    said: str = ""
    sub_intent: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_minor: float | None = None
    raw: str = ""
    reason: str = ""
