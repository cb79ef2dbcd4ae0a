"""Read a batch of mails: from messages to what was understood of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.category import Category
from domain.message import Message
from domain.ports import Embedder
from domain.understanding import Reading, Sentiment, Understanding
from understanding.automatic import automatic_sign
from understanding.classifier import Classifier, Text, Verdict
from understanding.context import Context
from understanding.features import embedded_text
from understanding.importance import AUTOMATIC, weigh
from understanding.issues import key_issues
from understanding.language import UNKNOWN, language_of
from understanding.mass_mail import suspicion_of
from understanding.numbers import errors_in, numbers_in
from understanding.quotes import Parts, split
from understanding.readings import readings
from understanding.sentiment import sentiment_of
from understanding.signals import threat_in, wish_for_person

# A mail from a supplier's own domain is about supplies, whatever its words suggest.
KNOWN_SUPPLIER = 0.99
# Words of a new text from which on it speaks for itself, without what is forwarded below it.
SPEAKS_FOR_ITSELF = 12
NOTHING = Verdict(Category.OTHER, "", 0.0)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is known of a message before the model was asked."""

    message: Message
    parts: Parts
    automatic: str
    text: Text

    @property
    def words(self) -> str:
        """What is understood: the new text; with "see below", what stands below, too."""
        return self.text.text

    @property
    def is_for_the_model(self) -> bool:
        return not self.automatic and bool(self.words.strip() or self.message.subject.strip())


class Reader:
    """Reads mails with local models only. One reader serves all tenants; what is a tenant's own is an argument."""

    def __init__(self, embedder: Embedder, classifier: Classifier) -> None:
        classifier.check_engine(embedder.engine)
        self._embedder = embedder
        self._classifier = classifier

    def read(self, messages: Sequence[Message], context: Context) -> list[Understanding]:
        """One understanding for each message, in their order. The new text of a mail is embedded once; what a machine
        wrote, and what says nothing, is not embedded at all.
        """
        drafts = [_draft(message, context) for message in messages]
        asked = [draft for draft in drafts if draft.is_for_the_model]
        texts = [embedded_text(draft.words, draft.message.subject) for draft in asked]
        vectors = self._embedder.embed(texts) if texts else []
        shared = self._classifier.classify([draft.text for draft in asked], vectors)
        verdicts = iter(
            self._revised(draft, vector, verdict, context)
            for draft, vector, verdict in zip(asked, vectors, shared, strict=True)
        )
        return [
            _understanding(draft, next(verdicts) if draft.is_for_the_model else NOTHING, context) for draft in drafts
        ]

    def _revised(self, draft: _Draft, vector: Any, verdict: Verdict, context: Context) -> Verdict:
        """What all tenants' classifier said, in the light of what is this tenant's own."""
        if context.head is not None:
            verdict = context.head.revise(verdict, draft.text, vector, self._classifier)
        if not _is_from(draft.message, context.supplier_domains):
            return verdict
        sub_intent = self._classifier.sub_intent_within(Category.SUPPLIER, draft.text, vector)
        return verdict.known_to_be(Category.SUPPLIER, sub_intent, KNOWN_SUPPLIER)


class TenantReader:
    """The port `Reads` for one tenant: what all tenants share, with what is this tenant's own."""

    def __init__(self, reader: Reader, context: Context) -> None:
        self._reader = reader
        self._context = context

    def read(self, messages: Sequence[Message]) -> list[Understanding]:
        return self._reader.read(messages, self._context)


def _draft(message: Message, context: Context) -> _Draft:
    parts = split(message.text, message.subject)
    words = _spoken(parts)
    language = language_of(parts.text, message.subject)
    if language == UNKNOWN and words != parts.text:
        language = language_of(words, message.subject)
    automatic = automatic_sign(message, context.own_addresses) if context.passes_over_machines else ""
    return _Draft(message, parts, automatic, Text(words, message.subject, language))


def _spoken(parts: Parts) -> str:
    return parts.text if len(parts.text.split(None, SPEAKS_FOR_ITSELF)) >= SPEAKS_FOR_ITSELF else parts.sent_text


def _understanding(draft: _Draft, verdict: Verdict, context: Context) -> Understanding:
    parts, subject, words, language = draft.parts, draft.message.subject, draft.words, draft.text.language
    numbers = numbers_in(parts, subject, context)
    errors, errors_from = errors_in(parts, subject, numbers)
    automatic, by_sender = draft.automatic, _is_from(draft.message, context.supplier_domains)
    suspicion = "" if automatic else suspicion_of(draft.message)
    threat, wish, weight, mood = "", "", AUTOMATIC, Sentiment.NEUTRAL
    issues: tuple[str, ...] = ()
    mood_from: tuple[Reading, ...] = ()
    if not automatic:
        threat, wish, aim = threat_in(f"{subject}\n{words}"), wish_for_person(words), verdict.sub_intent
        weight = weigh(words, verdict.category, sub_intent=aim, threat=threat, asks_for_person=bool(wish))
        mood, mood_from = sentiment_of(words, language, sub_intent=aim, pressing=weight.pressing)
        issues = key_issues(words, language)
    found = readings(
        parts, language, verdict, automatic=automatic, suspicion=suspicion, by_sender=by_sender,
        weighing=weight.words, threat=threat, wish=wish, issues=issues,
    )  # fmt: skip
    return Understanding(
        text=parts.text,
        language=language,
        category=verdict.category,
        sub_intent=verdict.sub_intent,
        confidence=verdict.confidence,
        probabilities=verdict.probabilities,
        words_say=verdict.words_say,
        automatic=automatic,
        suspicion=suspicion,
        quoted=parts.quoted,
        signature=parts.signature,
        forwarded=parts.forwarded,
        disclaimer=parts.disclaimer,
        importance=weight.importance,
        importance_reason=weight.reason,
        priority=weight.priority,
        sentiment=mood,
        key_issues=issues,
        asks_for_person=bool(wish),
        threat=threat,
        order_numbers=numbers.orders,
        ticket_numbers=numbers.tickets,
        purchase_orders=numbers.purchases,
        error_codes=errors,
        read_from=(*found, *numbers.read_from, *errors_from, *mood_from),
    )


def _is_from(message: Message, domains: frozenset[str]) -> bool:
    return message.sender is not None and message.sender.domain in domains
