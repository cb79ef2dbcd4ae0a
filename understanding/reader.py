"""Read a batch of mails: from messages to what was understood of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.category import Category
from domain.message import Message
from domain.ports import Embedder
from domain.understanding import Understanding
from understanding.automatic import automatic_sign
from understanding.classifier import Classifier, Text, Verdict
from understanding.context import Context
from understanding.entities import order_numbers
from understanding.features import embedded_text
from understanding.importance import importance_of
from understanding.language import language_of
from understanding.quotes import Parts, split
from understanding.signals import asks_for_person, threat_in

# A mail from a supplier's own domain is about supplies, whatever its words suggest.
KNOWN_SUPPLIER = 0.99
NOTHING = Verdict(Category.OTHER, "", 0.0)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is known of a message before the model was asked."""

    message: Message
    parts: Parts
    automatic: str
    language: str

    @property
    def text(self) -> Text:
        return Text(self.parts.text, self.message.subject, self.language)

    @property
    def is_for_the_model(self) -> bool:
        return not self.automatic and bool(self.parts.text.strip() or self.message.subject.strip())


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
        drafts = [_draft(message, context.own_addresses) for message in messages]
        asked = [draft for draft in drafts if draft.is_for_the_model]
        texts = [embedded_text(draft.parts.text, draft.message.subject) for draft in asked]
        vectors = self._embedder.embed(texts) if texts else []
        verdicts = iter(self._verdict(draft, vector, context) for draft, vector in zip(asked, vectors, strict=True))
        return [
            _understanding(draft, next(verdicts) if draft.is_for_the_model else NOTHING, context) for draft in drafts
        ]

    def _verdict(self, draft: _Draft, vector: Any, context: Context) -> Verdict:
        [verdict] = self._classifier.classify([draft.text], [vector])
        if context.head is not None:
            verdict = context.head.revise(verdict, draft.text, vector, self._classifier)
        sender = draft.message.sender
        if sender is None or sender.domain not in context.supplier_domains:
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


def _draft(message: Message, own_addresses: frozenset[str]) -> _Draft:
    parts = split(message.text)
    return _Draft(message, parts, automatic_sign(message, own_addresses), language_of(parts.text, message.subject))


def _understanding(draft: _Draft, verdict: Verdict, context: Context) -> Understanding:
    text, subject = draft.parts.text, draft.message.subject
    threat, person = "", False
    if draft.automatic:
        importance, reason = 1, "a machine wrote it"
    else:
        threat, person = threat_in(f"{subject}\n{text}"), asks_for_person(text)
        importance, reason = importance_of(
            text, verdict.category, sub_intent=verdict.sub_intent, threat=threat, asks_for_person=person
        )
    return Understanding(
        text=text,
        language=draft.language,
        category=verdict.category,
        sub_intent=verdict.sub_intent,
        confidence=verdict.confidence,
        probabilities=verdict.probabilities,
        importance=importance,
        importance_reason=reason,
        automatic=draft.automatic,
        quoted=draft.parts.quoted,
        signature=draft.parts.signature,
        order_numbers=order_numbers(text, subject, context.order_patterns),
        asks_for_person=person,
        threat=threat,
    )
