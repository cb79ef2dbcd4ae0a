"""Ask a language model for a second opinion where that pays, and weigh its word against the local models'."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from domain.category import Category
from domain.errors import MailwrightError
from domain.message import Address, Message
from domain.opinion import Excerpt, NoOpinion, Opinion, SecondLook
from domain.ports import Reads, SecondOpinion
from domain.understanding import Understanding
from understanding.importance import weigh
from understanding.reliability import Reliability, assumed, posterior, stored

log = structlog.get_logger()

# Names shorter than this are too common to be told from words, where letters and not whole syllables are written.
_LEAST_NAME = 3


@dataclass(frozen=True, slots=True)
class Trust:
    """When a language model is asked, and how far it is believed. A tenant's policy may change each part.

    The bounds are reasoned from the assumed reliability and not measured. `lower` .40: below it the local probabilities
    are nearly even, so that the result would be the model's own word and nothing else; a person reads such mail.
    `upper` .90: if the local probabilities mean what they say, fewer than one in ten above it is read wrongly, so that
    ten calls and more would be paid for one mistake that is found. In between, agreement lifts any mail over the usual
    threshold of .7. Disagreement mostly brings it under, and can also carry it over under the other category: from .6
    with the rest shared evenly to .72.
    """

    lower: float = 0.4
    upper: float = 0.9
    reliability: Reliability = field(default_factory=assumed)

    @staticmethod
    def of(policy: Mapping[str, Any]) -> "Trust":
        """From the part "llm" of a tenant's policy; what is missing there or no number has its usual value."""
        usual = Trust()
        table = policy.get("reliability")
        return Trust(
            lower=_share(policy.get("lower"), usual.lower),
            upper=_share(policy.get("upper"), usual.upper),
            reliability=stored(table) if isinstance(table, dict) else usual.reliability,
        )

    def wants(self, read: Understanding) -> bool:
        """Never about what a machine wrote, or perhaps wrote, which waits for a person in any case; and never about a
        mail with nothing in it, which is not embedded either.
        """
        is_mail = not read.automatic and not read.suspicion and bool(read.text.strip())
        return is_mail and self.lower <= read.confidence < self.upper


class Cascade:
    """The port `Reads`: the local models first, then a second opinion on what they leave open.

    Whatever happens to the model, the local understanding stands; why it was not asked or not heard is kept with it.
    """

    def __init__(self, local: Reads, second: SecondOpinion, trust: Trust) -> None:
        self._local = local
        self._second = second
        self._trust = trust

    def read(self, messages: Sequence[Message]) -> list[Understanding]:
        read = self._local.read(messages)
        open_ones = [place for place, one in enumerate(read) if self._trust.wants(one)]
        if not open_ones:
            return read
        opinions = self._opinions([_excerpt(messages[place], read[place]) for place in open_ones])
        for place, opinion in zip(open_ones, opinions, strict=True):
            read[place] = weighed(read[place], opinion, self._trust.reliability)
        return read

    def _opinions(self, mails: list[Excerpt]) -> list[Opinion | NoOpinion]:
        try:
            return self._second.ask(mails)
        except MailwrightError as error:
            log.warning("second_opinion_failed", kind=type(error).__name__, mails=len(mails))
            return [NoOpinion(str(error))] * len(mails)


def weighed(read: Understanding, opinion: Opinion | NoOpinion, table: Reliability) -> Understanding:
    """The understanding after the opinion: the likeliest category by Bayes' rule, and its probability."""
    if isinstance(opinion, NoOpinion):
        look = SecondLook(read.category.value, read.confidence, opinion.model, reason=opinion.reason)
        return replace(read, second_look=look)
    look = SecondLook(
        read.category.value, read.confidence, opinion.model, opinion.category.value, opinion.sub_intent,
        opinion.input_tokens, opinion.output_tokens, opinion.cost_minor, opinion.raw,
    )  # fmt: skip
    chances = posterior(_prior(read), opinion.category, table)
    category = max(Category, key=lambda one: chances[one])
    sub_intent = read.sub_intent
    if category is not read.category:
        sub_intent = opinion.sub_intent if category is opinion.category else ""
    if (category, sub_intent) != (read.category, read.sub_intent):
        read = known_as(read, category, sub_intent)
    return replace(
        read,
        confidence=chances[category],
        probabilities=chances,
        language=opinion.language if read.language == "und" and opinion.language else read.language,
        decided_by=f"{read.decided_by} and {opinion.model}",
        second_look=look,
    )


def known_as(read: Understanding, category: Category, sub_intent: str) -> Understanding:
    """The understanding under another category, with all that follows from it: weight, and where it was read."""
    weight = weigh(read.text, category, sub_intent=sub_intent, threat=read.threat, asks_for_person=read.asks_for_person)
    return replace(
        read,
        category=category,
        sub_intent=sub_intent,
        words_say=None if read.words_say is category else read.words_say,
        importance=weight.importance,
        importance_reason=weight.reason,
        priority=weight.priority,
        read_from=tuple(replace(one, words=sub_intent) if one.field == "category" else one for one in read.read_from),
    )


def _prior(read: Understanding) -> Mapping[Category, float]:
    """The local probabilities; where only the best is known, the rest is shared evenly."""
    if read.probabilities:
        return read.probabilities
    rest = (1 - read.confidence) / (len(Category) - 1)
    return {category: read.confidence if category is read.category else rest for category in Category}


def _excerpt(message: Message, read: Understanding) -> Excerpt:
    return Excerpt(message.id, message.subject, read.text, _names(message.sender))


def _names(sender: Address | None) -> tuple[str, ...]:
    """The words that name the writer, each also in its parts: who is called Anna-Lena may sign as Lena.

    An address such as anna.winter@ names somebody too, where no name stands beside it.
    """
    if sender is None:
        return ()
    words = [word.strip(".,;()\"'") for word in sender.name.split()]
    words += [part for word in words for part in re.split(r"[-'’.]", word)]
    local = re.fullmatch(r"([^\W\d_]+)[._-]([^\W\d_]+)", sender.address.partition("@")[0])
    words += local.groups() if local and not words else ()
    return tuple(
        dict.fromkeys(word for word in words if len(word) >= _LEAST_NAME or word.upper() == word.lower() != "")
    )


def _share(value: object, usual: float) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else usual
