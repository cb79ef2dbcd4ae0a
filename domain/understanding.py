"""What was read out of a message, and where each part of it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.category import Category
from domain.opinion import SecondLook


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Sentiment(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Place(StrEnum):
    """Where something was read. `THREAD` is the quoted text of the same mail."""

    NEW_TEXT = "new text"
    SUBJECT = "subject"
    THREAD = "thread"
    FORWARDED = "forwarded mail"
    SENDER = "sender"
    HEADERS = "headers"
    MODEL = "model"
    WORD_LIST = "word list"


# What stands there was perhaps written by somebody else.
NOT_THE_WRITERS = frozenset({Place.THREAD, Place.FORWARDED})


@dataclass(frozen=True, slots=True)
class Reading:
    """One field of an understanding: where it was read, and the words that it was read from, where there are any."""

    field: str
    place: Place
    words: str = ""


@dataclass(frozen=True, slots=True)
class Understanding:
    """`text` is what the writer newly wrote; `forwarded`, `quoted`, `signature` and `disclaimer` are kept apart.
    Where the writer only passed a mail on, `text` is that mail.

    `automatic` names the proof that a machine wrote the mail, or is empty; `suspicion` names a sign of that in its
    words alone, which proves nothing: a person decides. `language` is ISO 639-1, or "und".
    `confidence` is the probability, 0 to 1, that `category` is right; `probabilities` holds that of each category,
    and is empty where no model was asked. `importance` is 1 (can wait) to 5 (now); `priority` follows from the same
    reasons. `threat` names a legal or safety threat, or is empty. `key_issues` are at most five phrases of the
    writer's own. Numbers are those of the first place that names any: the new text, the subject, the thread.
    `words_say` is the category that the word lists name, where the model names another. `decided_by` says who chose
    the category; `second_look` is there where a language model was wanted, whether it answered or not.
    """

    text: str
    language: str = "und"
    category: Category = Category.OTHER
    sub_intent: str = ""
    confidence: float = 0.0
    importance: int = 1
    importance_reason: str = ""
    automatic: str = ""
    suspicion: str = ""
    quoted: str = ""
    signature: str = ""
    order_numbers: tuple[str, ...] = ()
    asks_for_person: bool = False
    threat: str = ""
    probabilities: Mapping[Category, float] = field(default_factory=dict)
    forwarded: str = ""
    disclaimer: str = ""
    priority: Priority = Priority.NORMAL
    sentiment: Sentiment = Sentiment.NEUTRAL
    key_issues: tuple[str, ...] = ()
    error_codes: tuple[str, ...] = ()
    ticket_numbers: tuple[str, ...] = ()
    purchase_orders: tuple[str, ...] = ()
    read_from: tuple[Reading, ...] = ()
    words_say: Category | None = None
    decided_by: str = "local models"
    second_look: SecondLook | None = None

    @property
    def sent_text(self) -> str:
        """What the writer sends us: the new text, and below it what they forward."""
        return sent_text(self.text, self.forwarded)

    @property
    def claimed_orders(self) -> tuple[str, ...]:
        """The order numbers that the writer names, in text or subject."""
        return () if self.place_of("order_numbers") in NOT_THE_WRITERS else self.order_numbers

    @property
    def thread_orders(self) -> tuple[str, ...]:
        """Order numbers that stand only in what is quoted or forwarded: candidates, named by somebody else perhaps."""
        return self.order_numbers if self.place_of("order_numbers") in NOT_THE_WRITERS else ()

    def place_of(self, name: str) -> Place | None:
        """Where a field was read, or None where that is not known."""
        return next((one.place for one in self.read_from if one.field == name), None)


def sent_text(text: str, forwarded: str) -> str:
    """New text and forwarded part in one; the part once where it is all there is."""
    return "\n\n".join(dict.fromkeys(part for part in (text, forwarded) if part))
